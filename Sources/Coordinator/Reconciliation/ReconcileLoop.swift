import ClusterAPI
import ClusterControl
import ClusterState
import Logging
import NIOCore
import NIOPosix
import Raft
import RaftCore

/// Makes what runs agree with what should run, while this member leads.
///
/// Each pass looks at the whole situation anew, so it doesn't matter what an earlier leader had begun. A pass runs
/// when somebody calls for attention and at a steady pace besides. It waits for proposals, never for workers.
struct ReconcileLoop: Sendable {
    let plane: ControlPlane
    private let reconciler: Reconciler
    private let pace: Duration
    private let calls = WorkerCalls()
    /// Shorter than that of requests: the next pass proposes again what is wanted then.
    private static let proposalTimeout = Duration.seconds(2)

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
                let began = ContinuousClock.now
                for worker in await self.pass(&office) {
                    group.addTask { await self.calls.run(worker) }
                }
                // Whatever is proposed calls for the next pass, and each looks at everything: they keep a distance, so that
                // the cluster's size decides how much one pass takes in, and not how much of a processor they all do.
                let distance = min(max(.now - began, .milliseconds(5)), .milliseconds(50))
                try? await Task.sleep(for: distance)  // ends early only when the task does
            }
            group.cancelAll()
        }
    }

    /// Returns the workers for whose calls one more task is wanted.
    private func pass(_ office: inout Office?) async -> [WorkerID] {
        guard self.plane.isLeader, let applied = try? await self.plane.node.read(timeout: .seconds(1)) else {
            if !self.plane.isLeader {
                self.plane.telemetry.reconciling.forget()
                self.plane.progress.forget()
            }
            return []  // not the leader, or not sure enough of it to act
        }
        let term = self.plane.node.status.consensus.term
        let now = ContinuousClock.now
        if office?.term != term {
            // Whatever this member heard in an earlier office is old; every worker gets a full timeout.
            self.plane.reports.forgetAll()
            office = Office(term: term, now: now)
        }
        guard var current = office else { return [] }
        let state = applied.machine.state
        self.plane.rates.note(self.plane.reports.all)
        current.beginPass(at: now, heartbeatTimeout: self.plane.heartbeatTimeout(state))
        let situation = Situation(
            state: state,
            reports: self.plane.reports.all.mapValues { Self.report($0, in: current) },
            losses: self.plane.losses.known(to: current, state, self.plane.reports.all),
            callFailures: self.plane.troubles.all,
            leaderSince: current.leaderSince,
            now: current.moment(of: now),
            timeMilliseconds: WallClock.milliseconds
        )
        let plan = self.reconciler.plan(situation, backOff: current.backOff)
        self.plane.progress.note(plan.progress)
        for worker in plan.actions.compactMap(\.workerMarkedUnhealthy) {
            self.plane.logger.warning(
                plan.lost.contains(worker)
                    ? "worker lost, triggering failover" : "worker marked unhealthy, triggering failover",
                metadata: ["worker": "\(worker)"]
            )
        }
        let telemetry = self.plane.telemetry
        telemetry.reconciling.note(situation.state, openTargets: plan.backOff.count, at: now)
        telemetry.reconciling.note(plan.actions)
        telemetry.sweeps.note(workers: situation.state.workerCount, .now - now)
        let wanted = await self.carryOut(plan.actions, situation.state)
        // What could not be proposed was not tried.
        if wanted != nil { current.backOff = plan.backOff }
        office = current
        self.plane.lastSweep.value = Health.Sweep(
            workersChecked: situation.state.workerCount,
            workersMarkedUnhealthy: plan.actions.count { $0.workerMarkedUnhealthy != nil }
        )
        return wanted ?? []
    }

    private static func report(_ report: WorkerReports.Report, in office: Office) -> WorkerReport {
        WorkerReport(
            incarnation: report.heartbeat.incarnation.map { WorkerIncarnation($0) },
            receivedAt: office.moment(of: report.received),
            pipelinesRunning: report.heartbeat.pipelinesRunning,
            inventory: report.heartbeat.pipelines?.compactMap(ReportedPipeline.init)
        )
    }

    // MARK: Acting

    /// Proposals first and in order, since they decide what the rest is worth; calls to workers are queued. Nil if not all
    /// of them came into the log: the next pass asks again.
    private func carryOut(_ actions: [Action], _ state: ClusterState) async -> [WorkerID]? {
        let commands = actions.compactMap(\.proposal)
        let failed = await self.propose(commands)
        if failed > 0 {
            self.plane.telemetry.reconciling.failedProposals.add(UInt64(failed))
            return nil
        }
        for case .advanceMigration(let step) in commands { self.note(step, state) }
        if commands.contains(where: \.concernsPlacements) { self.plane.attention.call() }
        var wanted: [WorkerID] = []
        for action in actions {
            guard let (worker, call) = self.call(for: action, state) else { continue }
            if self.calls.add(call, to: worker) { wanted.append(worker) }
        }
        return wanted
    }

    /// Proposes all of them without waiting for each: every one names what it has seen, and is refused where that has
    /// changed. Returns how many may not have come into the log.
    private func propose(_ commands: [Command]) async -> Int {
        if commands.isEmpty { return 0 }
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let answers = commands.map { command in
            let answer = loop.makePromise(of: Bool.self)
            self.plane.node.propose(
                Submission(.command(command)).encoded(),
                timeout: Self.proposalTimeout,
                from: loop
            ) { result in
                if case .success(let response) = result, case .applied = response.outcome {
                    answer.succeed(true)
                } else {
                    answer.succeed(false)
                }
            }
            return answer.futureResult
        }
        let all = try? await EventLoopFuture.whenAllSucceed(answers, on: loop).get()  // none of them fails
        return all?.count { !$0 } ?? commands.count
    }

    /// A migration may have come to its end with this step.
    private func note(_ step: Command.AdvanceMigration, _ state: ClusterState) {
        guard !step.to.isOpen, let migration = state.migration(step.migration) else { return }
        let took = WallClock.milliseconds - min(WallClock.milliseconds, migration.startedMilliseconds)
        self.plane.telemetry.migrations.note(isSuccess: step.to == .completed, .milliseconds(took))
    }

    private func call(for action: Action, _ state: ClusterState) -> (WorkerID, WorkerCalls.Call)? {
        switch action {
        case .propose: return nil
        case .startPipeline(let start):
            guard let worker = state.worker(start.worker) else { return nil }
            let call = WorkerCalls.Call(target: .start(start.placement, start.epoch)) {
                // It may have waited, and what it is about may have changed.
                guard await self.isWanted(start) else { return }
                await self.start(start, at: worker)
            }
            return (start.worker, call)
        case .stopPipeline(let stop):
            guard let worker = state.worker(stop.worker) else { return nil }
            let call = WorkerCalls.Call(target: .stop(pipelineID: stop.pipelineID, stop.epoch)) {
                guard self.plane.isLeader else { return }
                await self.stop(stop, at: worker)
            }
            return (stop.worker, call)
        }
    }

    private func isWanted(_ start: StartPipeline) async -> Bool {
        guard self.plane.isLeader, !Task.isCancelled else { return false }
        let placement = await self.plane.node.local().machine.state.placement(start.placement)
        return placement?.epoch == start.epoch && placement?.worker == start.worker
    }

    private func start(_ start: StartPipeline, at worker: ClusterState.Worker) async {
        do {
            let request = DeployPipelineRequest(
                name: start.placement.name,
                source: start.source,
                groupID: start.placement.group.rawValue,
                epoch: start.epoch.rawValue,
                connectors: try start.connectors.map(self.plane.secrets.open),
                outputs: start.routes.outputs.isEmpty ? nil : start.routes.outputs.map(RouteOutput.init),
                inputs: start.routes.inputs.isEmpty ? nil : start.routes.inputs.map(RouteInput.init),
                replica: ReplicaShare(start.routes)
            )
            let answer = try await self.plane.workers.deploy(request, at: worker)
            self.plane.troubles.forget(start.placement)
            await self.report(start, answer)
        } catch let failure as WorkerClient.Failure {
            self.plane.telemetry.reconciling.failedStarts.add()
            self.plane.troubles.note(failure.description, with: start.placement, at: start.epoch)
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

    private func stop(_ stop: StopPipeline, at worker: ClusterState.Worker) async {
        do throws(WorkerClient.Failure) {
            try await self.plane.workers.undeploy(stop.pipelineID, epoch: stop.epoch.rawValue, at: worker)
            self.plane.logger.info(
                "orphan stopped",
                metadata: ["pipeline": "\(stop.placement)", "worker": "\(stop.worker)", "epoch": "\(stop.epoch)"]
            )
        } catch {
            self.plane.telemetry.reconciling.failedStops.add()
            self.plane.logger.warning(
                "orphan not stopped",
                metadata: ["pipeline": "\(stop.placement)", "worker": "\(stop.worker)", "reason": "\(error)"]
            )
        }
    }
}

extension Action {
    fileprivate var proposal: Command? {
        if case .propose(let command) = self { command } else { nil }
    }

    fileprivate var workerMarkedUnhealthy: WorkerID? {
        guard case .propose(.setWorkerStatus(let change)) = self, change.to == .unhealthy else { return nil }
        return change.worker
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
