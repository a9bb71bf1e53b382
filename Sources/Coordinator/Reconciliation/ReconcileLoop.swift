import ClusterAPI
import ClusterControl
import ClusterState
import Logging
import Raft
import RaftCore
import Synchronization

/// Makes what runs agree with what should run, while this member leads.
///
/// Each pass looks at the whole situation anew, so it doesn't matter what an earlier leader had begun. A pass runs
/// when somebody calls for attention and at a steady pace besides.
struct ReconcileLoop: Sendable {
    let plane: ControlPlane
    private let reconciler: Reconciler
    private let pace: Duration
    /// Calls to workers under way at once. What finds no room waits for a later pass.
    static let callsMax = 64
    private let calls = CallsUnderWay()

    init(_ plane: ControlPlane) {
        self.plane = plane
        let configuration = plane.configuration
        self.reconciler = Reconciler(
            settings: Reconciler.Settings(
                heartbeatTimeout: configuration.heartbeatTimeout,
                retryFirst: .milliseconds(500),
                retryMax: .seconds(15)
            )
        )
        self.pace = min(.milliseconds(500), configuration.heartbeatInterval / 2)
    }

    /// One office: from winning an election to losing it.
    private struct Office {
        var term: Term
        var since: ContinuousClock.Instant
        var lastPass: ContinuousClock.Instant
        var backOff = BackOff()
    }

    /// Runs until the task is cancelled. A worker that answers slowly, or not at all, holds up nothing but its own call.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask {
                while !Task.isCancelled {
                    try? await Task.sleep(for: self.pace)  // ends early only when the task does
                    self.plane.attention.call()
                }
            }
            var office: Office?
            for await _ in self.plane.attention.rings {
                if Task.isCancelled { break }
                for (target, call) in await self.pass(&office) where self.calls.begin(target, atMost: Self.callsMax) {
                    group.addTask {
                        await call()
                        self.calls.end(target)
                    }
                }
            }
            group.cancelAll()
        }
    }

    private typealias Call = (target: CallsUnderWay.Target, run: @Sendable () async -> Void)

    /// Looks, decides and proposes; returns the calls to workers that are to be made.
    private func pass(_ office: inout Office?) async -> [Call] {
        guard self.plane.isLeader, let applied = try? await self.plane.node.read(timeout: .seconds(1)) else {
            office = nil  // not the leader, or not sure enough of it to act
            return []
        }
        let term = self.plane.node.status.consensus.term
        let now = ContinuousClock.now
        if office?.term != term {
            // Whatever this member heard in an earlier office is old; every worker gets a full timeout.
            self.plane.reports.forgetAll()
            office = Office(term: term, since: now, lastPass: now)
        }
        guard var current = office else { return [] }
        // A leader that was stopped for a while must not take its own absence for the workers' silence.
        if now - current.lastPass > self.plane.configuration.heartbeatTimeout { current.since = now }
        current.lastPass = now

        let origin = current.since
        let situation = Situation(
            state: applied.machine.state,
            reports: self.plane.reports.all.mapValues { Self.report($0, since: origin) },
            leaderSince: ControlInstant(sinceOrigin: .zero),
            now: ControlInstant(sinceOrigin: now - origin)
        )
        let plan = self.reconciler.plan(situation, backOff: current.backOff)
        current.backOff = plan.backOff
        office = current
        self.plane.lastSweep.value = Health.Sweep(
            workersChecked: situation.state.workerCount,
            workersMarkedUnhealthy: plan.actions.count { $0.marksUnhealthy }
        )
        // Proposals in order, since they decide what the rest is worth.
        for case .propose(let command) in plan.actions {
            if command.marksUnhealthy { self.note(command) }
            do { _ = try await self.plane.propose(command) } catch { return [] }  // the next pass asks again
        }
        return plan.actions.compactMap { self.call(for: $0, situation.state) }
    }

    private static func report(
        _ report: WorkerReports.Report,
        since origin: ContinuousClock.Instant
    ) -> WorkerReport {
        WorkerReport(
            incarnation: report.heartbeat.incarnation.map { WorkerIncarnation($0) },
            receivedAt: ControlInstant(sinceOrigin: report.received - origin),
            pipelinesRunning: report.heartbeat.pipelinesRunning,
            inventory: report.heartbeat.pipelines?.compactMap(ReportedPipeline.init)
        )
    }

    // MARK: Acting

    private func call(for action: Action, _ state: ClusterState) -> Call? {
        switch action {
        case .propose: return nil
        case .startPipeline(let start):
            guard let worker = state.worker(start.worker) else { return nil }
            return (
                .init(worker: start.worker, placement: start.placement), { await self.start(start, at: worker.address) }
            )
        case .stopPipeline(let stop):
            guard let worker = state.worker(stop.worker) else { return nil }
            return (
                .init(worker: stop.worker, placement: stop.placement), { await self.stop(stop, at: worker.address) }
            )
        }
    }

    private func start(_ start: StartPipeline, at address: String) async {
        do {
            let request = DeployPipelineRequest(
                name: start.placement.name,
                source: start.source,
                groupID: start.placement.group.rawValue,
                epoch: start.epoch.rawValue,
                connectors: try start.connectors.map(self.plane.secrets.open)
            )
            let answer = try await self.plane.workers.deploy(request, at: address)
            await self.report(start, answer)
        } catch let failure as WorkerClient.Failure {
            self.plane.logger.warning(
                "pipeline not started",
                metadata: [
                    "pipeline": "\(start.placement)", "worker": "\(start.worker)", "epoch": "\(start.epoch)",
                    "reason": "\(failure)",
                ]
            )
            // A refusal is the worker's word; no answer says nothing about the pipeline.
            guard let status = failure.status, status != 409, status < 500 else { return }
            await self.propose(start, .failed(failure.description), id: "")
        } catch {
            await self.propose(start, .failed("its connectors can't be read: \(error)"), id: "")
        }
    }

    /// Records what the worker answered, without waiting for its next heartbeat.
    private func report(_ start: StartPipeline, _ answer: DeployPipelineResponse) async {
        if answer.status == .running {
            await self.propose(start, .running, id: answer.id)
        } else if let message = answer.status.errorMessage {
            await self.propose(start, .failed(message), id: answer.id)
        }
    }

    private func propose(_ start: StartPipeline, _ status: ClusterState.Placement.Status, id: String) async {
        let report = Command.ReportPlacement(
            placement: start.placement,
            epoch: start.epoch,
            status: status,
            pipelineID: id
        )
        _ = try? await self.plane.propose(.reportPlacement(report))  // else the worker's next heartbeat says the same
    }

    private func stop(_ stop: StopPipeline, at address: String) async {
        do throws(WorkerClient.Failure) {
            try await self.plane.workers.undeploy(stop.pipelineID, epoch: stop.epoch.rawValue, at: address)
            self.plane.logger.info(
                "orphan stopped",
                metadata: ["pipeline": "\(stop.placement)", "worker": "\(stop.worker)", "epoch": "\(stop.epoch)"]
            )
        } catch {
            self.plane.logger.warning(
                "orphan not stopped",
                metadata: ["pipeline": "\(stop.placement)", "worker": "\(stop.worker)", "reason": "\(error)"]
            )
        }
    }

    private func note(_ command: Command) {
        guard case .setWorkerStatus(let change) = command else { return }
        self.plane.logger.warning(
            "worker marked unhealthy, triggering failover",
            metadata: ["worker": "\(change.worker)"]
        )
    }
}

/// Which placements have a call under way, and to which worker.
private final class CallsUnderWay: Sendable {
    struct Target: Hashable {
        var worker: WorkerID
        var placement: PlacementKey
    }

    private let targets = Mutex<Set<Target>>([])

    /// False if the target has one already, or too many are under way.
    func begin(_ target: Target, atMost limit: Int) -> Bool {
        self.targets.withLock { $0.count < limit && $0.insert(target).inserted }
    }

    func end(_ target: Target) { self.targets.withLock { _ = $0.remove(target) } }
}

extension Command {
    fileprivate var marksUnhealthy: Bool {
        if case .setWorkerStatus(let change) = self { change.to == .unhealthy } else { false }
    }
}

extension Action {
    fileprivate var marksUnhealthy: Bool {
        if case .propose(let command) = self { command.marksUnhealthy } else { false }
    }
}

extension ReportedPipeline {
    /// Nil for a pipeline that the cluster did not deploy.
    fileprivate init?(_ report: PipelineReport) {
        guard let group = report.groupID, let epoch = report.epoch else { return nil }
        let status: Status =
            if report.status == .running {
                .running
            } else if report.status == .starting {
                .starting
            } else if let message = report.status.errorMessage {
                .failed(message)
            } else {
                .stopped
            }
        self.init(
            id: report.id,
            placement: PlacementKey(group: GroupID(group), name: report.name),
            epoch: Epoch(epoch),
            status: status
        )
    }
}
