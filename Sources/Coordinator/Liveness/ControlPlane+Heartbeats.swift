import ClusterAPI
import ClusterControl
import ClusterState
import Raft
import RaftCore

extension ControlPlane {
    /// A worker has spoken to this member. True once the leader has heard it.
    func hear(_ heartbeat: HeartbeatRequest, from worker: WorkerID) async -> Bool {
        self.telemetry.heartbeats.add()
        guard self.isLeader else { return await self.relay.carry(heartbeat, from: worker) }
        self.note(heartbeat, from: worker)
        return true
    }

    /// The leader has heard a worker. The reconciler is called if it may have something to do; what silence means, it
    /// judges at its own pace.
    func note(_ heartbeat: HeartbeatRequest, from worker: WorkerID, at time: ContinuousClock.Instant = .now) {
        if self.reports.note(heartbeat, from: worker, at: time) { self.attention.call() }
    }

    /// How often workers are to speak: as the cluster has agreed, else as this coordinator was told.
    func heartbeatInterval(_ state: ClusterState) -> Duration {
        state.settings.heartbeat.map { .milliseconds($0.intervalMilliseconds) } ?? self.configuration.heartbeatInterval
    }

    /// After how long a silence a worker is unhealthy.
    func heartbeatTimeout(_ state: ClusterState) -> Duration {
        state.settings.heartbeat.map { .milliseconds($0.timeoutMilliseconds) } ?? self.configuration.heartbeatTimeout
    }

    /// What workers are to keep to.
    func sessionTerms(_ state: ClusterState) -> SessionTerms {
        let addresses = self.node.addresses
        let coordinators = self.node.membership.members.compactMap { $0.address ?? addresses[$0.id] }
        return SessionTerms(
            heartbeatIntervalMilliseconds: UInt32(clamping: self.heartbeatInterval(state).milliseconds),
            // Shorter than the timeout, by more than clocks and messages differ.
            leaseMilliseconds: UInt32(clamping: (self.heartbeatTimeout(state) * 2 / 3).milliseconds),
            // The address of a coordinator that is alone may be anything.
            coordinators: self.configuration.isClustered ? coordinators.map(\.description) : nil
        )
    }
}
