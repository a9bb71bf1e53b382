/// Answer of a coordinator's `GET /health`, always with status 200.
public struct Health: Hashable, Sendable, Codable {
    /// How the workers are, taken together.
    public struct Status: RawRepresentable, Hashable, Sendable, Codable {
        public var rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        public static let noWorkers = Status(rawValue: "no_workers")
        public static let healthy = Status(rawValue: "healthy")
        public static let degraded = Status(rawValue: "degraded")
        public static let critical = Status(rawValue: "critical")

        /// Healthy while none is unhealthy, critical when some are and none is ready.
        public init(_ workers: WorkerCounts) {
            if workers.total == 0 {
                self = .noWorkers
            } else if workers.unhealthy == 0 {
                self = .healthy
            } else {
                self = workers.healthy == 0 ? .critical : .degraded
            }
        }
    }

    public struct WorkerCounts: Hashable, Sendable, Codable {
        public var total: Int
        public var healthy: Int
        public var unhealthy: Int
        public var draining: Int

        public init(total: Int, healthy: Int, unhealthy: Int, draining: Int) {
            self.total = total
            self.healthy = healthy
            self.unhealthy = unhealthy
            self.draining = draining
        }
    }

    public struct Sweep: Hashable, Sendable, Codable {
        public var workersChecked: Int
        public var workersMarkedUnhealthy: Int

        public init(workersChecked: Int, workersMarkedUnhealthy: Int) {
            self.workersChecked = workersChecked
            self.workersMarkedUnhealthy = workersMarkedUnhealthy
        }

        enum CodingKeys: String, CodingKey {
            case workersChecked = "workers_checked"
            case workersMarkedUnhealthy = "workers_marked_unhealthy"
        }
    }

    public var status: Status
    public var role: String
    public var version: String
    public var workers: WorkerCounts
    public var pipelineGroups: Int
    public var activeMigrations: Int
    public var totalEventsProcessed: UInt64
    /// Written as `null` before the first sweep.
    public var lastHealthSweep: Sweep?
    public var websocketConnections: Int

    public init(
        version: String,
        workers: WorkerCounts,
        pipelineGroups: Int,
        activeMigrations: Int,
        totalEventsProcessed: UInt64,
        lastHealthSweep: Sweep?,
        websocketConnections: Int
    ) {
        self.status = Status(workers)
        self.role = "coordinator"
        self.version = version
        self.workers = workers
        self.pipelineGroups = pipelineGroups
        self.activeMigrations = activeMigrations
        self.totalEventsProcessed = totalEventsProcessed
        self.lastHealthSweep = lastHealthSweep
        self.websocketConnections = websocketConnections
    }

    enum CodingKeys: String, CodingKey {
        case status, role, version, workers
        case pipelineGroups = "pipeline_groups"
        case activeMigrations = "active_migrations"
        case totalEventsProcessed = "total_events_processed"
        case lastHealthSweep = "last_health_sweep"
        case websocketConnections = "ws_connections"
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(self.status, forKey: .status)
        try container.encode(self.role, forKey: .role)
        try container.encode(self.version, forKey: .version)
        try container.encode(self.workers, forKey: .workers)
        try container.encode(self.pipelineGroups, forKey: .pipelineGroups)
        try container.encode(self.activeMigrations, forKey: .activeMigrations)
        try container.encode(self.totalEventsProcessed, forKey: .totalEventsProcessed)
        try container.encode(self.lastHealthSweep, forKey: .lastHealthSweep)
        try container.encode(self.websocketConnections, forKey: .websocketConnections)
    }
}

/// Answer of a coordinator's `GET /ready`.
public struct Readiness: Hashable, Sendable, Codable {
    public var status: String
    public var role: String

    public init(status: String = "ready", role: String = "coordinator") {
        self.status = status
        self.role = role
    }
}

/// Answer of `GET ~/summary`.
public struct Summary: Hashable, Sendable, Codable {
    public var workersTotal: Int
    public var workersHealthy: Int
    public var workersUnhealthy: Int
    public var workersDraining: Int
    public var pipelineGroupsTotal: Int
    public var pipelineGroupsActive: Int
    public var eventsProcessedTotal: UInt64
    public var eventsPerSecond: Double

    public init(
        workers: Health.WorkerCounts,
        pipelineGroupsTotal: Int,
        pipelineGroupsActive: Int,
        eventsProcessedTotal: UInt64,
        eventsPerSecond: Double
    ) {
        self.workersTotal = workers.total
        self.workersHealthy = workers.healthy
        self.workersUnhealthy = workers.unhealthy
        self.workersDraining = workers.draining
        self.pipelineGroupsTotal = pipelineGroupsTotal
        self.pipelineGroupsActive = pipelineGroupsActive
        self.eventsProcessedTotal = eventsProcessedTotal
        self.eventsPerSecond = eventsPerSecond
    }

    enum CodingKeys: String, CodingKey {
        case workersTotal = "total_workers"
        case workersHealthy = "healthy_workers"
        case workersUnhealthy = "unhealthy_workers"
        case workersDraining = "draining_workers"
        case pipelineGroupsTotal = "total_pipeline_groups"
        case pipelineGroupsActive = "active_pipeline_groups"
        case eventsProcessedTotal = "total_events_processed"
        case eventsPerSecond = "events_per_second"
    }
}

/// Answer of `GET ~/metrics`: what the last heartbeats said.
public struct ClusterMetrics: Hashable, Sendable, Codable {
    public struct Pipeline: Hashable, Sendable, Codable {
        public var pipelineName: String
        public var workerID: String
        public var eventsIn: UInt64
        public var eventsOut: UInt64
        public var connectorHealth: [ConnectorHealth]

        public init(workerID: String, metrics: PipelineMetrics) {
            self.pipelineName = metrics.pipelineName
            self.workerID = workerID
            self.eventsIn = metrics.eventsIn
            self.eventsOut = metrics.eventsOut
            self.connectorHealth = metrics.connectorHealth
        }

        enum CodingKeys: String, CodingKey {
            case pipelineName = "pipeline_name"
            case workerID = "worker_id"
            case eventsIn = "events_in"
            case eventsOut = "events_out"
            case connectorHealth = "connector_health"
        }
    }

    public var pipelines: [Pipeline]
    public init(pipelines: [Pipeline]) { self.pipelines = pipelines }
}
