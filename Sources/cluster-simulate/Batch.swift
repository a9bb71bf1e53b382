import ClusterSimulation
import Dispatch
import Synchronization

/// Runs many seeds on several threads. What comes of it is the same for any number of them.
final class Batch: Sendable {
    struct Outcome: Sendable {
        var total = Report()
        /// The first seed that broke an invariant, by number and not by time, and at which step.
        var failure: (seed: UInt64, step: Int, violation: Violation)?
        var done: UInt64 = 0
    }

    private let seeds: Range<UInt64>
    private let steps: Int
    private let overrides: Overrides
    private let next: Atomic<UInt64>
    private let outcome = Mutex(Outcome())

    init(seeds: Range<UInt64>, steps: Int, overrides: Overrides) {
        self.seeds = seeds
        self.steps = steps
        self.overrides = overrides
        self.next = Atomic(seeds.lowerBound)
    }

    func run(jobs: Int) -> Outcome {
        DispatchQueue.concurrentPerform(iterations: jobs) { _ in
            while let seed = self.take() {
                let (report, violation) = World.run(seed: seed, steps: self.steps, overrides: self.overrides)
                self.outcome.withLock { outcome in
                    outcome.total.add(report)
                    outcome.done += 1
                    if let violation, seed < outcome.failure?.seed ?? .max {
                        outcome.failure = (seed, report.steps, violation)
                    }
                }
            }
        }
        return self.outcome.withLock { $0 }
    }

    /// The next seed; nil once all are taken or one has failed. Seeds are taken in order, so every one before the first
    /// that fails is run to its end.
    private func take() -> UInt64? {
        if self.outcome.withLock({ $0.failure != nil }) { return nil }
        let seed = self.next.wrappingAdd(1, ordering: .relaxed).oldValue
        return seed < self.seeds.upperBound ? seed : nil
    }
}
