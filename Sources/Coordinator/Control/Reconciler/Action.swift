public import ClusterState

/// What the driver shall do. Each is safe to repeat, and safe to leave out: the next plan asks again.
public enum Action: Hashable, Sendable {
    case startPipeline(StartPipeline)
    case stopPipeline(StopPipeline)
    case propose(Command)
}

/// Have a worker run a pipeline. A worker that runs it at this epoch already has nothing to do; one that runs it at an
/// older epoch replaces it.
public struct StartPipeline: Hashable, Sendable {
    public var worker: WorkerID
    public var placement: PlacementKey
    public var epoch: Epoch
    /// VPL.
    public var source: String
    /// The cluster's connectors that the source mentions, and the one that carries its routes; ordered by name.
    public var connectors: [ClusterState.Connector]
    /// Its ways to and from other pipelines, and its share of the events if it is a replica.
    public var routes: ClusterState.RouteBindings

    public init(
        worker: WorkerID,
        placement: PlacementKey,
        epoch: Epoch,
        source: String,
        connectors: [ClusterState.Connector],
        routes: ClusterState.RouteBindings = ClusterState.RouteBindings()
    ) {
        self.worker = worker
        self.placement = placement
        self.epoch = epoch
        self.source = source
        self.connectors = connectors
        self.routes = routes
    }
}

/// Have a worker drop a pipeline that should not run there, unless it holds a newer epoch of it by now.
public struct StopPipeline: Hashable, Sendable {
    public var worker: WorkerID
    /// The worker's own id of the pipeline.
    public var pipelineID: String
    public var placement: PlacementKey
    public var epoch: Epoch

    public init(worker: WorkerID, pipelineID: String, placement: PlacementKey, epoch: Epoch) {
        self.worker = worker
        self.pipelineID = pipelineID
        self.placement = placement
        self.epoch = epoch
    }
}
