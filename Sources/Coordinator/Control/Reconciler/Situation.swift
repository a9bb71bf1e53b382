public import ClusterState

/// All that the reconciler looks at.
public struct Situation: Sendable {
    /// The desired state, applied at least up to the leader's first entry of its own term.
    public var state: ClusterState
    /// What each worker said last. A new leader starts without any.
    public var reports: [WorkerID: WorkerReport]
    /// When this member became the leader, or came back from a pause longer than the timeout: nobody is blamed for
    /// silence before that.
    public var leaderSince: ControlInstant
    public var now: ControlInstant

    public init(
        state: ClusterState,
        reports: [WorkerID: WorkerReport],
        leaderSince: ControlInstant,
        now: ControlInstant
    ) {
        self.state = state
        self.reports = reports
        self.leaderSince = leaderSince
        self.now = now
    }
}

/// The last word of a worker: a heartbeat, or a registration (which has no inventory yet).
public struct WorkerReport: Hashable, Sendable {
    /// The process that spoke, if it said. A word from another process than the registered one counts for nothing.
    public var incarnation: WorkerIncarnation?
    public var receivedAt: ControlInstant
    public var pipelinesRunning: UInt32
    /// Everything the worker holds for the cluster; absent if it did not say, which is not the same as nothing.
    public var inventory: [ReportedPipeline]?

    public init(
        incarnation: WorkerIncarnation?,
        receivedAt: ControlInstant,
        pipelinesRunning: UInt32 = 0,
        inventory: [ReportedPipeline]?
    ) {
        self.incarnation = incarnation
        self.receivedAt = receivedAt
        self.pipelinesRunning = pipelinesRunning
        self.inventory = inventory
    }
}

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
