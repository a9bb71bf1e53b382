import Synchronization

/// How long the looks at all workers took, by how many workers there were.
final class SweepTelemetry: Sendable {
    static let bounds = [0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1]
    /// Beyond so many numbers of workers, all further ones are counted together.
    static let seriesMax = 32
    static let further = "more"

    private let series = Mutex<[String: Histogram]>([:])

    func note(workers: Int, _ took: Duration) {
        let histogram = self.series.withLock { series in
            var label = String(workers)
            if series[label] == nil, series.count >= Self.seriesMax { label = Self.further }
            let histogram = series[label] ?? Histogram(bounds: Self.bounds)
            series[label] = histogram
            return histogram
        }
        histogram.note(took)
    }

    /// In a steady order.
    var all: [(workers: String, histogram: Histogram)] {
        self.series.withLock { series in
            series.sorted { ($0.key.count, $0.key) < ($1.key.count, $1.key) }.map { ($0.key, $0.value) }
        }
    }
}
