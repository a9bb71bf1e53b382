import ArgumentParser
import Coordinator
import WorkerCommand

/// The command: finds the subcommand, runs it, and turns its outcome into an exit code.
@main
struct Varpulis: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "varpulis",
        abstract: "Runs stream-processing programs on many machines.",
        discussion: "Exit codes: 0 success, 1 failure, 2 wrong usage.",
        version: "varpulis \(CoordinatorServer.version)",
        subcommands: [
            CoordinatorCommand.self, ClusterCommand.self, RaftCommand.self, KeysCommand.self, ServerCommand.self,
            RunCommand.self, SimulateCommand.self, TraceCommand.self, DeployCommand.self, PipelinesCommand.self,
            UndeployCommand.self,
            StatusCommand.self, LogsCommand.self, InitCommand.self, CheckCommand.self, ExplainCommand.self,
            FormatCommand.self, ParseCommand.self,
        ]
    )

    /// The exit code for arguments that cannot be understood.
    private static let usageFailure = ExitCode(2)

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
            StandardStream.error.write(Self.fullMessage(for: error) + "\n")
            Self.exit(withError: Self.usageFailure)
        }
    }
}
