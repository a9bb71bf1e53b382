/// Who may use how much of the processors, worked out from what threads did in the time just past.
///
/// While threads of this process wait for a processor for a good part of the time in which they could run, a pipeline that
/// takes much more than the others is slowed down, step by step, until they need not wait or it takes no more than they
/// do. When nobody waits, it gets back what was taken.
struct ProcessorShares {
    struct Usage: Equatable {
        /// Nanoseconds on a processor.
        var ran: UInt64
        /// Nanoseconds in which it could have run, and others did.
        var waited: UInt64
    }

    /// The most that a pipeline may use, as a share of one processor.
    let shareMax: Double
    private(set) var shares: [Int: Double] = [:]

    private static let shareMin = 0.1
    /// So much more than the average of those that do anything is too much.
    private static let excess = 1.25
    /// The part of their time that others may be held up.
    private static let heldMax = 0.15
    /// Below this a pipeline does nothing worth the name.
    private static let idle = 0.02

    init(shareMax: Double) { self.shareMax = shareMax }

    /// The part of its time that something waited although it could have run.
    private static func held(_ usage: Usage) -> Double {
        Double(usage.waited) / Double(max(usage.ran + usage.waited, 1))
    }

    /// - Parameters:
    ///   - engines: What each pipeline's engine did in the window, by its thread.
    ///   - others: What all other threads did together.
    ///   - window: Its length in nanoseconds.
    mutating func update(_ engines: [Int: Usage], others: Usage, window: UInt64) {
        func share(_ nanoseconds: UInt64) -> Double { Double(nanoseconds) / Double(max(window, 1)) }
        let active = engines.filter { share($0.value.ran) + share($0.value.waited) > Self.idle }
        let average = active.values.reduce(0) { $0 + share($1.ran) } / Double(max(active.count, 1))
        var updated: [Int: Double] = [:]
        for (thread, usage) in engines {
            let held = active.filter { $0.key != thread }.values.map(Self.held).max() ?? 0
            let heldUp = max(held, share(others.waited) > Self.idle ? Self.held(others) : 0)
            let isGreedy = active.count > 1 && share(usage.ran) > average * Self.excess
            var allowed = self.shares[thread] ?? self.shareMax
            if heldUp > Self.heldMax, isGreedy {
                allowed = min(allowed, share(usage.ran)) * 0.7
            } else if heldUp < Self.heldMax / 2 || !isGreedy {
                allowed += 0.05
            }
            updated[thread] = min(max(allowed, min(Self.shareMin, self.shareMax)), self.shareMax)
        }
        self.shares = updated
    }
}
