import ClusterAPI
import ClusterState
import Raft
import RaftCore
import RaftStorage
import RaftTransport
import Security

/// `GET /metrics`: this member's own numbers in Prometheus' text format, made anew for each scrape.
struct MetricsPage {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"
    private static let prefix = "varpulis_cluster_"

    private(set) var text = ""

    init(_ state: ClusterState, _ plane: ControlPlane) {
        let workers = state.workerCounts
        self.gauges(
            "workers_total",
            "Workers by status.",
            [
                ("status=\"ready\"", workers.healthy), ("status=\"unhealthy\"", workers.unhealthy),
                ("status=\"draining\"", workers.draining),
            ]
        )
        self.gauge("pipeline_groups_total", "Pipeline groups.", state.groupCount)
        self.gauge("deployments_total", "Placements.", state.groups.reduce(0) { $0 + $1.placements.count })
        let status = plane.node.status
        self.add(status.consensus, applied: status.applied.index, plane.members)
        self.add(status.snapshots, at: status.consensus.snapshot.index)
        self.add(status)
        self.add(plane.security.counters)
    }

    private mutating func add(_ refused: RefusalCounters) {
        self.head("requests_refused_total", "Requests and connections refused for the sake of safety.", "counter")
        for reason in RefusalCounters.Reason.allCases {
            self.text += "\(Self.prefix)requests_refused_total{reason=\"\(reason.label)\"} \(refused[reason])\n"
        }
    }

    private mutating func add(_ consensus: Status, applied: LogIndex, _ members: RaftMembers) {
        let role =
            switch consensus.role {
            case .follower: 0
            case .preCandidate, .candidate: 1
            case .leader: 2
            }
        self.gauge("raft_role", "0 follower or learner, 1 candidate, 2 leader.", role)
        self.gauge("raft_term", "The current term.", consensus.term.rawValue)
        self.gauge("raft_commit_index", "The last index known to be committed.", consensus.commit.rawValue)
        self.gauge("raft_applied_index", "The last index applied to the state.", applied.rawValue)
        let roles = [RaftMembers.Member.Role.voter, .learner, .joining, .leaving]
        self.gauges(
            "raft_members",
            "Members by role.",
            roles.map { role in
                ("role=\"\(role.rawValue)\"", members.members.count { $0.role == role })
            }
        )
        self.gauge("raft_log_entries", "Entries held behind the newest cut.", consensus.logEntries)
        self.gauge("raft_log_bytes", "What they weigh.", consensus.logWeight)
        self.counter("raft_disk_step_downs_total", "Offices laid down because the disk hung.", consensus.diskStepDowns)
    }

    private mutating func add(_ snapshots: NodeStatus.Snapshots, at index: LogIndex) {
        self.gauge("raft_snapshot_index", "The last index in the newest snapshot.", index.rawValue)
        self.gauge("raft_snapshot_bytes", "Its size.", snapshots.bytes)
        if let taken = snapshots.lastTaken {
            let seconds = Double((ContinuousClock.now - taken).milliseconds) / 1_000
            self.gauge("raft_snapshot_age_seconds", "Time since this member last took one.", seconds)
        }
        self.counter("raft_snapshots_taken_total", "Snapshots taken here.", snapshots.taken)
        self.counter("raft_snapshots_failed_total", "Snapshots that could not be taken.", snapshots.failed)
        self.counter("raft_snapshots_installed_total", "Snapshots received and installed.", snapshots.installed)
        self.counter("raft_snapshot_chunks_sent_total", "Chunks sent to other members.", snapshots.chunksSent)
        self.counter("raft_snapshot_chunks_received_total", "Chunks received.", snapshots.chunksReceived)
        self.gauge("raft_transfer_chunks", "Chunks of the snapshot being received.", snapshots.pulled?.chunks ?? 0)
        self.gauge("raft_transfer_chunks_here", "Those that are here.", snapshots.pulled?.chunksHere ?? 0)
    }

    private mutating func add(_ status: NodeStatus) {
        self.counter("raft_elections_won_total", "Elections won.", status.electionsWon)
        self.gauge("raft_open_proposals", "Proposals waiting for their commit.", status.openProposals)
        self.gauge("raft_open_reads", "Reads waiting.", status.openReads)
        let transport = status.transport
        self.counter("raft_failed_handshakes_total", "Handshakes that failed.", transport.failedHandshakes)
        self.gauge("raft_members_turned_away", "Members that were refused here.", transport.turnedAway.count)
        self.gauge("raft_members_refusing", "Members that refuse this one.", transport.refusedBy.count)
        self.counter("raft_disk_commits_total", "Transactions committed to disk.", status.disk.commits)
        let slowest = Double(status.disk.slowestCommit.milliseconds) / 1_000
        self.gauge("raft_disk_slowest_commit_seconds", "The slowest one.", slowest)
    }

    // MARK: Lines

    private mutating func gauge(_ name: String, _ help: String, _ value: some CustomStringConvertible) {
        self.head(name, help, "gauge")
        self.text += "\(Self.prefix)\(name) \(value)\n"
    }

    private mutating func counter(_ name: String, _ help: String, _ value: some CustomStringConvertible) {
        self.head(name, help, "counter")
        self.text += "\(Self.prefix)\(name) \(value)\n"
    }

    private mutating func gauges(_ name: String, _ help: String, _ values: [(label: String, value: Int)]) {
        self.head(name, help, "gauge")
        for (label, value) in values { self.text += "\(Self.prefix)\(name){\(label)} \(value)\n" }
    }

    private mutating func head(_ name: String, _ help: String, _ kind: String) {
        self.text += "# HELP \(Self.prefix)\(name) \(help)\n# TYPE \(Self.prefix)\(name) \(kind)\n"
    }
}
