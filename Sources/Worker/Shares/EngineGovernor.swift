import Logging
import Threads

/// Watches the engines of a worker, and slows down those that leave too little to the others.
final class EngineGovernor: Sendable {
    private struct Engine {
        let throttle: EngineThrottle
        let logger: Logger
    }

    private struct State {
        var engines: [Int: Engine] = [:]
        var isEnding = false
    }

    private let state = Monitor(State())
    private let shareMax: Double
    private let thread: Monitor<NamedThread?>

    private static let window: Duration = .milliseconds(250)

    /// - Parameter shareMax: The most that a pipeline may use, as a share of one processor.
    init(shareMax: Double = 1) {
        self.shareMax = shareMax
        self.thread = Monitor(nil)
    }

    /// Watches the calling thread, which is an engine's, until `leave`.
    func enter(_ throttle: EngineThrottle, _ logger: Logger) -> Int {
        let thread = ThreadUsage.current
        throttle.set(share: self.shareMax, ranNanoseconds: 0)
        self.state.change { $0.engines[thread] = Engine(throttle: throttle, logger: logger) }
        self.thread.withLock { running in
            // It begins with the first engine: a worker without any has nothing to watch.
            if running == nil { running = NamedThread(name: "governor") { [self] in self.run() } }
        }
        return thread
    }

    func leave(_ thread: Int) { self.state.change { $0.engines[thread] = nil } }

    /// Ends its thread.
    func end() {
        self.state.change { $0.isEnding = true }
        self.thread.withLock { $0 }?.join()
    }

    private func run() {
        var shares = ProcessorShares(shareMax: self.shareMax)
        var before = ThreadUsage.all()
        var last = ContinuousClock.now
        while self.state.wait(atMost: Self.window, for: { $0.isEnding ? true : nil }) == nil {
            let engines = self.state.withLock { $0.engines }
            let now = ContinuousClock.now
            let usages = ThreadUsage.all()
            var used: [Int: ProcessorShares.Usage] = [:]
            var others = ProcessorShares.Usage(ran: 0, waited: 0)
            for (thread, usage) in usages {
                let earlier = before[thread] ?? ProcessorShares.Usage(ran: 0, waited: 0)
                let ran = usage.ran &- min(earlier.ran, usage.ran)
                let waited = usage.waited &- min(earlier.waited, usage.waited)
                if engines[thread] != nil {
                    used[thread] = ProcessorShares.Usage(ran: ran, waited: waited)
                } else {
                    others.ran += ran
                    others.waited += waited
                }
            }
            shares.update(used, others: others, window: UInt64((now - last) / .nanoseconds(1)))
            for (thread, engine) in engines {
                Self.apply(shares.shares[thread] ?? self.shareMax, to: engine, usages[thread]?.ran ?? 0, self.shareMax)
            }
            (before, last) = (usages, now)
        }
    }

    private static func apply(_ share: Double, to engine: Engine, _ ran: UInt64, _ shareMax: Double) {
        let wasSlowed = engine.throttle.share < shareMax
        engine.throttle.set(share: share, ranNanoseconds: ran)
        let isSlowed = engine.throttle.share < shareMax
        guard isSlowed != wasSlowed else { return }
        if isSlowed {
            engine.logger.warning(
                "pipeline slowed down: it uses more of the processors than others, which wait for them",
                metadata: ["share": "\(engine.throttle.share)"]
            )
        } else {
            engine.logger.info("pipeline not slowed down any more")
        }
    }
}
