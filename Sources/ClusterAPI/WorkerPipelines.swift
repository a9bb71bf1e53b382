/// How a pipeline is doing at its worker: `running`, `stopped`, or `error: ` followed by what went wrong.
public struct PipelineStatus: RawRepresentable, Hashable, Sendable, Codable {
    public var rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Its engine runs, but not all of its connections do yet.
    public static let starting = PipelineStatus(rawValue: "starting")
    public static let running = PipelineStatus(rawValue: "running")
    public static let stopped = PipelineStatus(rawValue: "stopped")
    public static func error(_ message: String) -> PipelineStatus { PipelineStatus(rawValue: "error: \(message)") }

    /// What went wrong, when something did.
    public var errorMessage: String? {
        let prefix = "error: "
        return self.rawValue.hasPrefix(prefix) ? String(self.rawValue.dropFirst(prefix.count)) : nil
    }
}

/// Body of a worker's `POST /api/v1/pipelines`. A person sends the first two fields, a coordinator all of them.
///
/// Repeating it with the same group, name and epoch changes nothing; an epoch older than the one held is refused.
public struct DeployPipelineRequest: Hashable, Sendable, Codable {
    /// A replica carries its number, as in `p#0`.
    public var name: String
    /// VPL.
    public var source: String
    /// The id to give the pipeline; without it the worker draws one.
    public var id: String?
    public var groupID: String?
    public var epoch: UInt64?
    /// The cluster's connectors that the source mentions. Where the source declares one itself, its own declaration
    /// holds.
    public var connectors: [Connector]?
    /// The ways to and from other pipelines of the group.
    public var outputs: [RouteOutput]?
    public var inputs: [RouteInput]?
    /// Absent for a pipeline that all events are for.
    public var replica: ReplicaShare?

    public init(
        name: String,
        source: String,
        id: String? = nil,
        groupID: String? = nil,
        epoch: UInt64? = nil,
        connectors: [Connector]? = nil,
        outputs: [RouteOutput]? = nil,
        inputs: [RouteInput]? = nil,
        replica: ReplicaShare? = nil
    ) {
        self.name = name
        self.source = source
        self.id = id
        self.groupID = groupID
        self.epoch = epoch
        self.connectors = connectors
        self.outputs = outputs
        self.inputs = inputs
        self.replica = replica
    }

    enum CodingKeys: String, CodingKey {
        case name, source, id
        case groupID = "group_id"
        case epoch, connectors, outputs, inputs, replica
    }
}

/// A worker's answer to a deploy, with status 201.
public struct DeployPipelineResponse: Hashable, Sendable, Codable {
    public var id: String
    public var name: String
    public var status: PipelineStatus

    public init(id: String, name: String, status: PipelineStatus) {
        self.id = id
        self.name = name
        self.status = status
    }
}

/// A pipeline, as a worker's `GET /api/v1/pipelines` shows it.
public struct PipelineInfo: Hashable, Sendable, Codable, Listed {
    public static let listKey = "pipelines"

    public var id: String
    public var name: String
    public var status: PipelineStatus
    public var source: String
    public var uptimeSeconds: UInt64
    /// Absent for a pipeline that was deployed at the worker itself.
    public var groupID: String?
    public var epoch: UInt64?

    public init(
        id: String,
        name: String,
        status: PipelineStatus,
        source: String,
        uptimeSeconds: UInt64,
        groupID: String? = nil,
        epoch: UInt64? = nil
    ) {
        self.id = id
        self.name = name
        self.status = status
        self.source = source
        self.uptimeSeconds = uptimeSeconds
        self.groupID = groupID
        self.epoch = epoch
    }

    enum CodingKeys: String, CodingKey {
        case id, name, status, source
        case uptimeSeconds = "uptime_secs"
        case groupID = "group_id"
        case epoch
    }
}

/// Body of a worker's `POST /api/v1/pipelines/{id}/reload`.
public struct ReloadPipelineRequest: Hashable, Sendable, Codable {
    public var source: String
    public init(source: String) { self.source = source }
}

/// Answer to a reload.
public struct ReloadPipelineResponse: Hashable, Sendable, Codable {
    public var reloaded: Bool
    /// Whether windows, joins and patterns go on from where they were. They do only when the program is the same.
    public var stateKept: Bool?

    public init(reloaded: Bool = true, stateKept: Bool? = nil) {
        self.reloaded = reloaded
        self.stateKept = stateKept
    }

    enum CodingKeys: String, CodingKey {
        case reloaded
        case stateKept = "state_kept"
    }
}
