import ArgumentParser
import Foundation
import WorkerCommand

/// The worker's server as a program of its own, which carries none of the coordinators' code.
@main
struct VarpulisWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "varpulis-worker",
        abstract: "Runs stream-processing programs on one machine.",
        discussion: "Exit codes: 0 success, 1 failure, 2 wrong usage.",
        subcommands: [ServerCommand.self],
        defaultSubcommand: ServerCommand.self
    )

    static func main() async {
        do {
            var command = try Self.parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            guard Self.exitCode(for: error) == .validationFailure else { Self.exit(withError: error) }
            FileHandle.standardError.write(Data((Self.fullMessage(for: error) + "\n").utf8))
            Self.exit(withError: ExitCode(2))
        }
    }
}
