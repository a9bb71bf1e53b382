/// How long something took, counted by ranges. A scrape in between may see a measurement in one number and not yet in
/// another, as Prometheus allows.
final class Histogram: Sendable {
    /// The upper bounds of the ranges in seconds, ascending.
    let bounds: [Double]
    /// One for each range, and one for what is beyond the last bound.
    private let counts: [Counter]
    private let nanoseconds = Counter()

    init(bounds: [Double]) {
        self.bounds = bounds
        self.counts = (0...bounds.count).map { _ in Counter() }
    }

    func note(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let nanoseconds = UInt64(max(0, seconds)) * 1_000_000_000 + UInt64(max(0, attoseconds)) / 1_000_000_000
        let time = Double(nanoseconds) / 1_000_000_000
        var place = 0
        while place < self.bounds.count, time > self.bounds[place] { place += 1 }
        self.counts[place].add()
        self.nanoseconds.add(nanoseconds)
    }

    /// How many took no longer than each bound; the last is all of them.
    var cumulative: [UInt64] {
        var sum: UInt64 = 0
        return self.counts.map { count in
            sum += count.value
            return sum
        }
    }

    var sumSeconds: Double { Double(self.nanoseconds.value) / 1_000_000_000 }
}
