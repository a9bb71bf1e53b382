extension ClusterState {
    /// One program of a group.
    public struct PipelineSpec: Hashable, Sendable {
        public var name: PipelineName
        /// VPL.
        public var source: String
        /// The worker to prefer while it is available.
        public var workerAffinity: WorkerID?
        public var replicas: UInt32
        /// The field whose value picks the replica.
        public var partitionKey: String?
        /// What a worker must have to be given it. Whatever is there already stays when its worker's labels change.
        public var labels: Labels
        /// A label of workers over whose values the replicas shall spread, such as `zone`.
        public var spread: Labels.Text?
        /// Chooses among the workers that may have it; absent if the group's does.
        public var strategy: StrategyName?

        public init(
            name: PipelineName,
            source: String,
            workerAffinity: WorkerID? = nil,
            replicas: UInt32 = 1,
            partitionKey: String? = nil,
            labels: Labels = Labels(),
            spread: Labels.Text? = nil,
            strategy: StrategyName? = nil
        ) {
            self.name = name
            self.source = source
            self.workerAffinity = workerAffinity
            self.replicas = replicas
            self.partitionKey = partitionKey
            self.labels = labels
            self.spread = spread
            self.strategy = strategy
        }

        var placementFault: String? {
            if let spread = self.spread, !(1...Labels.keyBytesMax).contains(spread.rawValue.utf8.count) {
                return "the label to spread over must have 1 to \(Labels.keyBytesMax) bytes"
            }
            return self.labels.fault ?? self.strategy?.fault
        }
    }

    /// How workers are chosen. The state only carries the names; the leader knows what they stand for.
    public enum Strategy {}
}

/// The name of a placement strategy.
public typealias StrategyName = Identifier<ClusterState.Strategy>

extension StrategyName {
    /// Workers take turns.
    public static var roundRobin: StrategyName { "round_robin" }
    /// The worker with the fewest pipelines for its cores.
    public static var leastLoaded: StrategyName { "least_loaded" }
    /// The worker that has most of the group already.
    public static var affinity: StrategyName { "affinity" }

    var fault: String? {
        (1...64).contains(self.rawValue.utf8.count) ? nil : "the name of a placement strategy must have 1 to 64 bytes"
    }
}
