/// A pipeline's way from one worker to another, as `GET ~/migrations` shows it.
public struct MigrationInfo: Hashable, Sendable, Codable, Listed {
    public static let listKey = "migrations"

    public var id: String
    /// A replica carries its number, as in `p#0`.
    public var pipelineName: String
    public var groupID: String
    public var sourceWorker: String
    public var targetWorker: String
    /// `checkpointing`, `deploying`, `restoring`, `switching`, `cleaning_up`, `completed`, `cancelled`, or `failed: `
    /// followed by what went wrong.
    public var status: String
    /// `failover`, `rebalance`, `drain`, `manual` or `connector_failure`.
    public var reason: String
    /// From its beginning to its end, or to now while it is under way.
    public var elapsedMilliseconds: UInt64

    public init(
        id: String,
        pipelineName: String,
        groupID: String,
        sourceWorker: String,
        targetWorker: String,
        status: String,
        reason: String,
        elapsedMilliseconds: UInt64
    ) {
        self.id = id
        self.pipelineName = pipelineName
        self.groupID = groupID
        self.sourceWorker = sourceWorker
        self.targetWorker = targetWorker
        self.status = status
        self.reason = reason
        self.elapsedMilliseconds = elapsedMilliseconds
    }

    enum CodingKeys: String, CodingKey {
        case id
        case pipelineName = "pipeline_name"
        case groupID = "group_id"
        case sourceWorker = "source_worker"
        case targetWorker = "target_worker"
        case status, reason
        case elapsedMilliseconds = "elapsed_ms"
    }
}

/// Body of `POST ~/pipelines/{group}/{pipeline}/migrate`.
public struct MigrateRequest: Hashable, Sendable, Codable {
    public var targetWorkerID: String

    public init(targetWorkerID: String) { self.targetWorkerID = targetWorkerID }

    enum CodingKeys: String, CodingKey {
        case targetWorkerID = "target_worker_id"
    }
}

/// Its answer, with status 202: the migration is under way.
public struct MigrateResponse: Hashable, Sendable, Codable {
    public var migrationID: String
    public var pipeline: String
    public var groupID: String
    public var status: String

    public init(migrationID: String, pipeline: String, groupID: String, status: String = "started") {
        self.migrationID = migrationID
        self.pipeline = pipeline
        self.groupID = groupID
        self.status = status
    }

    enum CodingKeys: String, CodingKey {
        case migrationID = "migration_id"
        case pipeline
        case groupID = "group_id"
        case status
    }
}

/// Answer to `POST ~/rebalance`.
public struct RebalanceResponse: Hashable, Sendable, Codable {
    public var migrationsStarted: Int
    public var migrationIDs: [String]

    public init(migrationIDs: [String]) {
        self.migrationsStarted = migrationIDs.count
        self.migrationIDs = migrationIDs
    }

    enum CodingKeys: String, CodingKey {
        case migrationsStarted = "migrations_started"
        case migrationIDs = "migration_ids"
    }
}

/// Body of `POST ~/workers/{id}/drain`; may be left out.
public struct DrainRequest: Hashable, Sendable, Codable {
    /// How long pipelines may take to leave. What has not left by then stays, and goes on.
    public var timeoutSeconds: UInt32?
    /// Only this process of the worker, if given.
    public var incarnation: UInt64?

    public init(timeoutSeconds: UInt32? = nil, incarnation: UInt64? = nil) {
        self.timeoutSeconds = timeoutSeconds
        self.incarnation = incarnation
    }

    enum CodingKeys: String, CodingKey {
        case timeoutSeconds = "timeout_secs"
        case incarnation
    }
}

/// Its answer, once the worker is empty or the time is up.
public struct DrainResponse: Hashable, Sendable, Codable {
    public var workerID: String
    /// How many have left the worker.
    public var pipelinesMigrated: Int
    /// `drained`, or `draining` where something is left.
    public var status: String
    /// How many are left.
    public var pipelinesLeft: Int

    public init(workerID: String, pipelinesMigrated: Int, status: String, pipelinesLeft: Int) {
        self.workerID = workerID
        self.pipelinesMigrated = pipelinesMigrated
        self.status = status
        self.pipelinesLeft = pipelinesLeft
    }

    enum CodingKeys: String, CodingKey {
        case workerID = "worker_id"
        case pipelinesMigrated = "pipelines_migrated"
        case status
        case pipelinesLeft = "pipelines_left"
    }
}
