import Foundation

/// How far a long run is, on one line of a terminal that is written over again and again.
struct ProgressLine {
    private let total: Int?
    private var done = 0
    private let clock = ContinuousClock()
    private let start = ContinuousClock.now
    private var nextUpdate: ContinuousClock.Instant
    private var isShown = false

    private static let interval: Duration = .milliseconds(100)
    private static let width = 24

    /// Nil where no person looks: standard error is no terminal.
    ///
    /// - Parameter path: The file that is read, whose size tells how far it is.
    init?(path: String) {
        guard StandardStream.error.isTerminal else { return nil }
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)  // of standard input there are none
        self.total = (attributes?[.size] as? NSNumber)?.intValue
        self.nextUpdate = self.start + Self.interval
    }

    /// So many bytes more are done.
    mutating func advance(_ bytes: Int, events: UInt64) {
        self.done += bytes
        let now = self.clock.now
        guard now >= self.nextUpdate else { return }
        self.nextUpdate = now + Self.interval
        self.isShown = true
        StandardStream.error.write("\r\u{1B}[2K" + self.text(events: events, after: now - self.start))
    }

    /// Before something else is written, and at the end.
    mutating func erase() {
        guard self.isShown else { return }
        self.isShown = false
        StandardStream.error.write("\r\u{1B}[2K")
    }

    private func text(events: UInt64, after elapsed: Duration) -> String {
        let seconds = elapsed / .seconds(1)
        let rate = String(format: "%.2f M events, %.2f M/s", Double(events) / 1e6, Double(events) / seconds / 1e6)
        guard let total, total > 0 else { return rate }
        let share = min(1, Double(self.done) / Double(total))
        let filled = Int(share * Double(Self.width))
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: Self.width - filled)
        let left = share > 0 ? String(format: ", %.0f s left", seconds / share - seconds) : ""
        return "\(bar) \(String(format: "%3.0f %%", share * 100))  \(rate)\(left)"
    }
}
