import ArgumentParser
import ClusterAPI
import Coordinator
import Foundation

/// `varpulis keys`: who may use the cluster's API.
struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Make, list and revoke the keys of a cluster.",
        discussion: """
            A viewer sees, an operator deploys and registers workers, an admin does everything. A key is told once, when \
            it is made; the cluster keeps no more than a hash of it.

              varpulis keys create --name deploys --role operator
              varpulis keys revoke key-1a2b3c4d5e6f

            Exit codes: 0 done, 1 refused (with the reason), 2 wrong usage, 69 no coordinator answers, 75 nobody knows: \
            look again.
            """,
        subcommands: [KeysCreateCommand.self, KeysListCommand.self, KeysRevokeCommand.self]
    )

    static let path = "/api/v1/cluster/keys"
}

struct KeysCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a key and print it, alone on standard output."
    )

    @OptionGroup var cluster: ClusterOptions
    @Option(help: "What the key is for.")
    var name: String
    @Option(help: "viewer, operator or admin.")
    var role: String
    @Option(help: ArgumentHelp("After how long the key is worth nothing.", valueName: "seconds"))
    var expiresIn: UInt64?

    func run() async throws {
        let wish = CreateKeyRequest(name: self.name, role: self.role, expiresInSeconds: self.expiresIn)
        let made: KeyInfo = try await self.cluster.ask(.post, "", wish, below: KeysCommand.path)
        guard let key = made.key else {
            StandardStream.error.write("Error: The key \(made.id) was made, but is lost on its way: revoke it.\n")
            throw ExitCode.failure
        }
        if !self.cluster.json { StandardStream.error.write("\(made.id) (\(made.role)), told this once:\n") }
        try self.cluster.show(made, key + "\n")
    }
}

struct KeysListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the keys, not what they are.")

    @OptionGroup var cluster: ClusterOptions

    func run() async throws {
        let page: Page<KeyInfo> = try await self.cluster.ask(.get, "?limit=1000", below: KeysCommand.path)
        try self.cluster.show(page, Self.table(page.items))
    }

    private static func table(_ keys: [KeyInfo]) -> String {
        if keys.isEmpty { return "There are no keys but those of the command line and of files.\n" }
        let rows =
            [["ID", "ROLE", "MADE", "UNTIL", "NAME"]]
            + keys.map { key in
                [
                    key.id, key.role, Self.date(key.createdMilliseconds),
                    key.expiresMilliseconds.map(Self.date) ?? "revoked", key.name,
                ]
            }
        return rows.aligned
    }

    private static func date(_ milliseconds: UInt64) -> String {
        Date(timeIntervalSince1970: Double(milliseconds) / 1_000).ISO8601Format()
    }
}

struct KeysRevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Make a key worth nothing, on each coordinator as soon as it hears of it."
    )

    @OptionGroup var cluster: ClusterOptions
    @Argument(help: "The key's id, as it is listed.")
    var id: String

    func run() async throws {
        let path = "/\(self.id.asPathPart)"
        let deleted: DeletedResponse = try await self.cluster.ask(.delete, path, below: KeysCommand.path)
        try self.cluster.show(deleted, "The key \(self.id) is worth nothing any more.\n")
    }
}
