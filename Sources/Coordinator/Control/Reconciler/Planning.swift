internal import ClusterState

/// A plan in the making.
struct Planning {
    let state: ClusterState
    /// All of the state's, ordered by id.
    let groups: [ClusterState.Group]
    let workers: [ClusterState.Worker]
    let settings: Reconciler.Settings
    let now: ControlInstant
    /// Milliseconds since 1970.
    let time: UInt64
    /// Placements whose migrations say where they belong: they are not reassigned.
    var underWay: Set<PlacementKey> = []
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
    private var starts: [WorkerID: Int] = [:]
    private let callFailures: [PlacementKey: CallFailure]
    private var progress: [PlacementKey: PlacementProgress] = [:]

    init(
        _ situation: Situation,
        settings: Reconciler.Settings,
        strategy: some PlacementStrategy,
        backOff: BackOff
    ) {
        self.state = situation.state
        self.groups = situation.state.groups
        self.workers = situation.state.workers
        self.settings = settings
        self.now = situation.now
        self.time = situation.timeMilliseconds
        self.callFailures = situation.callFailures
        self.backOff = backOff
        self.heartbeatTimeout =
            situation.state.settings.heartbeat.map { .milliseconds($0.timeoutMilliseconds) }
            ?? settings.heartbeatTimeout
        var load: [WorkerID: UInt32] = [:]
        for worker in self.workers {
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

    /// Takes places at a worker, if it has them.
    mutating func reserve(_ worker: WorkerID, places: Int) -> Bool {
        self.planner.reserve(worker, places: UInt32(clamping: places))
    }

    /// A worker for each slot that an update adds, where there is one.
    mutating func chooseWorkers(
        forUpdateOf group: ClusterState.Group,
        to spec: ClusterState.GroupSpec
    ) -> [WorkerID?] {
        self.planner.choose(forUpdateOf: group, to: spec).map { choice in
            if case .success(let worker) = choice { worker } else { nil }
        }
    }

    /// Why no worker is found for what is asked.
    func shortage(_ request: PlacementRequest) -> String { self.planner.shortage(request) }

    /// How often a placement's start was tried at this epoch.
    func attempts(atStarting placement: PlacementKey, _ epoch: Epoch) -> Int {
        self.backOff.count(of: .start(placement, epoch))
    }

    /// Notes what a placement that does not run waits for.
    mutating func note(_ key: PlacementKey, _ epoch: Epoch, waitingFor reason: String? = nil) {
        self.progress[key] = PlacementProgress(epoch: epoch, reason: reason)
    }

    /// Notes how often a placement that does not run was tried, when it is tried next, and what went wrong.
    mutating func note(attemptsAt key: PlacementKey, _ placement: ClusterState.Placement) {
        let target = BackOff.Target.start(key, placement.epoch)
        var reason: String?
        if case .failed(let why) = placement.status { reason = why }
        if let failure = self.callFailures[key], failure.epoch == placement.epoch { reason = failure.reason }
        self.progress[key] = PlacementProgress(
            epoch: placement.epoch,
            attempts: self.backOff.count(of: target),
            lastAttempt: self.backOff.lastAttempt(at: target),
            nextAttempt: self.backOff.nextAttempt(at: target, self.settings),
            reason: reason
        )
    }

    /// Has a worker start something, unless the plan has enough for that worker.
    mutating func start(
        _ placement: PlacementKey,
        _ epoch: Epoch,
        at worker: WorkerID,
        _ start: @autoclosure () -> StartPipeline
    ) {
        guard self.starts[worker, default: 0] < self.settings.startsPerWorkerMax else { return }
        if self.act(on: .start(placement, epoch), .startPipeline(start())) { self.starts[worker, default: 0] += 1 }
    }

    /// Whether the target was not tried a short while ago.
    func isDue(_ target: BackOff.Target) -> Bool { self.backOff.isDue(target, now: self.now, self.settings) }

    /// Adds an action, unless its target was tried a short while ago or the plan is full.
    @discardableResult
    mutating func act(on target: BackOff.Target, _ action: @autoclosure () -> Action) -> Bool {
        guard self.actions.count < self.settings.actionsMax else { return false }
        guard self.isDue(target) else { return false }
        self.backOff.attempted(target, now: self.now)
        self.actions.append(action())
        return true
    }

    consuming func finished() -> Reconciler.Plan {
        self.backOff.forget(now: self.now, self.settings)
        return Reconciler.Plan(
            actions: self.actions,
            lost: self.lost.sorted(),
            progress: self.progress,
            backOff: self.backOff
        )
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
