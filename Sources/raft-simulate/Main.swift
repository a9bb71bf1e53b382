import ArgumentParser
import RaftSimulation

/// Runs the deterministic simulation over many seeds. The first seed that breaks a promise is replayed with a trace.
@main
struct Simulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "raft-simulate",
        abstract: "Run the Raft core through simulated crashes, partitions and losses, one seed after another.",
        discussion: """
            Prints what happened over all seeds. Exit code 1 if a seed breaks an invariant (the seed and the end of \
            its trace are printed; run it again with --seeds 1 --from SEED --trace 100000), or if some kind of event \
            never occurred.
            """
    )

    @Option(help: "How many seeds to run.") var seeds: UInt64 = 300
    @Option(help: "The first seed.") var from: UInt64 = 1
    @Option(help: "Steps of each seed before everything heals. A step is one input handled by one member.")
    var steps = 5_000
    @Option(help: "How many lines of a failing seed's trace to print.") var trace = 60

    func run() throws {
        var total = Report()
        let clock = ContinuousClock()
        let start = clock.now
        for seed in self.from..<self.from + self.seeds {
            let (report, violation) = World.run(seed: seed, steps: self.steps)
            total.add(report)
            if let violation {
                self.explain(seed, violation)
                throw ExitCode(1)
            }
        }
        self.show(total, took: clock.now - start)
        let missing = total.classes.filter { $0.count == 0 }.map(\.name)
        if !missing.isEmpty {
            print("FAILED: never seen: \(missing.joined(separator: ", "))")
            throw ExitCode(1)
        }
    }

    private func explain(_ seed: UInt64, _ violation: Violation) {
        var lines: [String] = []
        _ = World.run(seed: seed, steps: self.steps) { line in lines.append(line) }
        for line in lines.suffix(self.trace) { print(line) }
        print("FAILED: seed \(seed), steps \(self.steps): \(violation)")
        print("replay: scripts/simulate --seeds 1 --from \(seed) --steps \(self.steps)")
    }

    private func show(_ report: Report, took: Duration) {
        let seconds = Double(took.components.seconds) + Double(took.components.attoseconds) * 1e-18
        print("seeds: \(self.seeds) (from \(self.from)), steps: \(report.steps), trace \(report.trace)")
        for (name, count) in report.classes { print("\(name): \(count)") }
        print("steps per second: \(Int(Double(report.steps) / max(seconds, 0.001)))")
        print("no invariant was broken")
    }
}
