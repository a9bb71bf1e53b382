import ClusterAPI
import Raft
import RaftCore
import RaftStorage
import RaftTransport

extension MetricsText {
    private static let raft = "varpulis_cluster_raft_"

    mutating func add(_ status: NodeStatus, _ members: RaftMembers) {
        self.add(status.consensus, applied: status.applied.index, members)
        self.add(status.snapshots, at: status.consensus.snapshot.index)
        self.add(status)
    }

    private mutating func add(_ consensus: Status, applied: LogIndex, _ known: RaftMembers) {
        let role =
            switch consensus.role {
            case .follower: 0
            case .preCandidate, .candidate: 1
            case .leader: 2
            }
        self.gauge(Self.raft + "role", "0 follower or learner, 1 candidate, 2 leader.", role)
        self.gauge(Self.raft + "term", "The current term.", consensus.term.rawValue)
        self.gauge(Self.raft + "commit_index", "The last index known to be committed.", consensus.commit.rawValue)
        self.gauge(Self.raft + "applied_index", "The last index applied to the state.", applied.rawValue)
        let members = Self.raft + "members"
        self.family(members, "gauge", "Members by role.")
        for role in [RaftMembers.Member.Role.voter, .learner, .joining, .leaving] {
            self.sample(members, ["role": role.rawValue], known.members.count { $0.role == role })
        }
        self.gauge(Self.raft + "log_entries", "Entries held behind the newest cut.", consensus.logEntries)
        self.gauge(Self.raft + "log_bytes", "What they weigh.", consensus.logWeight)
        self.counter(
            Self.raft + "disk_step_downs_total",
            "Offices laid down because the disk hung.",
            consensus.diskStepDowns
        )
    }

    private mutating func add(_ snapshots: NodeStatus.Snapshots, at index: LogIndex) {
        self.gauge(Self.raft + "snapshot_index", "The last index in the newest snapshot.", index.rawValue)
        self.gauge(Self.raft + "snapshot_bytes", "Its size.", snapshots.bytes)
        if let taken = snapshots.lastTaken {
            let seconds = Double((ContinuousClock.now - taken).milliseconds) / 1_000
            self.gauge(Self.raft + "snapshot_age_seconds", "Time since this member last took one.", seconds)
        }
        self.counter(Self.raft + "snapshots_taken_total", "Snapshots taken here.", snapshots.taken)
        self.counter(Self.raft + "snapshots_failed_total", "Snapshots that could not be taken.", snapshots.failed)
        self.counter(Self.raft + "snapshots_installed_total", "Snapshots received and installed.", snapshots.installed)
        self.counter(Self.raft + "snapshot_chunks_sent_total", "Chunks sent to other members.", snapshots.chunksSent)
        self.counter(Self.raft + "snapshot_chunks_received_total", "Chunks received.", snapshots.chunksReceived)
        self.gauge(
            Self.raft + "transfer_chunks",
            "Chunks of the snapshot being received.",
            snapshots.pulled?.chunks ?? 0
        )
        self.gauge(Self.raft + "transfer_chunks_here", "Those that are here.", snapshots.pulled?.chunksHere ?? 0)
    }

    private mutating func add(_ status: NodeStatus) {
        self.counter(Self.raft + "elections_won_total", "Elections won.", status.electionsWon)
        self.gauge(Self.raft + "open_proposals", "Proposals waiting for their commit.", status.openProposals)
        self.gauge(Self.raft + "open_reads", "Reads waiting.", status.openReads)
        let transport = status.transport
        self.counter(Self.raft + "failed_handshakes_total", "Handshakes that failed.", transport.failedHandshakes)
        self.gauge(Self.raft + "members_turned_away", "Members that were refused here.", transport.turnedAway.count)
        self.gauge(Self.raft + "members_refusing", "Members that refuse this one.", transport.refusedBy.count)
        self.counter(Self.raft + "disk_commits_total", "Transactions committed to disk.", status.disk.commits)
        let slowest = Double(status.disk.slowestCommit.milliseconds) / 1_000
        self.gauge(Self.raft + "disk_slowest_commit_seconds", "The slowest one.", slowest)
    }
}
