import ArgumentParser
import Foundation

/// `engine-bench`: see `scripts/bench engine`.
@main
struct EngineBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engine-bench",
        abstract: "Events per CPU second of the engine, beside a loop in C that does only the one thing."
    )

    @Argument(
        help: "The scenarios: \(Scenario.all.map(\.name).joined(separator: ", ")), all by default; or checkpoint."
    )
    var names: [String] = []

    @Flag(help: "A tenth of the events, one round; thresholds are not checked.")
    var quick = false

    @Option(help: "Write the figures to this file, as JSON.")
    var json: String?

    @Option(help: "The file with the least and the most that figures may be. Fails if one is missed.")
    var thresholds: String?

    func validate() throws {
        for name in self.names
        where name != CheckpointBench.name && !Scenario.all.contains(where: { $0.name == name }) {
            throw ValidationError("there is no scenario \(name)")
        }
    }

    func run() throws {
        let thresholds = try self.thresholds.map { try Thresholds(path: $0) }
        let scenarios = Scenario.all.filter { self.names.isEmpty || self.names.contains($0.name) }
        let inputs = Inputs(count: self.quick ? 100_000 : 1_000_000)
        var figures = Figures()
        for scenario in scenarios {
            try scenario.measure(inputs, rounds: self.quick ? 1 : 5, into: &figures)
        }
        if self.names.contains(CheckpointBench.name) {
            try CheckpointBench.measure(quick: self.quick, into: &figures)
        }
        print("peak memory \(peakMemory() / 1024) MiB, input included")
        if let json { try figures.write(to: json) }
        guard let thresholds else { return }
        if self.quick { return print("thresholds: not checked, a quick run is too short") }
        let missed = thresholds.missed(by: figures, of: scenarios.map(\.name) + self.names)
        print(missed.isEmpty ? "thresholds: met" : "thresholds missed:\n" + missed.joined(separator: "\n"))
        if !missed.isEmpty { throw ExitCode(1) }
    }
}
