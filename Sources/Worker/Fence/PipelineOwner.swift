import Logging

/// Drives the state machine by which one pipeline is held.
protocol PipelineOwner: AnyObject, Sendable {
    /// Begins to claim the pipeline's place.
    func start()
    /// The pipeline is being stopped: nothing is claimed, asked or muted any more.
    func stop()
}

/// What drivers of ownership have to do with.
struct Fence: Sendable {
    let place: PipelineSpec.Place
    let epoch: UInt64
    let standing: ClusterStanding
    let permission: Permission
    let progress: PipelineProgress
    /// Called when the place belongs to a newer assignment.
    let onSuperseded: @Sendable () -> Void
    let logger: Logger

    func supersede() {
        self.logger.warning("superseded by a newer assignment, stopping")
        self.permission.refuse()
        self.onSuperseded()
    }
}
