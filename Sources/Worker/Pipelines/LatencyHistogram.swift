/// Durations, counted by how long they were.
struct LatencyHistogram: Hashable, Sendable {
    /// The bounds of the buckets, in seconds.
    static let bounds = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1]
    private static let boundNanoseconds: [UInt64] = Self.bounds.map { UInt64($0 * 1_000_000_000) }

    /// By bucket, each without those before it; the longest come last.
    private(set) var counts = [UInt64](repeating: 0, count: Self.bounds.count + 1)
    private(set) var sumNanoseconds: UInt64 = 0

    var total: UInt64 { self.counts.reduce(0, +) }

    mutating func add(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let nanoseconds = UInt64(clamping: seconds) &* 1_000_000_000 &+ UInt64(clamping: attoseconds / 1_000_000_000)
        self.counts[Self.boundNanoseconds.firstIndex { nanoseconds <= $0 } ?? Self.bounds.count] += 1
        self.sumNanoseconds &+= nanoseconds
    }
}
