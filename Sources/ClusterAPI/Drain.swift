/// Body of `POST ~/workers/{id}/drain`.
public struct DrainRequest: Hashable, Sendable, Codable {
    /// How long it may take.
    public var timeoutSeconds: UInt32?

    public init(timeoutSeconds: UInt32? = nil) { self.timeoutSeconds = timeoutSeconds }

    enum CodingKeys: String, CodingKey {
        case timeoutSeconds = "timeout_secs"
    }
}

/// Answer to a drain.
public struct DrainResponse: Hashable, Sendable, Codable {
    public var workerID: String
    public var pipelinesMigrated: Int
    public var status: String

    public init(workerID: String, pipelinesMigrated: Int, status: String = "drained") {
        self.workerID = workerID
        self.pipelinesMigrated = pipelinesMigrated
        self.status = status
    }

    enum CodingKeys: String, CodingKey {
        case workerID = "worker_id"
        case pipelinesMigrated = "pipelines_migrated"
        case status
    }
}
