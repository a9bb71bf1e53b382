public import ClusterState

/// Chooses a worker for one pipeline. Pure: what it may know stands in its arguments, so that any leader, looking at
/// the same state, chooses the same worker.
///
/// A further one is a file with a type that conforms, and a place in `PlacementStrategies.standard`.
public protocol PlacementStrategy: Sendable {
    /// By which groups and pipelines ask for it.
    static var name: StrategyName { get }

    /// - Parameters:
    ///   - candidates: at least one; ordered by id. Each has room for one more pipeline.
    ///   - turn: how many assignments the cluster has seen before this one.
    func choose(among candidates: [PlacementCandidate], turn: UInt64) -> PlacementCandidate
}

/// A worker as a strategy sees it.
public struct PlacementCandidate: Hashable, Sendable {
    public var id: WorkerID
    public var cpuCores: UInt32
    public var pipelinesMax: UInt32
    /// What runs there or is assigned to it, and what the present plan has reserved.
    public var pipelines: UInt32
    /// How many of them are of the same group.
    public var groupPipelines: UInt32

    public init(
        id: WorkerID,
        cpuCores: UInt32,
        pipelinesMax: UInt32,
        pipelines: UInt32,
        groupPipelines: UInt32 = 0
    ) {
        self.id = id
        self.cpuCores = cpuCores
        self.pipelinesMax = pipelinesMax
        self.pipelines = pipelines
        self.groupPipelines = groupPipelines
    }
}
