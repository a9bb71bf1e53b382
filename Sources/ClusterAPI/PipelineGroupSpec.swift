/// Body of `POST ~/pipeline-groups`: what an operator wants to run.
public struct PipelineGroupSpec: Hashable, Sendable, Codable {
    public var name: String
    public var pipelines: [PipelineSpec]
    public var routes: [RouteSpec]
    /// How workers are chosen for pipelines that don't say: `round_robin`, `least_loaded` or `affinity`.
    public var strategy: String?
    /// The `mqtt` connector whose broker carries the routes. Without one, routes connect pipelines of the same worker.
    public var broker: String?

    public init(
        name: String,
        pipelines: [PipelineSpec],
        routes: [RouteSpec] = [],
        strategy: String? = nil,
        broker: String? = nil
    ) {
        self.name = name
        self.pipelines = pipelines
        self.routes = routes
        self.strategy = strategy
        self.broker = broker
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.name = try container.decode(String.self, forKey: .name)
        self.pipelines = try container.decode([PipelineSpec].self, forKey: .pipelines)
        self.routes = try container.decodeIfPresent([RouteSpec].self, forKey: .routes) ?? []
        self.strategy = try container.decodeIfPresent(String.self, forKey: .strategy)
        self.broker = try container.decodeIfPresent(String.self, forKey: .broker)
    }
}

/// One program of a group.
public struct PipelineSpec: Hashable, Sendable, Codable {
    public var name: String
    /// VPL.
    public var source: String
    /// The worker to prefer while it is available.
    public var workerAffinity: String?
    /// How many copies share the events. At least 1: a 0 is read as 1.
    public var replicas: UInt32
    /// The field whose value picks the replica. Without it injected events go to each in turn, and those of brokers and
    /// routes where all that they say picks.
    public var partitionKey: String?
    /// What a worker must have been labelled with to be given it.
    public var labels: [String: String]
    /// A label of workers over whose values the replicas shall spread, such as `zone`.
    public var spread: String?
    /// How its worker is chosen: `round_robin`, `least_loaded` or `affinity`. Absent: as the group says.
    public var strategy: String?

    public init(
        name: String,
        source: String,
        workerAffinity: String? = nil,
        replicas: UInt32 = 1,
        partitionKey: String? = nil,
        labels: [String: String] = [:],
        spread: String? = nil,
        strategy: String? = nil
    ) {
        self.name = name
        self.source = source
        self.workerAffinity = workerAffinity
        self.replicas = max(1, replicas)
        self.partitionKey = partitionKey
        self.labels = labels
        self.spread = spread
        self.strategy = strategy
    }

    enum CodingKeys: String, CodingKey {
        case name, source
        case workerAffinity = "worker_affinity"
        case replicas
        case partitionKey = "partition_key"
        case labels, spread, strategy
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            name: try container.decode(String.self, forKey: .name),
            source: try container.decode(String.self, forKey: .source),
            workerAffinity: try container.decodeIfPresent(String.self, forKey: .workerAffinity),
            replicas: try container.decodeIfPresent(UInt32.self, forKey: .replicas) ?? 1,
            partitionKey: try container.decodeIfPresent(String.self, forKey: .partitionKey),
            labels: try container.decodeIfPresent([String: String].self, forKey: .labels) ?? [:],
            spread: try container.decodeIfPresent(String.self, forKey: .spread),
            strategy: try container.decodeIfPresent(String.self, forKey: .strategy)
        )
    }

    /// What is not asked for is left out.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(self.name, forKey: .name)
        try container.encode(self.source, forKey: .source)
        try container.encodeIfPresent(self.workerAffinity, forKey: .workerAffinity)
        try container.encode(self.replicas, forKey: .replicas)
        try container.encodeIfPresent(self.partitionKey, forKey: .partitionKey)
        if !self.labels.isEmpty { try container.encode(self.labels, forKey: .labels) }
        try container.encodeIfPresent(self.spread, forKey: .spread)
        try container.encodeIfPresent(self.strategy, forKey: .strategy)
    }
}

/// Sends the events whose type matches one of the patterns from one pipeline to another.
public struct RouteSpec: Hashable, Sendable, Codable {
    /// A pipeline of the group, or `_external` for events injected from outside.
    public var fromPipeline: String
    public var toPipeline: String
    /// Each an exact type, a prefix followed by `*`, or `*` alone.
    public var eventTypes: [String]
    /// Overrides the topic that is made up for the route. `nats_subject` is accepted as its other name.
    public var mqttTopic: String?

    public init(fromPipeline: String, toPipeline: String, eventTypes: [String], mqttTopic: String? = nil) {
        self.fromPipeline = fromPipeline
        self.toPipeline = toPipeline
        self.eventTypes = eventTypes
        self.mqttTopic = mqttTopic
    }

    enum CodingKeys: String, CodingKey {
        case fromPipeline = "from_pipeline"
        case toPipeline = "to_pipeline"
        case eventTypes = "event_types"
        case mqttTopic = "mqtt_topic"
        case natsSubject = "nats_subject"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.fromPipeline = try container.decode(String.self, forKey: .fromPipeline)
        self.toPipeline = try container.decode(String.self, forKey: .toPipeline)
        self.eventTypes = try container.decode([String].self, forKey: .eventTypes)
        self.mqttTopic =
            try container.decodeIfPresent(String.self, forKey: .mqttTopic)
            ?? container.decodeIfPresent(String.self, forKey: .natsSubject)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(self.fromPipeline, forKey: .fromPipeline)
        try container.encode(self.toPipeline, forKey: .toPipeline)
        try container.encode(self.eventTypes, forKey: .eventTypes)
        try container.encodeIfPresent(self.mqttTopic, forKey: .mqttTopic)
    }
}
