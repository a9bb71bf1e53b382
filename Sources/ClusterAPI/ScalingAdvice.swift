/// Answer of `GET ~/scaling`, and the body of the webhook: whether the cluster should have more workers, or fewer.
public struct ScalingAdvice: Hashable, Sendable, Codable {
    public struct Action: RawRepresentable, Hashable, Sendable, Codable {
        public var rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        public static let scaleUp = Action(rawValue: "scale_up")
        public static let scaleDown = Action(rawValue: "scale_down")
        public static let stable = Action(rawValue: "stable")
    }

    public var action: Action
    /// Those that are ready.
    public var currentWorkers: Int
    public var targetWorkers: Int
    /// A sentence for people.
    public var reason: String
    /// Pipelines for each worker that is ready; 0 without workers.
    public var averagePipelines: Double
    public var totalPipelines: Int
    /// When this was worked out (RFC 3339).
    public var timestamp: String

    public init(
        action: Action,
        currentWorkers: Int,
        targetWorkers: Int,
        reason: String,
        averagePipelines: Double,
        totalPipelines: Int,
        timestamp: String
    ) {
        self.action = action
        self.currentWorkers = currentWorkers
        self.targetWorkers = targetWorkers
        self.reason = reason
        self.averagePipelines = averagePipelines
        self.totalPipelines = totalPipelines
        self.timestamp = timestamp
    }

    enum CodingKeys: String, CodingKey {
        case action
        case currentWorkers = "current_workers"
        case targetWorkers = "target_workers"
        case reason
        case averagePipelines = "avg_pipelines_per_worker"
        case totalPipelines = "total_pipelines"
        case timestamp
    }
}
