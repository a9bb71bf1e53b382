import ArgumentParser
import Foundation
import RaftSimulation

/// Runs the deterministic simulation over many seeds. The first seed that breaks a promise is made as small as it gets
/// and replayed with a trace.
@main
struct Simulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "raft-simulate",
        abstract: "Run the Raft core through simulated crashes, partitions and losses, one seed after another.",
        discussion: """
            Prints what happened over all seeds. Exit code 1 if a seed breaks an invariant, or if some kind of event \
            never occurred. For a broken invariant a smaller run that breaks the same is looked for; the end of its \
            trace is printed, and the command that repeats it.
            """
    )

    @Option(help: "How many seeds to run.") var seeds: UInt64 = 300
    @Option(help: "The first seed.") var from: UInt64 = 1
    @Option(help: "Steps of each seed before everything heals. A step is one input handled by one member.")
    var steps = 5_000
    @Option(help: "How many seeds to run at a time.") var jobs = ProcessInfo.processInfo.activeProcessorCount
    @Option(help: "How many lines of a failing seed's trace to print.") var trace = 50
    @Flag(inversion: .prefixedNo, help: "Whether to make a failing run smaller.") var shrink = true
    @Option(
        help: ArgumentHelp(
            "Kinds of faults that do not happen.",
            discussion: "Of \(Overrides.kinds.joined(separator: ", ")).",
            valueName: "kind,kind"
        )
    )
    var without = ""
    @Option(help: ArgumentHelp("Numbers of faults that do not happen.", valueName: "number,number")) var skip = ""
    @Option(help: "The most requests that clients make before everything heals.") var requests = Int.max

    func validate() throws {
        guard self.jobs > 0 else { throw ValidationError("--jobs must be at least 1") }
        if let unknown = self.list(self.without).first(where: { !Overrides.kinds.contains($0) }) {
            throw ValidationError("'\(unknown)' is no kind of fault")
        }
        if let wrong = self.list(self.skip).first(where: { Int($0) == nil }) {
            throw ValidationError("'\(wrong)' is no number of a fault")
        }
    }

    func run() throws {
        let overrides = Overrides(
            without: Set(self.list(self.without)),
            skipped: Set(self.list(self.skip).compactMap(Int.init)),
            requestsMax: self.requests
        )
        let clock = ContinuousClock()
        let start = clock.now
        let batch = Batch(seeds: self.from..<self.from + self.seeds, steps: self.steps, overrides: overrides)
        let progress = Progress(of: self.seeds)
        let outcome = batch.run(jobs: self.jobs) { progress.show(done: $0, steps: $1) }
        progress.end()
        if let (seed, violation) = outcome.failure {
            print("FAILED: seed \(seed), steps \(self.steps): \(violation)")
            self.explain(Scenario(seed: seed, steps: self.steps, overrides: overrides))
            throw ExitCode(1)
        }
        self.show(outcome.total, took: clock.now - start)
        let missing = outcome.total.classes.filter { $0.count == 0 }.map(\.name)
        if !missing.isEmpty {
            print("FAILED: never seen: \(missing.joined(separator: ", "))")
            throw ExitCode(1)
        }
    }

    private func list(_ text: String) -> [String] { text.split(separator: ",").map(String.init) }

    private func explain(_ scenario: Scenario) {
        var scenario = scenario
        if self.shrink, var shrinker = Shrinker(scenario, run: World.failure(of:)) {
            let before = shrinker.failure
            shrinker.shrink()
            scenario = shrinker.scenario
            print("smaller: \(before.summary) -> \(shrinker.failure.summary)")
        }
        var lines: [String] = []
        let violation = World.run(seed: scenario.seed, steps: scenario.steps, overrides: scenario.overrides) { line in
            lines.append(line)
        }.violation
        for line in lines.suffix(self.trace) { print(line) }
        if let violation { print("broken: \(violation)") }
        print("replay: scripts/simulate --no-shrink \(scenario.arguments)")
    }

    private func show(_ report: Report, took: Duration) {
        let seconds = Double(took.components.seconds) + Double(took.components.attoseconds) * 1e-18
        print("seeds: \(self.seeds) (from \(self.from)), steps: \(report.steps), trace \(report.trace)")
        for (name, count) in report.classes { print("\(name): \(count)") }
        print("steps per second: \(Int(Double(report.steps) / max(seconds, 0.001)))")
        print("no invariant was broken")
    }
}

extension Failure {
    fileprivate var summary: String { "\(self.steps) steps, \(self.faults) faults, \(self.requests) requests" }
}

extension Scenario {
    /// What makes this program repeat the scenario, and nothing else.
    fileprivate var arguments: String {
        var words = ["--seeds", "1", "--from", "\(self.seed)", "--steps", "\(self.steps)"]
        if !self.overrides.without.isEmpty {
            words += ["--without", self.overrides.without.sorted().joined(separator: ",")]
        }
        if !self.overrides.skipped.isEmpty {
            words += ["--skip", self.overrides.skipped.sorted().map(String.init).joined(separator: ",")]
        }
        if self.overrides.requestsMax < .max { words += ["--requests", "\(self.overrides.requestsMax)"] }
        return words.joined(separator: " ")
    }
}
