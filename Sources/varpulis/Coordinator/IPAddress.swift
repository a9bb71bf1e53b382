import NIOCore

/// An IP address in text, as `--bind` takes it.
struct IPAddress {
    let isLoopback: Bool

    init?(_ text: String) {
        guard let address = try? SocketAddress(ipAddress: text, port: 0) else { return nil }  // nil says it all
        switch address {
        case .v4: self.isLoopback = text.hasPrefix("127.")
        case .v6: self.isLoopback = text == "::1"
        case .unixDomainSocket: return nil
        }
    }
}
