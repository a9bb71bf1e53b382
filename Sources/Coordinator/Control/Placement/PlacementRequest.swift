public import ClusterState

/// What is asked of the worker for one pipeline.
public struct PlacementRequest: Hashable, Sendable {
    /// Has it while it has room and the labels.
    public var preferred: WorkerID?
    /// What the worker must have.
    public var labels: Labels
    /// The label over whose values replicas spread.
    public var spread: Labels.Text?
    public var strategy: StrategyName?
    /// How many of the pipeline's other replicas each worker has.
    public var siblings: [WorkerID: UInt32]
    /// How many of the group's other pipelines and replicas each worker has.
    public var neighbours: [WorkerID: UInt32]

    public init(
        preferred: WorkerID? = nil,
        labels: Labels = Labels(),
        spread: Labels.Text? = nil,
        strategy: StrategyName? = nil,
        siblings: [WorkerID: UInt32] = [:],
        neighbours: [WorkerID: UInt32] = [:]
    ) {
        self.preferred = preferred
        self.labels = labels
        self.spread = spread
        self.strategy = strategy
        self.siblings = siblings
        self.neighbours = neighbours
    }

    /// For a pipeline of a spec of which nothing is placed yet.
    public init(_ pipeline: ClusterState.PipelineSpec, in spec: ClusterState.GroupSpec) {
        self.init(
            preferred: pipeline.workerAffinity,
            labels: pipeline.labels,
            spread: pipeline.spread,
            strategy: pipeline.strategy ?? spec.strategy
        )
    }

    /// For a placement that is to go elsewhere.
    public init(moving placement: ClusterState.Placement, of group: ClusterState.Group) {
        if let pipeline = group.spec.pipeline(placement.pipeline) {
            self.init(pipeline, in: group.spec)
        } else {
            self.init()
        }
        for other in group.placements {
            guard let worker = other.worker else { continue }
            if other.pipeline == placement.pipeline {
                if other.replica == placement.replica { continue }
                self.siblings[worker, default: 0] += 1
            }
            self.neighbours[worker, default: 0] += 1
        }
    }
}
