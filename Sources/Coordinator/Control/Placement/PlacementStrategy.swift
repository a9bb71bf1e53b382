public import ClusterState

/// Chooses a worker for one pipeline. Pure: what it may know stands in its arguments, so that any leader, looking at
/// the same state, chooses the same worker.
public protocol PlacementStrategy: Sendable {
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

    public init(id: WorkerID, cpuCores: UInt32, pipelinesMax: UInt32, pipelines: UInt32) {
        self.id = id
        self.cpuCores = cpuCores
        self.pipelinesMax = pipelinesMax
        self.pipelines = pipelines
    }
}

/// Workers take turns in the order of their ids.
public struct RoundRobin: PlacementStrategy {
    public init() {}

    public func choose(among candidates: [PlacementCandidate], turn: UInt64) -> PlacementCandidate {
        candidates[Int(turn % UInt64(candidates.count))]
    }
}
