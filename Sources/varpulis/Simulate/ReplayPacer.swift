import Foundation

/// Lets events happen as far apart as their times are. Times that go back are not waited for.
struct ReplayPacer {
    private let clock = ContinuousClock()
    private var first: (timestamp: Int64, instant: ContinuousClock.Instant)?

    /// Whether the event lies in the future. The first one never does: the replay begins with it.
    mutating func mustWait(for timestamp: Int64) -> Bool {
        guard let first = self.first else {
            self.first = (timestamp, self.clock.now)
            return false
        }
        return self.instant(of: timestamp, after: first) > self.clock.now
    }

    /// Blocks the calling thread until the event's time.
    func wait(for timestamp: Int64) {
        guard let first = self.first else { return }
        let remaining = self.clock.now.duration(to: self.instant(of: timestamp, after: first))
        Thread.sleep(forTimeInterval: max(0, remaining / .seconds(1)))
    }

    private func instant(
        of timestamp: Int64,
        after first: (timestamp: Int64, instant: ContinuousClock.Instant)
    ) -> ContinuousClock.Instant {
        first.instant + .nanoseconds(timestamp) - .nanoseconds(first.timestamp)
    }
}
