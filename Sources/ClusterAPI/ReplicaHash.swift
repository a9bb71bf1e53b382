/// Which replica of a pipeline an event belongs to.
///
/// Coordinators ask for events that are injected, workers for those that come over brokers and routes, and all of them
/// must agree: the hash is FNV-1a (64 bits) of the compact JSON text of the event's partition field, finalised as
/// MurmurHash3 does, since of FNV alone the low bits are weak; the replica is its remainder by their number. Thus
/// `"alpha"`, with its quotes, hashes to 0xefd5c1abf71ea67b and belongs to replica 1 of 2, and to replica 2 of 3. Events
/// without the field belong to replica 0.
public struct ReplicaHash: Sendable {
    private var state: UInt64 = 0xcbf2_9ce4_8422_2325

    public init() {}

    /// Takes in one more byte.
    @inline(__always)
    public mutating func add(_ byte: UInt8) {
        self.state = (self.state ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
    }

    /// The hash of all bytes so far.
    public var value: UInt64 {
        var value = self.state
        value = (value ^ (value >> 33)) &* 0xff51_afd7_ed55_8ccd
        value = (value ^ (value >> 33)) &* 0xc4ce_b9fe_1a85_ec53
        return value ^ (value >> 33)
    }

    /// The replica, of so many, that the bytes so far belong to.
    public func replica(of count: Int) -> Int { Int(self.value % UInt64(count)) }

    /// The replica, of so many, that events belong to whose partition field has this value; nil stands for none.
    public static func replica(for key: JSONValue?, of count: Int) -> Int {
        guard let key else { return 0 }
        var hash = ReplicaHash()
        for byte in key.text.utf8 { hash.add(byte) }
        return hash.replica(of: count)
    }
}
