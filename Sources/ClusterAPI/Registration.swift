/// What a worker can carry, as it says when it registers.
public struct WorkerCapacity: Hashable, Sendable, Codable {
    public var cpuCores: UInt32
    public var pipelinesRunning: UInt32
    public var pipelinesMax: UInt32

    public init(cpuCores: UInt32, pipelinesRunning: UInt32 = 0, pipelinesMax: UInt32 = 100) {
        self.cpuCores = cpuCores
        self.pipelinesRunning = pipelinesRunning
        self.pipelinesMax = pipelinesMax
    }

    enum CodingKeys: String, CodingKey {
        case cpuCores = "cpu_cores"
        case pipelinesRunning = "pipelines_running"
        case pipelinesMax = "max_pipelines"
    }
}

/// Body of `POST ~/workers/register`.
public struct RegisterRequest: Hashable, Sendable, Codable {
    public var workerID: String
    /// Base URL of the worker, without a slash at its end.
    public var address: String
    /// What coordinators show the worker when they call it.
    public var apiKey: String
    public var capacity: WorkerCapacity
    /// Drawn when the worker's process starts: tells a restarted worker from one that repeats itself.
    public var incarnation: UInt64?
    /// What operators may ask for when they place pipelines, such as `zone`: `a`.
    public var labels: [String: String]?

    public init(
        workerID: String,
        address: String,
        apiKey: String,
        capacity: WorkerCapacity,
        incarnation: UInt64? = nil,
        labels: [String: String]? = nil
    ) {
        self.workerID = workerID
        self.address = address
        self.apiKey = apiKey
        self.capacity = capacity
        self.incarnation = incarnation
        self.labels = labels
    }

    enum CodingKeys: String, CodingKey {
        case workerID = "worker_id"
        case address
        case apiKey = "api_key"
        case capacity, incarnation, labels
    }
}

/// Answer to a registration, with status 201.
public struct RegisterResponse: Hashable, Sendable, Codable {
    public var workerID: String
    public var status: String
    /// How often the coordinator wants to hear from the worker.
    public var heartbeatIntervalSeconds: UInt32?
    /// How long each confirmation of the worker lets pipelines publish that no broker fences, counted from when the
    /// confirmed message was sent. Shorter than the time after which the worker may be declared lost.
    public var leaseMilliseconds: UInt32?

    public init(
        workerID: String,
        status: String = "registered",
        heartbeatIntervalSeconds: UInt32? = nil,
        leaseMilliseconds: UInt32? = nil
    ) {
        self.workerID = workerID
        self.status = status
        self.heartbeatIntervalSeconds = heartbeatIntervalSeconds
        self.leaseMilliseconds = leaseMilliseconds
    }

    enum CodingKeys: String, CodingKey {
        case workerID = "worker_id"
        case status
        case heartbeatIntervalSeconds = "heartbeat_interval_secs"
        case leaseMilliseconds = "lease_ms"
    }
}
