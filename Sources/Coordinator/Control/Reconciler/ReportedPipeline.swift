public import ClusterState

/// One pipeline of a worker's inventory. Pipelines that the cluster did not deploy are left out of it.
public struct ReportedPipeline: Hashable, Sendable {
    public enum Status: Hashable, Sendable {
        /// On its way: the worker keeps trying, and says so when it runs or has failed.
        case starting
        case running
        case stopped
        case failed(String)
    }

    /// The worker's own id of the pipeline.
    public var id: String
    public var placement: PlacementKey
    public var epoch: Epoch
    public var status: Status

    public init(id: String, placement: PlacementKey, epoch: Epoch, status: Status) {
        self.id = id
        self.placement = placement
        self.epoch = epoch
        self.status = status
    }
}
