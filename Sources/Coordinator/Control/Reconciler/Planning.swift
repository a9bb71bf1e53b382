internal import ClusterState

/// A plan in the making.
struct Planning {
    let state: ClusterState
    let settings: Reconciler.Settings
    let now: ControlInstant
    /// The words of registered processes; those of others are left out.
    private(set) var reports: [WorkerID: WorkerReport] = [:]
    /// Workers that have been silent for too long, whatever the state says of them.
    private(set) var silent: Set<WorkerID> = []
    /// Those of them that a probe did not find, which need not be waited for.
    private(set) var lost: Set<WorkerID> = []
    private let heartbeatTimeout: Duration
    private(set) var planner: PlacementPlanner
    private(set) var backOff: BackOff
    private var actions: [Action] = []

    init(
        _ situation: Situation,
        settings: Reconciler.Settings,
        strategy: some PlacementStrategy,
        backOff: BackOff
    ) {
        self.state = situation.state
        self.settings = settings
        self.now = situation.now
        self.backOff = backOff
        self.heartbeatTimeout =
            situation.state.settings.heartbeat.map { .milliseconds($0.timeoutMilliseconds) }
            ?? settings.heartbeatTimeout
        var load: [WorkerID: UInt32] = [:]
        for worker in situation.state.workers {
            var lastHeard = situation.leaderSince
            if let report = situation.reports[worker.id],
                (report.incarnation ?? worker.incarnation) == worker.incarnation
            {
                self.reports[worker.id] = report
                load[worker.id] = report.pipelinesRunning
                lastHeard = max(lastHeard, report.receivedAt)
            }
            if lastHeard.duration(to: situation.now) > self.heartbeatTimeout { self.silent.insert(worker.id) }
            if situation.isLost(worker, lastReport: self.reports[worker.id]) {
                self.silent.insert(worker.id)
                self.lost.insert(worker.id)
            }
        }
        let silent = self.silent
        self.planner = PlacementPlanner(state: situation.state, load: load, strategy: strategy) {
            !silent.contains($0.id)
        }
    }

    /// Whether the worker has spoken to this leader within the timeout, and was not lost since.
    func isHeard(_ worker: WorkerID) -> Bool {
        guard let report = self.reports[worker], !self.lost.contains(worker) else { return false }
        return report.receivedAt.duration(to: self.now) <= self.heartbeatTimeout
    }

    mutating func chooseWorker(_ request: PlacementRequest) -> WorkerID? { self.planner.choose(request) }

    /// Adds an action, unless its target was tried a short while ago or the plan is full.
    mutating func act(on target: BackOff.Target, _ action: @autoclosure () -> Action) {
        guard self.actions.count < self.settings.actionsMax else { return }
        guard self.backOff.isDue(target, now: self.now, self.settings) else { return }
        self.backOff.attempted(target, now: self.now)
        self.actions.append(action())
    }

    consuming func finished() -> Reconciler.Plan {
        self.backOff.forget(now: self.now, self.settings)
        return Reconciler.Plan(actions: self.actions, lost: self.lost.sorted(), backOff: self.backOff)
    }
}

extension Situation {
    /// Whether the registered process has lost its session, was not found by a probe, and has not been heard since. What
    /// happened before this member led, or while it was paused, is not held against anybody.
    fileprivate func isLost(_ worker: ClusterState.Worker, lastReport: WorkerReport?) -> Bool {
        guard let loss = self.losses[worker.id], loss.incarnation == worker.incarnation else { return false }
        guard let probed = loss.probeFailedAt, loss.lostAt >= self.leaderSince, probed >= loss.lostAt else {
            return false
        }
        return lastReport.map { $0.receivedAt <= probed } ?? true
    }
}
