import Glibc

/// A port that takes connections and never says a word.
public final class SilentListener: Sendable {
    public let port: UInt16
    private let socket = Loopback()

    public struct CannotListen: Error {}

    public init() throws {
        guard let port = self.socket.bindToFreePort(), listen(self.socket.descriptor, 8) == 0 else {
            throw CannotListen()
        }
        self.port = port
    }
}
