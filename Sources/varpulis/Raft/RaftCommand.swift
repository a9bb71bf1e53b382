import ArgumentParser
import ClusterAPI
import Coordinator
import Logging
import RaftCore
import Security
import SecurityFlags

/// `varpulis raft`: who belongs to the cluster of coordinators, and how that changes.
struct RaftCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "raft",
        abstract: "Look at the coordinators of a cluster, and change them.",
        discussion: """
            Ask any coordinator; it passes changes on to the one that leads. A change is made one at a time, while the \
            cluster goes on working. A new coordinator first receives everything, then votes.

            To grow a cluster, start a coordinator with an empty directory and let it join by itself:

              varpulis coordinator --join http://10.0.0.1:9100 --bind 10.0.0.4 \\
                --api-key KEY --data-dir /var/lib/varpulis

            When a coordinator's disk is gone, it must not come back under its old id: the others count on what that \
            disk promised. Start it with an empty directory, as the one that takes the old one's place:

              varpulis coordinator --join http://10.0.0.1:9100 --replace 3 ...

            To shrink a cluster: varpulis raft remove ID. The leader can be removed, too; it hands over first.

            Exit codes: 0 done, 1 refused (with the reason), 2 wrong usage, 69 no coordinator answers, \
            75 begun and not finished yet, or nobody knows: look again.
            """,
        subcommands: [
            RaftStatusCommand.self, RaftMembersCommand.self, RaftAddCommand.self, RaftRemoveCommand.self,
            RaftReplaceCommand.self, RaftPromoteCommand.self, RaftTransferCommand.self,
        ]
    )
}

/// Whom to ask, and how to show the answer.
struct ClusterOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Coordinators to ask, separated by commas (or VARPULIS_COORDINATOR; default http://127.0.0.1:9100).",
            valueName: "url[,url]"
        )
    )
    var coordinator: String?
    @Option(help: "The cluster's key (or VARPULIS_API_KEY).")
    var apiKey: String?
    @Option(help: "A file with that key in it (or VARPULIS_API_KEY_FILE).")
    var apiKeyFile: String?
    @Option(help: "The certificates of the authority that is trusted, a PEM file (or VARPULIS_TLS_CA_CERT).")
    var tlsCACert: String?
    @OptionGroup var tlsClient: TLSClientOptions
    @Flag(help: "Print the answer as JSON.")
    var json = false

    /// What `ask` adds to the paths it is given.
    static let path = "/api/v1/cluster/raft"

    private var client: CoordinatorClient {
        get throws {
            let list = self.coordinator ?? ProcessEnvironment["VARPULIS_COORDINATOR"] ?? "http://127.0.0.1:9100"
            return CoordinatorClient(
                coordinators: try CoordinatorCommand.addresses(list, of: "--coordinator"),
                apiKey: try APIKey.resolve(self.apiKey, file: self.apiKeyFile),
                credentials: try self.credentials
            )
        }
    }

    private var credentials: TLSCredentials? {
        get throws {
            var files = TLSFiles()
            files.authority = self.tlsCACert ?? ProcessEnvironment["VARPULIS_TLS_CA_CERT"]
            self.tlsClient.complete(&files)
            if files.isEmpty { return nil }
            let quiet = Logger(label: "varpulis") { _ in SwiftLogNoOpLogHandler() }
            do throws(FileError) {
                return try TLSCredentials(files, counters: RefusalCounters(), logger: quiet)
            } catch {
                throw ValidationError(error.description)
            }
        }
    }

    /// Asks, and ends the process with a sentence and the fitting code if there is no answer.
    func ask<Answer: Decodable>(
        _ method: CoordinatorClient.Method,
        _ path: String,
        _ body: (any Encodable & Sendable)? = nil,
        below base: String = ClusterOptions.path,
        patience: Duration = .zero,
        for type: Answer.Type = Answer.self
    ) async throws -> Answer {
        do {
            return try await self.client.ask(method, base + path, body, patience: patience, for: type)
        } catch let refusal as ErrorBody {
            StandardStream.error.write(refusal.text)
            throw ExitCode.failure
        } catch let unavailable as CoordinatorClient.Unavailable {
            StandardStream.error.write("Error: \(unavailable)\n")
            throw unavailable.mayHaveEffect ? ExitCode.temporaryFailure : .unavailable
        }
    }

    func show(_ answer: some Encodable, _ text: @autoclosure () -> String) throws {
        if self.json {
            StandardStream.output.write(try APIJSON.encode(answer) + Array("\n".utf8))
        } else {
            StandardStream.output.write(text())
        }
    }

    /// A change that goes on without us is no failure, but scripts must be able to tell.
    func show(_ change: RaftChange, done: String, goingOn: String) throws {
        let sentence = change.done ? done : goingOn
        try self.show(change, "\(sentence)\n\n\(change.members.table)")
    }
}

extension ExitCode {
    /// EX_UNAVAILABLE: no coordinator answers.
    static let unavailable = ExitCode(69)
    /// EX_TEMPFAIL: look again later.
    static let temporaryFailure = ExitCode(75)
    /// EX_CONFIG: the process can't run as it was started.
    static let misconfigured = ExitCode(78)
}
