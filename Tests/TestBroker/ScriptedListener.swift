import Glibc
import Threads

/// A port that answers the first bytes of each connection with the same bytes, whatever they are.
public final class ScriptedListener: Sendable {
    public let port: UInt16
    private let socket = Loopback()
    private let thread: NamedThread

    public init(answering answer: [UInt8]) throws {
        guard let port = self.socket.bindToFreePort(), listen(self.socket.descriptor, 8) == 0 else {
            throw SilentListener.CannotListen()
        }
        self.port = port
        let descriptor = self.socket.descriptor
        self.thread = NamedThread(name: "scripted") {
            var bytes = [UInt8](repeating: 0, count: 4096)
            while case let connection = accept(descriptor, nil, nil), connection >= 0 {
                // Nothing comes over one that only knocks.
                if recv(connection, &bytes, bytes.count, 0) > 0 {
                    _ = send(connection, answer, answer.count, CInt(MSG_NOSIGNAL))
                }
                close(connection)
            }
        }
    }

    deinit {
        shutdown(self.socket.descriptor, CInt(SHUT_RDWR))
        self.thread.join()
    }
}
