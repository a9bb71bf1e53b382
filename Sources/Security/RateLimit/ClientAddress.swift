public import NIOCore

/// Who a client is as far as its network address tells: an IPv4 address, or the /64 of an IPv6 address, since one
/// host may have all of that.
public enum ClientAddress: Hashable, Sendable {
    case v4(UInt32)
    case v6(UInt64)
    /// Of this machine, or of a kind that has no number.
    case other

    public init(_ address: SocketAddress?) {
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
}
