import Synchronization
import Threads

/// Whether a pipeline may let anything out. Its engine waits here before each delivery.
final class Permission: Sendable {
    /// Until when: 0 for withheld, the greatest number for good, else nanoseconds after `origin`. It is compared with the
    /// clock at each delivery, so that a process that was paused beyond its end lets nothing out when it goes on.
    private let limit: Atomic<Int64>
    private let origin = ContinuousClock.now
    private let isRefused = Monitor(false)

    init(isGiven: Bool) {
        self.limit = Atomic(isGiven ? .max : 0)
    }

    var isGiven: Bool {
        let limit = self.limit.load(ordering: .acquiring)
        return limit == .max || (limit > 0 && (ContinuousClock.now - self.origin) < .nanoseconds(limit))
    }

    /// Gives it for good, or until an instant.
    func give(until end: ContinuousClock.Instant? = nil) {
        self.isRefused.change { isRefused in
            guard !isRefused else { return }
            let limit = end.map { max(0, ($0 - self.origin) / .nanoseconds(1)) } ?? .infinity
            self.limit.store(Int64(exactly: limit.rounded(.down)) ?? .max, ordering: .releasing)
        }
    }

    func withhold() {
        self.limit.store(0, ordering: .releasing)
    }

    /// Withholds it for ever, and lets go who waits.
    func refuse() {
        self.isRefused.change { isRefused in
            isRefused = true
            self.limit.store(0, ordering: .releasing)
        }
    }

    /// Blocks the calling thread until it is given; false when it never will be.
    func wait() -> Bool {
        if self.isGiven { return true }
        return self.isRefused.wait { isRefused in isRefused ? false : self.isGiven ? true : nil }
    }
}
