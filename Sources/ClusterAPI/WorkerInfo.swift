/// What the cluster thinks of a worker.
public struct WorkerStatus: RawRepresentable, Hashable, Sendable, Codable {
    public var rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    public static let registering = WorkerStatus(rawValue: "registering")
    public static let ready = WorkerStatus(rawValue: "ready")
    public static let unhealthy = WorkerStatus(rawValue: "unhealthy")
    public static let draining = WorkerStatus(rawValue: "draining")
}

/// A worker, as `GET ~/workers` shows it.
public struct WorkerInfo: Hashable, Sendable, Codable, Listed {
    public static let listKey = "workers"

    public var id: String
    public var address: String
    public var status: WorkerStatus
    public var pipelinesRunning: UInt32
    public var pipelinesMax: UInt32
    public var cpuCores: UInt32
    /// Names of the pipelines assigned to the worker.
    public var assignedPipelines: [String]
    public var eventsProcessed: UInt64
    /// Those that it registered with; absent if there are none.
    public var labels: [String: String]?

    public init(
        id: String,
        address: String,
        status: WorkerStatus,
        pipelinesRunning: UInt32,
        pipelinesMax: UInt32,
        cpuCores: UInt32,
        assignedPipelines: [String],
        eventsProcessed: UInt64,
        labels: [String: String]? = nil
    ) {
        self.id = id
        self.address = address
        self.status = status
        self.pipelinesRunning = pipelinesRunning
        self.pipelinesMax = pipelinesMax
        self.cpuCores = cpuCores
        self.assignedPipelines = assignedPipelines
        self.eventsProcessed = eventsProcessed
        self.labels = labels
    }

    enum CodingKeys: String, CodingKey {
        case id, address, status, labels
        case pipelinesRunning = "pipelines_running"
        case pipelinesMax = "max_pipelines"
        case cpuCores = "cpu_cores"
        case assignedPipelines = "assigned_pipelines"
        case eventsProcessed = "events_processed"
    }
}
