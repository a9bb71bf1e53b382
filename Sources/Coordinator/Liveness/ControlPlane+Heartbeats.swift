import ClusterAPI
import ClusterControl
import ClusterState
import Raft
import RaftCore

extension ControlPlane {
    /// How long a leader may take to find out that it leads still.
    private static let confirmationPatience = Duration.milliseconds(300)

    /// A worker has spoken to this member. True if the leader has confirmed it.
    func hear(_ heartbeat: HeartbeatRequest, from worker: WorkerID) async -> Bool {
        self.telemetry.heartbeats.add()
        guard self.isLeader else { return await self.relay.carry(heartbeat, from: worker) }
        let report = WorkerReports.Report(heartbeat: heartbeat, received: .now)
        return await self.take([worker: report]).contains(worker)
    }

    /// The leader has heard workers. The reconciler is called if it may have something to do; what silence means, it
    /// judges at its own pace.
    ///
    /// Those are confirmed, and given back, which it has heard while it led, as a quorum knows: whoever leads next gives
    /// each of them a whole timeout from after it spoke. An unhealthy worker is not confirmed, since what it has may be on
    /// its way to others already.
    func take(_ reports: [WorkerID: WorkerReports.Report]) async -> Set<WorkerID> {
        let state = await self.node.local().machine.state
        var isNews = false
        // The word of a process that is not registered any more would make its successor look silent.
        for (worker, report) in reports where report.isOf(state.worker(worker)) {
            if self.reports.note(report.heartbeat, from: worker, at: report.received) { isNews = true }
        }
        if isNews { self.attention.call() }
        // A read that fails says that this member can't tell now: the next heartbeat asks again.
        guard let read = try? await self.node.read(timeout: Self.confirmationPatience), self.isLeader else { return [] }
        let confirmed = reports.filter { worker, report in
            let known = read.machine.state.worker(worker)
            return report.isOf(known) && known?.status != .unhealthy
        }
        return Set(confirmed.keys)
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

extension WorkerReports.Report {
    /// Whether it comes from the process that is registered, as far as it says.
    fileprivate func isOf(_ worker: ClusterState.Worker?) -> Bool {
        guard let worker else { return false }
        return self.heartbeat.incarnation.map { $0 == worker.incarnation.rawValue } ?? true
    }
}
