import ArgumentParser
import ClusterSimulation
import Foundation

/// Runs the deterministic simulation of the control plane over many seeds.
@main
struct ClusterSimulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster-simulate",
        abstract: "Run coordinators, workers, brokers and operators through simulated crashes, partitions and pauses.",
        discussion: """
            Prints what happened over all seeds. Exit code 1 if a seed breaks an invariant: the end of its trace is \
            printed, and the command that repeats it; or if some kind of event never occurred in a \
            hundred seeds or more.
            """
    )

    @Option(help: "How many seeds to run.") var seeds: UInt64 = 300
    @Option(help: "The first seed.") var from: UInt64 = 1
    @Option(help: "Steps of each seed before everything heals. A step is one message, timer or fault.")
    var steps = 10_000
    @Option(help: "How many seeds to run at a time.") var jobs = ProcessInfo.processInfo.activeProcessorCount
    @Option(help: "How many lines of a failing seed's trace to print.") var trace = 50
    @Option(
        help: ArgumentHelp(
            "Kinds of faults that do not happen.",
            discussion: "Of \(FaultKind.allCases.map(\.rawValue).joined(separator: ", ")).",
            valueName: "kind,kind"
        )
    )
    var without = ""
    @Option(
        help: ArgumentHelp(
            "Rules that are broken on purpose.",
            discussion: "Of \(Mutant.allCases.map(\.rawValue).joined(separator: ", ")).",
            valueName: "rule,rule"
        )
    )
    var mutants = ""

    func run() throws {
        let overrides = Overrides(
            without: Set(try self.values(FaultKind.self, self.without, "kind of fault")),
            mutants: Set(try self.values(Mutant.self, self.mutants, "rule"))
        )
        guard self.jobs > 0 else { throw ValidationError("--jobs must be at least 1") }
        let clock = ContinuousClock()
        let start = clock.now
        let batch = Batch(seeds: self.from..<self.from + self.seeds, steps: self.steps, overrides: overrides)
        let outcome = batch.run(jobs: self.jobs)
        if let (seed, step, violation) = outcome.failure {
            self.explain(seed, overrides)
            print("FAILED: seed \(seed), step \(step), after \(outcome.done) seeds: \(violation)")
            print("replay: scripts/simulate --cluster \(self.arguments(seed))")
            throw ExitCode(1)
        }
        self.show(outcome.total, took: clock.now - start)
        let missing = Report.Count.all.filter { outcome.total[$0] == 0 }.map(\.name)
        // A few seeds need not have met everything.
        if self.seeds >= 100, !missing.isEmpty {
            print("FAILED: never seen: \(missing.joined(separator: ", "))")
            throw ExitCode(1)
        }
    }

    private func values<Value: RawRepresentable<String>>(
        _ type: Value.Type,
        _ text: String,
        _ what: String
    ) throws -> [Value] {
        try text.split(separator: ",").map { word in
            guard let value = Value(rawValue: String(word)) else {
                throw ValidationError("'\(word)' is no \(what)")
            }
            return value
        }
    }

    private func explain(_ seed: UInt64, _ overrides: Overrides) {
        var lines: [String] = []
        _ = World.run(seed: seed, steps: self.steps, overrides: overrides) { lines.append($0) }
        for line in lines.suffix(self.trace) { print(line) }
    }

    /// What makes this program repeat the run.
    private func arguments(_ seed: UInt64) -> String {
        var words = ["--seeds", "1", "--from", "\(seed)", "--steps", "\(self.steps)"]
        if !self.without.isEmpty { words += ["--without", self.without] }
        if !self.mutants.isEmpty { words += ["--mutants", self.mutants] }
        return words.joined(separator: " ")
    }

    private func show(_ report: Report, took: Duration) {
        let seconds = Double(took.components.seconds) + Double(took.components.attoseconds) * 1e-18
        print("seeds: \(self.seeds) (from \(self.from)), steps: \(report.steps), trace \(report.trace)")
        print("hours of the world's time: \(report.time / 3_600_000_000)")
        for count in Report.Count.all { print("\(count.name): \(report[count])") }
        print("steps per second: \(Int(Double(report.steps) / max(seconds, 0.001)))")
        print("no invariant was broken")
    }
}
