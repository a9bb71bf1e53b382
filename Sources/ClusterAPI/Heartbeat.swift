/// Body of `POST ~/workers/{id}/heartbeat`.
public struct HeartbeatRequest: Hashable, Sendable, Codable {
    /// The sum of `events_in` over the worker's pipelines.
    public var eventsProcessed: UInt64
    public var pipelinesRunning: UInt32
    public var pipelineMetrics: [PipelineMetrics]
    /// Everything the worker holds. Absent from workers that don't know the field, which is not the same as empty.
    public var pipelines: [PipelineReport]?
    /// The incarnation the worker registered with, so that an older process is not taken for the present one.
    public var incarnation: UInt64?

    public init(
        eventsProcessed: UInt64,
        pipelinesRunning: UInt32,
        pipelineMetrics: [PipelineMetrics] = [],
        pipelines: [PipelineReport]? = nil,
        incarnation: UInt64? = nil
    ) {
        self.eventsProcessed = eventsProcessed
        self.pipelinesRunning = pipelinesRunning
        self.pipelineMetrics = pipelineMetrics
        self.pipelines = pipelines
        self.incarnation = incarnation
    }

    enum CodingKeys: String, CodingKey {
        case eventsProcessed = "events_processed"
        case pipelinesRunning = "pipelines_running"
        case pipelineMetrics = "pipeline_metrics"
        case pipelines, incarnation
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.eventsProcessed = try container.decode(UInt64.self, forKey: .eventsProcessed)
        self.pipelinesRunning = try container.decode(UInt32.self, forKey: .pipelinesRunning)
        self.pipelineMetrics =
            try container.decodeIfPresent([PipelineMetrics].self, forKey: .pipelineMetrics) ?? []
        self.pipelines = try container.decodeIfPresent([PipelineReport].self, forKey: .pipelines)
        self.incarnation = try container.decodeIfPresent(UInt64.self, forKey: .incarnation)
    }
}

/// Answer to a heartbeat. A worker that gets 404 instead registers again.
public struct HeartbeatResponse: Hashable, Sendable, Codable {
    public var acknowledged: Bool
    /// Whether the leader has it, led when it heard it, and holds the worker for healthy: then the worker's lease begins
    /// anew. Absent from those that do not know.
    public var confirmed: Bool?
    /// For how long after it was sent a heartbeat that is confirmed lets the worker publish what no broker fences. Absent
    /// from those that say so only when a worker registers, or opens a session.
    public var leaseMilliseconds: UInt32?

    public init(acknowledged: Bool = true, confirmed: Bool? = nil, leaseMilliseconds: UInt32? = nil) {
        self.acknowledged = acknowledged
        self.confirmed = confirmed
        self.leaseMilliseconds = leaseMilliseconds
    }

    enum CodingKeys: String, CodingKey {
        case acknowledged, confirmed
        case leaseMilliseconds = "lease_ms"
    }
}

/// One line of a worker's inventory.
public struct PipelineReport: Hashable, Sendable, Codable {
    /// The worker's own id of the pipeline.
    public var id: String
    /// The pipeline's name in its group; a replica carries its number, as in `p#0`.
    public var name: String
    /// Absent for a pipeline that was deployed at the worker itself, which is no business of the cluster's.
    public var groupID: String?
    public var epoch: UInt64?
    public var status: PipelineStatus

    public init(id: String, name: String, groupID: String?, epoch: UInt64?, status: PipelineStatus) {
        self.id = id
        self.name = name
        self.groupID = groupID
        self.epoch = epoch
        self.status = status
    }

    enum CodingKeys: String, CodingKey {
        case id, name
        case groupID = "group_id"
        case epoch, status
    }
}

/// What one pipeline has done since it started.
public struct PipelineMetrics: Hashable, Sendable, Codable {
    public var pipelineName: String
    public var eventsIn: UInt64
    public var eventsOut: UInt64
    public var connectorHealth: [ConnectorHealth]

    public init(pipelineName: String, eventsIn: UInt64, eventsOut: UInt64, connectorHealth: [ConnectorHealth] = []) {
        self.pipelineName = pipelineName
        self.eventsIn = eventsIn
        self.eventsOut = eventsOut
        self.connectorHealth = connectorHealth
    }

    enum CodingKeys: String, CodingKey {
        case pipelineName = "pipeline_name"
        case eventsIn = "events_in"
        case eventsOut = "events_out"
        case connectorHealth = "connector_health"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.pipelineName = try container.decode(String.self, forKey: .pipelineName)
        self.eventsIn = try container.decode(UInt64.self, forKey: .eventsIn)
        self.eventsOut = try container.decode(UInt64.self, forKey: .eventsOut)
        self.connectorHealth =
            try container.decodeIfPresent([ConnectorHealth].self, forKey: .connectorHealth) ?? []
    }
}

/// How one connection of a pipeline is doing.
public struct ConnectorHealth: Hashable, Sendable, Codable {
    public var connectorName: String
    public var connectorType: String
    public var connected: Bool
    public var lastError: String?
    public var messagesReceived: UInt64
    public var secondsSinceLastMessage: UInt64

    public init(
        connectorName: String,
        connectorType: String,
        connected: Bool,
        lastError: String? = nil,
        messagesReceived: UInt64,
        secondsSinceLastMessage: UInt64
    ) {
        self.connectorName = connectorName
        self.connectorType = connectorType
        self.connected = connected
        self.lastError = lastError
        self.messagesReceived = messagesReceived
        self.secondsSinceLastMessage = secondsSinceLastMessage
    }

    enum CodingKeys: String, CodingKey {
        case connectorName = "connector_name"
        case connectorType = "connector_type"
        case connected
        case lastError = "last_error"
        case messagesReceived = "messages_received"
        case secondsSinceLastMessage = "seconds_since_last_message"
    }
}
