/// A way on which events of a pipeline leave for another one of its group.
public struct RouteOutput: Hashable, Sendable, Codable {
    /// Names the route, and is where its events are published if they go over a broker.
    public var topic: String
    /// Each an exact type, a prefix followed by `*`, or `*` alone.
    public var eventTypes: [String]
    /// The `mqtt` connector whose broker carries the route; absent if both pipelines run on the same worker.
    public var connector: String?
    /// The pipeline that the events are for.
    public var peer: String
    /// How the peer's replicas share the events, for a route without a broker. Over a broker each chooses its own.
    public var peerReplicas: ReplicaRule?

    public init(
        topic: String,
        eventTypes: [String],
        connector: String? = nil,
        peer: String,
        peerReplicas: ReplicaRule? = nil
    ) {
        self.topic = topic
        self.eventTypes = eventTypes
        self.connector = connector
        self.peer = peer
        self.peerReplicas = peerReplicas
    }

    enum CodingKeys: String, CodingKey {
        case topic
        case eventTypes = "event_types"
        case connector, peer
        case peerReplicas = "peer_replicas"
    }
}

/// A way on which events of another pipeline of its group come to a pipeline.
public struct RouteInput: Hashable, Sendable, Codable {
    public var topic: String
    /// What is wanted of the topic, which others may publish to as well.
    public var eventTypes: [String]
    /// The `mqtt` connector whose broker carries the route; absent if both pipelines run on the same worker.
    public var connector: String?
    /// The pipeline that the events come from.
    public var peer: String

    public init(topic: String, eventTypes: [String], connector: String? = nil, peer: String) {
        self.topic = topic
        self.eventTypes = eventTypes
        self.connector = connector
        self.peer = peer
    }

    enum CodingKeys: String, CodingKey {
        case topic
        case eventTypes = "event_types"
        case connector, peer
    }
}

/// How replicas share events among them.
public struct ReplicaRule: Hashable, Sendable, Codable {
    public var count: UInt32
    /// The field whose value picks the replica; without it the whole event does.
    public var partitionKey: String?

    public init(count: UInt32, partitionKey: String? = nil) {
        self.count = count
        self.partitionKey = partitionKey
    }

    enum CodingKeys: String, CodingKey {
        case count
        case partitionKey = "partition_key"
    }
}

/// Which of its pipeline's replicas one is, and so which events are its own.
public struct ReplicaShare: Hashable, Sendable, Codable {
    public var index: UInt32
    public var count: UInt32
    /// The field whose value picks the replica; without it the whole event does.
    public var partitionKey: String?

    public init(index: UInt32, count: UInt32, partitionKey: String? = nil) {
        self.index = index
        self.count = count
        self.partitionKey = partitionKey
    }

    enum CodingKeys: String, CodingKey {
        case index, count
        case partitionKey = "partition_key"
    }
}
