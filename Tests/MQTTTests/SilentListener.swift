import Glibc

/// A port that takes connections and never says a word.
final class SilentListener {
    let port: UInt16
    private let descriptor: CInt

    struct CannotListen: Error {}

    init() throws {
        self.descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = self.descriptor
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { rebound in
                bind(descriptor, rebound, size) == 0 && listen(descriptor, 8) == 0
                    && getsockname(descriptor, rebound, &size) == 0
            }
        }
        self.port = UInt16(bigEndian: address.sin_port)
        guard isListening else { throw CannotListen() }
    }

    deinit {
        close(self.descriptor)
    }
}
