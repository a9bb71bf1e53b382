/// How far a group has come, over all its placements.
public struct GroupStatus: RawRepresentable, Hashable, Sendable, Codable {
    public var rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Not everything has been tried yet. An empty group stays here.
    public static let deploying = GroupStatus(rawValue: "deploying")
    public static let running = GroupStatus(rawValue: "running")
    public static let partiallyRunning = GroupStatus(rawValue: "partially_running")
    public static let failed = GroupStatus(rawValue: "failed")
}

/// How one placement is doing; these are capitalised on the wire.
public struct PlacementStatus: RawRepresentable, Hashable, Sendable, Codable {
    public var rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    public static let deploying = PlacementStatus(rawValue: "Deploying")
    public static let running = PlacementStatus(rawValue: "Running")
    public static let failed = PlacementStatus(rawValue: "Failed")
    public static let stopped = PlacementStatus(rawValue: "Stopped")
}

/// Where one pipeline (or one replica of it) runs. Texts are empty where nothing is assigned yet.
public struct PlacementInfo: Hashable, Sendable, Codable {
    /// A replica carries its number, as in `p#0`.
    public var pipelineName: String
    public var workerID: String
    public var workerAddress: String
    /// The worker's own id of the pipeline.
    public var pipelineID: String
    public var status: PlacementStatus
    /// Grows with each assignment; a worker refuses whatever carries an older one.
    public var epoch: UInt64
    /// Why it failed, or what it waits for.
    public var reason: String?
    /// How often it was tried to start it, as long as it does not run.
    public var attempts: Int?

    public init(
        pipelineName: String,
        workerID: String,
        workerAddress: String,
        pipelineID: String,
        status: PlacementStatus,
        epoch: UInt64,
        reason: String? = nil,
        attempts: Int? = nil
    ) {
        self.pipelineName = pipelineName
        self.workerID = workerID
        self.workerAddress = workerAddress
        self.pipelineID = pipelineID
        self.status = status
        self.epoch = epoch
        self.reason = reason
        self.attempts = attempts
    }

    enum CodingKeys: String, CodingKey {
        case pipelineName = "pipeline_name"
        case workerID = "worker_id"
        case workerAddress = "worker_address"
        case pipelineID = "pipeline_id"
        case status, epoch, reason, attempts
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.pipelineName = try container.decode(String.self, forKey: .pipelineName)
        self.workerID = try container.decode(String.self, forKey: .workerID)
        self.workerAddress = try container.decode(String.self, forKey: .workerAddress)
        self.pipelineID = try container.decode(String.self, forKey: .pipelineID)
        self.status = try container.decode(PlacementStatus.self, forKey: .status)
        self.epoch = try container.decodeIfPresent(UInt64.self, forKey: .epoch) ?? 0
        self.reason = try container.decodeIfPresent(String.self, forKey: .reason)
        self.attempts = try container.decodeIfPresent(Int.self, forKey: .attempts)
    }
}

/// A group, as a deploy answers it and as `GET ~/pipeline-groups` shows it.
public struct PipelineGroupInfo: Hashable, Sendable, Codable, Listed {
    public static let listKey = "pipeline_groups"

    public var id: String
    public var name: String
    public var status: GroupStatus
    /// Counts pipelines of the spec, not replicas.
    public var pipelineCount: Int
    public var placements: [PlacementInfo]
    /// The text of each pipeline as it was submitted.
    public var sources: [String: String]
    /// Grows with each change of the group.
    public var generation: UInt64?
    /// What has become of the last change; absent if there was none, or it runs.
    public var update: GroupUpdateInfo?

    public init(
        id: String,
        name: String,
        status: GroupStatus,
        pipelineCount: Int,
        placements: [PlacementInfo],
        sources: [String: String],
        generation: UInt64? = nil,
        update: GroupUpdateInfo? = nil
    ) {
        self.id = id
        self.name = name
        self.status = status
        self.pipelineCount = pipelineCount
        self.placements = placements
        self.sources = sources
        self.generation = generation
        self.update = update
    }

    enum CodingKeys: String, CodingKey {
        case id, name, status
        case pipelineCount = "pipeline_count"
        case placements, sources, generation, update
    }
}

/// What has become of the change of a group.
public struct GroupUpdateInfo: Hashable, Sendable, Codable {
    public enum Phase: String, Sendable, Codable {
        /// Not all of it has run yet.
        case updating
        /// It did not start, or somebody took it back: the group is what it was before.
        case rolledBack = "rolled_back"
    }

    public var phase: Phase
    public var reason: String?

    public init(phase: Phase, reason: String? = nil) {
        self.phase = phase
        self.reason = reason
    }
}
