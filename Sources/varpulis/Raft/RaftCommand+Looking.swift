import ArgumentParser
import ClusterAPI
import Coordinator

struct RaftMembersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "members",
        abstract: "List the coordinators of the cluster.",
        discussion: """
            MATCH is how far a coordinator's disk holds the log, LAG how many entries it is behind, HEARD how long ago \
            it last answered the leader. DISK tells disks apart: it changes when a directory is emptied.
            """
    )

    @OptionGroup var cluster: ClusterOptions

    func run() async throws {
        let members: RaftMembers = try await self.cluster.ask(.get, "/members")
        try self.cluster.show(members, members.table)
    }
}

struct RaftStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Tell whether the cluster has a leader, and how many coordinators it can lose.",
        discussion: "Exit codes: 0 there is a leader, 1 there is none, 69 no coordinator answers."
    )

    @OptionGroup var cluster: ClusterOptions
    /// Of silence, after which a coordinator does not count.
    private static let silenceMillisecondsMax: UInt64 = 3_000

    func run() async throws {
        // Any coordinator says who leads, even if that one can't be reached.
        let local: RaftMembers = try await self.cluster.ask(.get, "/members?consistency=stale")
        guard local.leaderID != nil else {
            try self.cluster.show(local, "There is no leader: too few voters reach each other.\n\n\(local.table)")
            throw ExitCode.failure
        }
        let members: RaftMembers = try await self.cluster.ask(.get, "/members")
        try self.cluster.show(members, "\(Self.summary(members))\n\n\(members.table)")
    }

    private static func summary(_ members: RaftMembers) -> String {
        let voters = members.members.filter { $0.role != .learner }
        let answering = voters.count { ($0.lastHeardMilliseconds ?? .max) <= Self.silenceMillisecondsMax }
        let spare = answering - (voters.count / 2 + 1)
        let leader = members.leaderID.map { "Member \($0) leads in term \(members.term)" } ?? "There is no leader"
        let losses = spare == 0 ? "none may be lost now" : "\(spare) more may be lost"
        return "\(leader). \(answering) of \(voters.count) voters answer: \(losses)."
            + (members.joint ? " A change of the voters is under way." : "")
    }
}

extension RaftMembers {
    /// For people.
    var table: String {
        var rows = [["ID", "ROLE", "ADDRESS", "MATCH", "LAG", "HEARD", "DISK", ""]]
        for member in self.members {
            rows.append([
                "\(member.id)", member.role.rawValue, member.address ?? "unknown",
                member.match.map(String.init) ?? "-", member.lag.map(String.init) ?? "-",
                member.lastHeardMilliseconds.map { "\($0) ms" } ?? "-", member.incarnation ?? "not met yet",
                member.remark,
            ])
        }
        return rows.aligned
    }
}

extension RaftMembers.Member {
    fileprivate var remark: String {
        var remarks: [String] = []
        if self.isLeader { remarks.append("leader") }
        if self.isFetchingSnapshot == true { remarks.append("receiving a snapshot") }
        if self.promotes {
            remarks.append(
                self.replaces.map { "takes the place of \($0) once it has caught up" } ?? "votes once it has caught up"
            )
        }
        return remarks.joined(separator: ", ")
    }
}
