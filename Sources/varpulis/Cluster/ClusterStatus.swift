import ClusterAPI

/// What `varpulis cluster status` tells: several answers of a coordinator in one.
struct ClusterStatus: Hashable, Sendable, Codable {
    /// Of a list, those that do what they should.
    struct Share: Hashable, Sendable, Codable {
        var total: Int
        var running: Int
        var isWhole: Bool { self.running == self.total }
    }

    var hasLeader: Bool
    /// Absent without a leader, and for a coordinator that runs alone; like the next two.
    var leaderID: UInt32?
    var leaderAddress: String?
    var term: UInt64?
    var workers: Health.WorkerCounts
    var groups: Share
    /// Replicas included.
    var pipelines: Share
    var migrationsUnderWay: Int
    var eventsProcessed: UInt64
    var eventsPerSecond: Double

    init(_ raft: RaftStatus, _ summary: Summary, _ groups: [PipelineGroupInfo], _ migrations: [MigrationInfo]) {
        self.hasLeader = raft.hasLeader
        if raft.enabled, let id = raft.leaderID {
            self.leaderID = id
            self.leaderAddress = raft.nodes.first { $0.id == id }?.address
            self.term = raft.term
        }
        self.workers = Health.WorkerCounts(
            total: summary.workersTotal,
            healthy: summary.workersHealthy,
            unhealthy: summary.workersUnhealthy,
            draining: summary.workersDraining
        )
        self.groups = Share(total: groups.count, running: groups.count { $0.runs })
        let placements = groups.flatMap(\.placements)
        self.pipelines = Share(total: placements.count, running: placements.count { $0.status == .running })
        self.migrationsUnderWay = migrations.count { !$0.isOver }
        self.eventsProcessed = summary.eventsProcessedTotal
        self.eventsPerSecond = summary.eventsPerSecond
    }

    enum CodingKeys: String, CodingKey {
        case hasLeader = "has_leader"
        case leaderID = "leader_id"
        case leaderAddress = "leader_address"
        case term, workers
        case groups = "pipeline_groups"
        case pipelines
        case migrationsUnderWay = "migrations_under_way"
        case eventsProcessed = "events_processed"
        case eventsPerSecond = "events_per_second"
    }

    /// Whether there is a leader, and all runs that should.
    var isGood: Bool { self.hasLeader && self.groups.isWhole && self.pipelines.isWhole }

    /// For people.
    var text: String {
        let rows = [
            ["LEADER", self.leader],
            [
                "WORKERS",
                "\(self.workers.healthy) healthy, \(self.workers.unhealthy) unhealthy, \(self.workers.draining) draining",
            ],
            ["GROUPS", "\(self.groups.running) of \(self.groups.total) running"],
            ["PIPELINES", "\(self.pipelines.running) of \(self.pipelines.total) running"],
            ["MOVES", "\(self.migrationsUnderWay) under way"],
            ["EVENTS", "\(self.eventsProcessed), now \((self.eventsPerSecond * 10).rounded() / 10) a second"],
        ]
        return rows.aligned
    }

    private var leader: String {
        guard self.hasLeader else { return "none: too few coordinators reach each other (this is one's own state)" }
        guard let id = self.leaderID, let term else { return "this coordinator, which runs alone" }
        return "member \(id)" + (self.leaderAddress.map { " at \($0)" } ?? "") + ", in term \(term)"
    }
}

extension RaftStatus {
    /// A coordinator that runs alone leads itself.
    var hasLeader: Bool { !self.enabled || self.leaderID != nil }
}
