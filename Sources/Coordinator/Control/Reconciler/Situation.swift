public import ClusterState

/// All that the reconciler looks at.
public struct Situation: Sendable {
    /// The desired state, applied at least up to the leader's first entry of its own term.
    public var state: ClusterState
    /// What each worker said last. A new leader starts without any.
    public var reports: [WorkerID: WorkerReport]
    /// The workers whose sessions have broken off and that have no new one.
    public var losses: [WorkerID: SessionLoss]
    /// The calls about placements that have failed last. Only told to whoever asks; nothing is decided by them.
    public var callFailures: [PlacementKey: CallFailure]
    /// When this member became the leader, or came back from a pause longer than the timeout: nobody is blamed for
    /// silence before that.
    public var leaderSince: ControlInstant
    public var now: ControlInstant

    public init(
        state: ClusterState,
        reports: [WorkerID: WorkerReport],
        losses: [WorkerID: SessionLoss] = [:],
        callFailures: [PlacementKey: CallFailure] = [:],
        leaderSince: ControlInstant,
        now: ControlInstant
    ) {
        self.state = state
        self.reports = reports
        self.losses = losses
        self.callFailures = callFailures
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

/// A worker's session with a coordinator has broken off. The driver forgets it when the worker has a session again.
public struct SessionLoss: Hashable, Sendable {
    /// Of the process whose session it was.
    public var incarnation: WorkerIncarnation
    public var lostAt: ControlInstant
    /// When a probe, sent after the session was lost, found nobody: at the worker's address its connection was refused,
    /// or another process answered. A probe without any answer is no such proof: a worker that is only cut off goes on
    /// with what no broker fences for as long as its lease lasts, which is shorter than the timeout.
    public var probeFailedAt: ControlInstant?

    public init(incarnation: WorkerIncarnation, lostAt: ControlInstant, probeFailedAt: ControlInstant? = nil) {
        self.incarnation = incarnation
        self.lostAt = lostAt
        self.probeFailedAt = probeFailedAt
    }
}
