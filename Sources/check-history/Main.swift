import ArgumentParser
import Foundation
import Linearizability

/// Says whether the history in a file is linearizable.
@main
struct CheckHistory: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-history",
        abstract: "Decide whether what clients saw could have come from one machine.",
        discussion: """
            Reads a history of JSON lines (docs/formats.md, "Histories") and prints a verdict. Exit code 0 if the history is \
            linearizable, 1 if it is not, 2 if the search gave up, which proves nothing; 64 for wrong usage, 65 for a \
            file that is no history.
            """
    )

    enum Model: String, CaseIterable, ExpressibleByArgument { case register, list, counter }

    @Argument(help: "The history.", completion: .file()) var file: String
    @Option(help: "What each key is.")
    var model = Model.register
    @Option(help: "How many placements to try for one key before giving up.") var attempts = 5_000_000
    @Option(help: "How many seconds to search in all before giving up.") var seconds = 60

    func validate() throws {
        guard self.attempts > 0, self.seconds > 0 else {
            throw ValidationError("--attempts and --seconds must be positive")
        }
    }

    func run() throws {
        let finding: Finding
        do throws(HistoryError) {
            let bytes = try HistoryFile.bytes(at: self.file)
            let deadline = ContinuousClock.now + .seconds(self.seconds)
            let limits = Finding.Limits(attempts: self.attempts) { ContinuousClock.now >= deadline }
            finding =
                switch self.model {
                case .register: try Finding(bytes, RegisterModel<String>(), limits)
                case .list: try Finding(bytes, AppendListModel<String>(), limits)
                case .counter: try Finding(bytes, CounterModel(), limits)
                }
        } catch {
            FileHandle.standardError.write(Data("check-history: \(self.file): \(error)\n".utf8))
            throw ExitCode(65)
        }
        print(finding.text)
        if finding.code != 0 { throw ExitCode(finding.code) }
    }
}
