import ArgumentParser
import ClusterAPI
import Coordinator

struct ClusterMigrationsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrations",
        abstract: "List the moves of pipelines between workers: those under way, and those of late."
    )

    @OptionGroup var cluster: ClusterOptions

    func run() async throws {
        let migrations: [MigrationInfo] = try await self.cluster.all("/migrations")
        try self.cluster.show(migrations, Self.table(migrations))
    }

    private static func table(_ migrations: [MigrationInfo]) -> String {
        if migrations.isEmpty { return "Nothing is being moved, or was of late.\n" }
        let rows =
            [["ID", "GROUP", "PIPELINE", "FROM", "TO", "CAUSE", "TIME", "STATUS"]]
            + migrations.map { migration in
                [
                    migration.id, migration.groupID, migration.pipelineName, migration.sourceWorker,
                    migration.targetWorker, migration.reason, "\(migration.elapsedMilliseconds) ms", migration.status,
                ]
            }
        return rows.aligned
    }
}

struct ClusterMigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Move a pipeline to another worker.",
        discussion: """
            A replica is named with its number, as in hot#0. With --wait the steps of the move are told on standard error.

            Exit codes: 0 begun, or with --wait: it has moved, 1 refused, or it has not moved (with the reason), 2 wrong \
            usage, 69 no coordinator answers, 75 nobody knows: look again.
            """
    )

    @Argument(help: "The group's name, or its id.")
    var group: String
    @Argument(help: "The pipeline's name in it.")
    var pipeline: String
    @Option(help: ArgumentHelp("The id of the worker that it is to run on.", valueName: "worker"))
    var to: String
    @Flag(help: "Wait until it has moved, or has not.")
    var wait = false
    @OptionGroup var cluster: ClusterOptions

    func run() async throws {
        let group = try await self.cluster.group(self.group)
        let begun: MigrateResponse = try await self.cluster.ask(
            .post,
            "/pipelines/\(group.id.asPathPart)/\(self.pipeline.asPathPart)/migrate",
            MigrateRequest(targetWorkerID: self.to),
            below: ClusterCommand.path
        )
        guard self.wait else {
            try self.cluster.show(
                begun,
                "Migration \(begun.migrationID) is under way: look with `varpulis cluster migrations`.\n"
            )
            return
        }
        let migration = try await self.end(of: begun.migrationID)
        let hasMoved = migration.status == MigrationInfo.completed
        try self.cluster.show(
            migration,
            hasMoved
                ? "Pipeline \(migration.pipelineName) of \(group.name) runs on worker \(migration.targetWorker), after "
                    + "\(migration.elapsedMilliseconds) ms.\n"
                : "Pipeline \(migration.pipelineName) of \(group.name) has not moved: \(migration.status).\n"
        )
        if !hasMoved { throw ExitCode.failure }
    }

    /// Asks until nothing more comes of it, and tells each step.
    private func end(of id: String) async throws -> MigrationInfo {
        var told = ""
        while true {
            let migration: MigrationInfo = try await self.cluster.ask(
                .get,
                "/migrations/\(id.asPathPart)",
                below: ClusterCommand.path
            )
            if migration.status != told { StandardStream.error.write("\(migration.status)\n") }
            if migration.isOver { return migration }
            told = migration.status
            try await Task.sleep(for: .milliseconds(100))
        }
    }
}

struct ClusterRebalanceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebalance",
        abstract: "Move pipelines away from workers that have many more than others.",
        discussion: "What prefers a worker, or shares one with others, stays. The moves go on by themselves."
    )

    @OptionGroup var cluster: ClusterOptions

    func run() async throws {
        let begun: RebalanceResponse = try await self.cluster.ask(.post, "/rebalance", below: ClusterCommand.path)
        try self.cluster.show(
            begun,
            begun.migrationsStarted == 0
                ? "Nothing needs to be moved.\n"
                : "Moves under way: \(begun.migrationsStarted). Look with `varpulis cluster migrations`.\n"
        )
    }
}

extension MigrationInfo {
    static let completed = "completed"

    /// Whether nothing more comes of it.
    var isOver: Bool {
        self.status == Self.completed || self.status == "cancelled" || self.status.hasPrefix("failed: ")
    }
}
