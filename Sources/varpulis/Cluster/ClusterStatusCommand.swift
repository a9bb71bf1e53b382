import ArgumentParser
import ClusterAPI
import Coordinator

struct ClusterStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Tell whether there is a leader and everything runs, and what does not.",
        discussion: """
            Without a leader it tells what the coordinator that answers knows, which may be old. PIPELINES counts \
            replicas, too.

            Exit codes: 0 there is a leader and every pipeline runs, 1 that is not so, 69 no coordinator answers.
            """
    )

    @OptionGroup var cluster: ClusterOptions

    func run() async throws {
        // Any coordinator says who leads, even if that one can't be reached.
        let raft: RaftStatus = try await self.cluster.ask(.get, "/raft", below: ClusterCommand.path)
        let isStale = !raft.hasLeader
        let path = "/summary" + (isStale ? "?consistency=stale" : "")
        let summary: Summary = try await self.cluster.ask(.get, path, below: ClusterCommand.path)
        let groups = try await self.cluster.groups(isStale: isStale)
        let migrations: [MigrationInfo] = try await self.cluster.all("/migrations", isStale: isStale)
        let status = ClusterStatus(raft, summary, groups, migrations)
        try self.cluster.show(status, status.text + Self.idle(in: groups))
        if !status.isGood { throw ExitCode.failure }
    }

    /// What should run and does not; nothing if there is no such thing.
    private static func idle(in groups: [PipelineGroupInfo]) -> String {
        let rows: [[String]] = groups.flatMap { group in
            group.placements.filter { $0.status != .running }.map { placement in
                [
                    group.name, placement.pipelineName, placement.workerText, placement.status.rawValue,
                    placement.reason ?? "",
                ]
            }
        }
        return rows.isEmpty ? "" : "\n" + ([["GROUP", "PIPELINE", "WORKER", "STATUS", "REASON"]] + rows).aligned
    }
}
