public import ClusterState

/// What is asked of the worker for one pipeline.
public struct PlacementRequest: Hashable, Sendable {
    /// Has it while it has room and the labels.
    public var preferred: WorkerID?
    /// What the worker must have: all of each.
    public var labels: [Labels]
    /// The label over whose values replicas spread.
    public var spread: Labels.Text?
    public var strategy: StrategyName?
    /// Workers that are only chosen where there is no other.
    public var avoided: Set<WorkerID>
    /// How many pipelines and replicas go to the worker together.
    public var places: UInt32
    /// How many of the pipeline's other replicas each worker has.
    public var siblings: [WorkerID: UInt32]
    /// How many of the group's other pipelines and replicas each worker has.
    public var neighbours: [WorkerID: UInt32]

    public init(
        preferred: WorkerID? = nil,
        labels: Labels = Labels(),
        spread: Labels.Text? = nil,
        strategy: StrategyName? = nil,
        avoided: Set<WorkerID> = [],
        places: UInt32 = 1,
        siblings: [WorkerID: UInt32] = [:],
        neighbours: [WorkerID: UInt32] = [:]
    ) {
        self.preferred = preferred
        self.labels = labels.items.isEmpty ? [] : [labels]
        self.spread = spread
        self.strategy = strategy
        self.avoided = avoided
        self.places = places
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

    /// For a company of pipelines of which nothing is placed yet: what one of them asks for, all do.
    init(company: [PipelineName], in spec: ClusterState.GroupSpec) {
        self.init()
        self.places = 0
        for pipeline in spec.pipelines where company.contains(pipeline.name) {
            let request = PlacementRequest(pipeline, in: spec)
            self.preferred = self.preferred ?? request.preferred
            self.strategy = self.strategy ?? request.strategy
            self.labels += request.labels
            self.places += max(1, pipeline.replicas)
        }
    }

    /// For a placement that is to go elsewhere, with all that has to go along.
    public init(moving placement: ClusterState.Placement, of group: ClusterState.Group) {
        let company = group.spec.company(of: placement.pipeline)
        if !company.isEmpty {
            self.init(company: company, in: group.spec)
        } else if let pipeline = group.spec.pipeline(placement.pipeline) {
            self.init(pipeline, in: group.spec)
        } else {
            self.init()
        }
        for other in group.placements {
            guard let worker = other.worker, !company.contains(other.pipeline) else { continue }
            if other.pipeline == placement.pipeline {
                if other.replica == placement.replica { continue }
                self.siblings[worker, default: 0] += 1
            }
            self.neighbours[worker, default: 0] += 1
        }
    }
}
