import ArgumentParser
import ClusterAPI
import Coordinator

struct RaftAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Keep a place for a new coordinator.",
        discussion: """
            A coordinator that is started with --join does this by itself; the command is for doing it ahead. The new \
            coordinator is then started at that address, with --join and an empty directory.
            """
    )

    @Argument(help: "Where the others will reach it, such as http://10.0.0.4:9100.")
    var address: String
    @Flag(help: "It is to receive everything, and not to vote.")
    var learner = false
    @OptionGroup var cluster: ClusterOptions

    func run() async throws {
        let body = RaftAddRequest(address: self.address, voter: !self.learner)
        let change: RaftChange = try await self.cluster.ask(.post, "/members", body)
        let start = "Start it there with --join and an empty directory"
        try self.cluster.show(
            change,
            done: "Member \(change.id) belongs to the cluster. \(start), unless it runs.",
            goingOn: "Member \(change.id) belongs to the cluster, and votes once it has caught up. \(start)."
        )
    }
}

struct RaftRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Take a coordinator out of the cluster, for good.",
        discussion: "Its id is not used again, and its process ends when it learns of it. The leader hands over first."
    )

    @Argument(help: "The coordinator's id, from `varpulis raft members`.")
    var id: UInt32
    @OptionGroup var cluster: ClusterOptions

    func run() async throws {
        let change: RaftChange = try await self.cluster.ask(.delete, "/members/\(self.id)")
        try self.cluster.show(
            change,
            done: "Member \(self.id) no longer belongs to the cluster.",
            goingOn: "Member \(self.id) is leaving: that goes on by itself. Look with `varpulis raft members`."
        )
        if !change.done { throw ExitCode.temporaryFailure }
    }
}

struct RaftReplaceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replace",
        abstract: "Keep a place for the coordinator that takes the place of a lost one.",
        discussion: """
            For a coordinator whose disk was lost or emptied, or whose machine is gone. The new one gets an id of its \
            own; once it has caught up, it votes and the old one leaves, in one step. Then start it at its address, \
            with --join and an empty directory. (Started with --join and --replace ID, it does all of this by itself.)
            """
    )

    @Argument(help: "The id of the coordinator that is lost.")
    var id: UInt32
    @Option(help: "Where the new one will be reached; where the old one was, if this is left out.")
    var address: String?
    @OptionGroup var cluster: ClusterOptions

    func run() async throws {
        let body = RaftReplaceRequest(address: self.address)
        let change: RaftChange = try await self.cluster.ask(.post, "/members/\(self.id)/replace", body)
        let address = change.members.member(change.id)?.address ?? "its address"
        try self.cluster.show(
            change,
            done: "Member \(change.id) has taken the place of member \(self.id).",
            goingOn: "Member \(change.id) takes the place of member \(self.id) once it has caught up. Start it at "
                + "\(address) with --join and an empty directory."
        )
    }
}

struct RaftPromoteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote",
        abstract: "Let a learner vote, as soon as it has caught up."
    )

    @Argument(help: "The learner's id, from `varpulis raft members`.")
    var id: UInt32
    @OptionGroup var cluster: ClusterOptions

    func run() async throws {
        let change: RaftChange = try await self.cluster.ask(.post, "/members/\(self.id)/promote")
        try self.cluster.show(
            change,
            done: "Member \(self.id) votes.",
            goingOn: "Member \(self.id) will vote once it has caught up: that goes on by itself."
        )
        if !change.done { throw ExitCode.temporaryFailure }
    }
}

struct RaftTransferCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "transfer",
        abstract: "Have another coordinator lead, within an election's time.",
        discussion: "A coordinator that is told to end (SIGTERM) does this by itself."
    )

    @Option(help: "Who is to lead; the one that is furthest, if this is left out.")
    var to: UInt32?
    @OptionGroup var cluster: ClusterOptions

    func run() async throws {
        let leader: RaftLeader = try await self.cluster.ask(.post, "/transfer", RaftTransferRequest(to: self.to))
        let place = leader.address.map { ", at \($0)" } ?? ""
        try self.cluster.show(leader, "Member \(leader.leaderID) leads\(place).\n")
    }
}
