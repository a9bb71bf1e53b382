import ArgumentParser

/// `varpulis cluster`: what runs in a cluster, and how that changes.
struct ClusterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster",
        abstract: "Look at what runs in a cluster, and change it.",
        discussion: """
            Ask any coordinator; it passes on what is the leader's to do. What is deployed together is a group: a \
            pipeline for each program, or several replicas of it. The cluster chooses a worker for each, and another \
            one when that dies:

              varpulis cluster deploy -f hot.vpl -f cold.vpl --name greenhouse
              varpulis cluster status
              varpulis cluster groups greenhouse

            Another form of a group takes the place of the one that runs. What stays the same goes on undisturbed; \
            what does not start is taken back:

              varpulis cluster deploy --update -f hot.vpl --name greenhouse

            A worker is emptied before it is taken away:

              varpulis cluster drain worker-2

            Exit codes: 0 done, 1 refused (with the reason), or something does not run, 2 wrong usage, 69 no \
            coordinator answers, 75 begun and not finished yet, or nobody knows: look again.
            """,
        subcommands: [
            ClusterStatusCommand.self, ClusterWorkersCommand.self, ClusterGroupsCommand.self,
            ClusterDeployCommand.self, ClusterDeleteCommand.self, ClusterRollbackCommand.self,
            ClusterDrainCommand.self, ClusterMigrateCommand.self, ClusterRebalanceCommand.self,
            ClusterMigrationsCommand.self,
        ]
    )

    static let path = "/api/v1/cluster"
}
