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
            if lastHeard.duration(to: situation.now) > settings.heartbeatTimeout { self.silent.insert(worker.id) }
        }
        let silent = self.silent
        self.planner = PlacementPlanner(state: situation.state, load: load, strategy: strategy) {
            !silent.contains($0.id)
        }
    }

    /// Whether the worker has spoken to this leader within the timeout.
    func isHeard(_ worker: WorkerID) -> Bool {
        guard let report = self.reports[worker] else { return false }
        return report.receivedAt.duration(to: self.now) <= self.settings.heartbeatTimeout
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
        return Reconciler.Plan(actions: self.actions, backOff: self.backOff)
    }
}
