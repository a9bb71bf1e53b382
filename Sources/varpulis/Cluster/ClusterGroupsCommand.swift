import ArgumentParser
import ClusterAPI
import Coordinator

struct ClusterGroupsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "groups",
        abstract: "List what is deployed, or tell where the pipelines of one group run.",
        discussion: """
            PIPELINES is how many run, of how many should, replicas included. GENERATION grows with each change of a \
            group, EPOCH with each assignment of a pipeline. REASON is why one failed, or what it waits for; TRIES is how \
            often it was started in vain, and it is tried again.
            """
    )

    @Argument(help: "A group's name, or its id.")
    var name: String?
    @OptionGroup var cluster: ClusterOptions

    func run() async throws {
        if let name {
            let listed = try await self.cluster.group(name)
            // By itself it comes with what each pipeline waits for.
            let path = "/pipeline-groups/\(listed.id.asPathPart)"
            let group: PipelineGroupInfo = try await self.cluster.ask(.get, path, below: ClusterCommand.path)
            try self.cluster.show(group, group.text)
        } else {
            let groups = try await self.cluster.groups()
            try self.cluster.show(groups, Self.table(groups))
        }
    }

    private static func table(_ groups: [PipelineGroupInfo]) -> String {
        if groups.isEmpty { return "Nothing is deployed.\n" }
        let rows =
            [["NAME", "STATUS", "PIPELINES", "GENERATION", "ID"]]
            + groups.map { group -> [String] in
                let running = group.placements.count { $0.status == .running }
                return [
                    group.name, group.standing, "\(running)/\(group.placements.count)",
                    group.generation.map(String.init) ?? "-", group.id,
                ]
            }
        return rows.aligned
    }
}

struct ClusterDeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "End the pipelines of a group, and forget it."
    )

    @Argument(help: "The group's name, or its id.")
    var name: String
    @OptionGroup var cluster: ClusterOptions

    func run() async throws {
        let group = try await self.cluster.group(self.name)
        let path = "/pipeline-groups/\(group.id.asPathPart)"
        let answer: TornDownResponse = try await self.cluster.ask(.delete, path, below: ClusterCommand.path)
        try self.cluster.show(answer, "Group \(group.name) is deleted. What still runs of it is being ended.\n")
    }
}

struct ClusterRollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Take back an update of a group that is under way.",
        discussion: """
            An update that does not start is taken back by itself; this is for doing it sooner.

            Exit codes: 0 what was before runs again, 1 refused (with the reason), or a pipeline failed, 2 wrong usage, \
            69 no coordinator answers, 75 not all of it runs yet, or nobody knows: look again.
            """
    )

    @Argument(help: "The group's name, or its id.")
    var name: String
    @OptionGroup var cluster: ClusterOptions

    func run() async throws {
        let group = try await self.cluster.group(self.name)
        let path = "/pipeline-groups/\(group.id.asPathPart)/rollback"
        let changed: PipelineGroupInfo = try await self.cluster.ask(.post, path, below: ClusterCommand.path)
        try self.cluster.show(changed: changed)
    }
}
