import ArgumentParser
import EngineOracle
import Foundation

/// Runs random programs through the engine and through the oracle, and compares what they output.
@main
struct EngineOracleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engine-oracle",
        abstract: "Compare the engine with an independent reading of the language, over random programs and events.",
        discussion: """
            Each seed makes a program and its input. Prints how many agree; exit code 1 if an output differs or the \
            checker refuses a program. The first failing cases are made as small as they get and printed.
            """
    )

    @Option(help: "How many seeds to run.") var seeds: UInt64 = 1000
    @Option(help: "The first seed.") var from: UInt64 = 1
    @Option(help: "How many failing cases to print.") var failures = 5
    @Flag(inversion: .prefixedNo, help: "Whether to make failing cases smaller.") var shrink = true
    @Flag(help: "Print each seed's case.") var show = false

    func validate() throws {
        guard self.seeds > 0 else { throw ValidationError("--seeds must be at least 1") }
    }

    func run() throws {
        let start = ContinuousClock().now
        var tally = Tally()
        var failed: [UInt64] = []
        var rangeStart = self.from
        for seed in self.from..<self.from + self.seeds {
            let testCase = OracleGenerator.make(seed: seed)
            if self.show { self.say(testCase.program.text + testCase.lines.joined(separator: "\n")) }
            switch CaseCheck.outcome(of: testCase) {
            case .agrees(let agreement): tally.add(agreement)
            case let outcome:
                failed.append(seed)
                if failed.count <= self.failures { self.report(seed, testCase, outcome) }
            }
            if (seed - self.from + 1) % 1000 == 0 || seed == self.from + self.seeds - 1 {
                self.say("seeds \(rangeStart) to \(seed): \(tally.text), \(failed.count) fail")
                rangeStart = seed + 1
            }
        }
        for (reason, count) in tally.openReasons.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
            self.say("left open \(count) times: \(reason)")
        }
        self.say("\(ContinuousClock().now - start)")
        if !failed.isEmpty {
            self.say("FAILED: seeds \(failed.prefix(50).map(String.init).joined(separator: ", "))")
            throw ExitCode(1)
        }
    }

    /// Writes a line at once.
    private func say(_ text: String) {
        FileHandle.standardOutput.write(Data("\(text)\n".utf8))
    }

    private func report(_ seed: UInt64, _ testCase: OracleCase, _ outcome: CaseOutcome) {
        guard self.shrink else { return self.say("--- seed \(seed)\n\(failureText(outcome, testCase))\n") }
        let small = testCase.shrunk { CaseCheck.outcome(of: $0).isSameFailure(as: outcome) }
        self.say("--- seed \(seed)\n\(failureText(CaseCheck.outcome(of: small), small))\n")
    }
}
