import NIOCore
import RaftCore

/// The host at the other end of a connection, as far as its address tells: an IPv4 address, or the /64 of an IPv6 address,
/// since one host may have all of that.
enum RemoteHost: Hashable, Sendable {
    case v4(UInt32)
    case v6(UInt64)
    /// This machine, or one whose address has no number.
    case other

    init(_ address: SocketAddress?) {
        switch address {
        case .v4(let address):
            // Behind the family and the port, two bytes each.
            self = withUnsafeBytes(of: address.address) { bytes in
                .v4(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
            }
        case .v6(let address):
            // Behind the family, the port and the flow label.
            self = withUnsafeBytes(of: address.address) { bytes in
                let high = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
                let low = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
                // ::ffff:a.b.c.d, an IPv4 address on an IPv6 socket.
                if high == 0, low >> 32 == 0xFFFF { return .v4(UInt32(truncatingIfNeeded: low)) }
                return .v6(high)
            }
        case .unixDomainSocket, nil: self = .other
        }
    }

    /// Nil where the member's address is a name.
    init?(of member: PeerAddress) {
        // An error says that it is none.
        guard let address = try? SocketAddress(ipAddress: member.resolvableHost, port: 0) else { return nil }
        self.init(address)
    }
}
