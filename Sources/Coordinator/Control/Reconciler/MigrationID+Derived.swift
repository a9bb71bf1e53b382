public import ClusterState

extension MigrationID {
    /// The id of a migration that is proposed by whoever sees the state at an index: the same from the same sight, so
    /// that a plan made twice proposes nothing twice, and another one once anything has been applied. A UUID of
    /// version 8: FNV-1a of all the bytes, twice from different beginnings, mixed.
    public init(moving placement: PlacementKey, from epoch: Epoch, seenAt index: UInt64) {
        var bytes = Array(placement.group.rawValue.utf8)
        bytes.append(0)
        bytes.append(contentsOf: placement.name.utf8)
        for word in [epoch.rawValue, index] {
            withUnsafeBytes(of: word.bigEndian) { bytes.append(contentsOf: $0) }
        }
        let high = Self.hash(bytes, from: 0xcbf2_9ce4_8422_2325) & 0xffff_ffff_ffff_0fff | 0x8000
        let low = Self.hash(bytes, from: 0x6c62_272e_07bb_0142) & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000
        let digits = Array(Self.digits(high) + Self.digits(low))
        self.init([0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }.joined(separator: "-"))
    }

    private static func hash(_ bytes: [UInt8], from beginning: UInt64) -> UInt64 {
        var hash = beginning
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        hash = (hash ^ (hash >> 30)) &* 0xbf58_476d_1ce4_e5b9
        hash = (hash ^ (hash >> 27)) &* 0x94d0_49bb_1331_11eb
        return hash ^ (hash >> 31)
    }

    private static func digits(_ word: UInt64) -> String {
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
