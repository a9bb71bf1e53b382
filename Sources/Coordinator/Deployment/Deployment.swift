import ClusterAPI
import ClusterControl
import ClusterState
import HTTPTypes
import Hummingbird
import Raft
import RaftCore
import Synchronization
import VPL

/// Has a group run.
///
/// Everything that can be refused is refused before anything is logged; what is committed will be carried out, by this
/// leader or the next. An atomic deploy ends with all of it running, or with the group withdrawn and the reason told:
/// the withdrawal and the answer are one entry of the log, so whoever asks again under the same name, of whichever
/// leader, gets the same answer.
struct Deployment {
    let plane: ControlPlane
    let attempt: Attempt?
    let wishes: Wishes

    /// What the sender asks for besides the group.
    struct Wishes: Hashable, Sendable {
        /// How long to wait for the pipelines to run before saying how far they are.
        var patience = Duration.seconds(8)
        var isAtomic = false
        static let secondsMax = 60
    }

    func run(_ spec: PipelineGroupSpec) async throws -> PipelineGroupInfo {
        let started = ContinuousClock.now
        let state = try await self.plane.state()
        let desired = spec.state
        if let fault = desired.fault ?? PlacementStrategies.standard.fault(in: desired) {
            throw APIError(.badRequest, "Invalid request body: \(fault)")
        }
        let existing = state.group(named: desired.name)
        if let existing {
            guard existing.spec == desired else {
                try StateResponse.refused(.groupExists(existing.id)).check()
                throw APIError(.conflict, .groupExists, "Another pipeline group has this name")
            }
            if !self.wishes.isAtomic { return try self.info(await self.settled(existing.id)) }
        } else {
            try Self.checkPrograms(spec, state)
            try Self.checkBroker(desired, state)
        }
        let answer =
            try await existing == nil
            ? self.place(desired, state)
            // Of a group that exists nobody asks where to put it.
            : self.propose(desired, on: desired.slots.map { _ in nil })
        try answer.check()
        guard case .group(let id, let isCreated) = answer else { throw APIError.unexpected }
        let found = await self.settled(id)
        self.plane.telemetry.deploys.note(isSuccess: found?.group.isComplete == true, .now - started)
        if self.wishes.isAtomic, found?.group.isComplete != true {
            throw try await self.withdraw(id, found?.group, isOurs: isCreated)
        }
        return try self.info(found)
    }

    /// A group, and the state in which it was found.
    struct Found {
        var group: ClusterState.Group
        var state: ClusterState
    }

    func info(_ found: Found?) throws(APIError) -> PipelineGroupInfo {
        guard let found else { throw APIError(.notFound, .groupNotFound, "The pipeline group was deleted meanwhile") }
        return found.state.info(found.group, self.plane.progress.of)
    }

    // MARK: Before

    /// How often workers are chosen anew because others had filled the chosen ones meanwhile.
    private static let triesMax = 3

    /// Chooses workers, and has the group placed on them.
    private func place(_ desired: ClusterState.GroupSpec, _ state: ClusterState) async throws -> StateResponse {
        let count = UInt64(desired.slots.count)
        var state = state
        for tries in 1... {
            // Who chooses at the same time, from the same state, is to choose others.
            let (_, taken) = self.plane.placing.add(count, ordering: .relaxed)
            defer { self.plane.placing.subtract(count, ordering: .relaxed) }
            let workers = try Self.plan(desired, state, turnsTaken: taken - count)
            let answer = try await self.propose(desired, on: workers)
            guard case .refused(.preconditionFailed(.workerUnavailable)) = answer, tries < Self.triesMax else {
                return answer
            }
            state = try await self.plane.state()
        }
        throw APIError.unexpected
    }

    private func propose(_ desired: ClusterState.GroupSpec, on workers: [WorkerID?]) async throws -> StateResponse {
        let command = Command.DeployGroup(group: GroupID(try RandomUUID.text()), spec: desired, workers: workers)
        return try await self.plane.propose(.deployGroup(command), for: self.attempt)
    }

    private static func plan(
        _ desired: ClusterState.GroupSpec,
        _ state: ClusterState,
        turnsTaken: UInt64
    ) throws(APIError) -> [WorkerID?] {
        var planner = PlacementPlanner(state: state, turnsTaken: turnsTaken)
        let fault: PlacementFault
        do throws(PlacementFault) { return try planner.place(desired).workers } catch { fault = error }
        let ready = state.workers.filter { $0.status == .ready }
        let free = ready.reduce(0) { $0 + Int($1.capacity.pipelinesMax) - Int($1.assignedCount) }
        throw APIError(
            .serviceUnavailable,
            .noWorkersAvailable,
            "No workers available for deployment: \(desired.slots.count) pipelines and replicas need a place, and "
                + "\(ready.count) ready workers have \(max(0, free)) left; \(fault)"
                + (desired.companies.isEmpty ? "" : " (without a `broker`, routes connect pipelines of one worker)"),
            retryAfterSeconds: 1
        )
    }

    /// What carries the routes must be there, and must be a broker.
    static func checkBroker(_ desired: ClusterState.GroupSpec, _ state: ClusterState) throws(APIError) {
        guard let name = desired.broker else { return }
        guard let connector = state.connector(name) else {
            throw APIError(.badRequest, .connectorValidation, "The routes' `broker` names no connector: \(name)")
        }
        guard connector.type == "mqtt" else {
            throw APIError(
                .badRequest,
                .connectorValidation,
                "The routes' `broker` must be a connector of type mqtt; \(name) is of type \(connector.type)"
            )
        }
    }

    static func checkPrograms(_ spec: PipelineGroupSpec, _ state: ClusterState) throws(APIError) {
        let connectors = state.connectors
        for pipeline in spec.pipelines { try self.checkProgram(pipeline, connectors) }
    }

    private static func checkProgram(
        _ pipeline: PipelineSpec,
        _ connectors: [ClusterState.Connector]
    ) throws(APIError) {
        let findings = ProgramCheck.diagnostics(of: pipeline.source, connectors: connectors)
        let errors = findings.filter { $0.severity == .error }
        guard let first = errors.first else { return }
        var error = APIError(
            .badRequest,
            .parseError,
            "Pipeline \(pipeline.name), line \(first.line), column \(first.column): \(first.message)"
        )
        error.body.diagnostics = errors
        throw error
    }

    // MARK: After

    /// The group once all its pipelines run or have failed, or as it is when the patience is at its end. Nil if it is
    /// gone.
    func settled(_ id: GroupID) async -> Found? {
        var deadline = ContinuousClock.now + self.wishes.patience
        // The answer has a way to go, and a withdrawal before it.
        if let attempt { deadline = min(deadline, attempt.deadline - .seconds(self.wishes.isAtomic ? 3 : 1)) }
        // Many may wait at once, and each change of the state would wake them all: they look ever more rarely.
        var pause = Duration.milliseconds(2)
        var isPatient = true
        while true {
            let look = await self.look(at: id, isLast: !isPatient || deadline <= .now)
            switch look {
            case .gone: return nil
            case .found(let found): return found
            case .unsettled(let index):
                do throws(ReadError) {
                    try await self.plane.node.applied(beyond: index, waiting: max(deadline - .now, .zero))
                } catch {
                    isPatient = false  // too many wait; the group is deployed all the same
                    continue
                }
                try? await Task.sleep(for: min(pause, max(deadline - .now, .zero)))  // ends early only with the request
                pause = min(pause * 2, .milliseconds(40))
            }
        }
    }

    private enum Look {
        case gone
        case found(Found)
        /// Not at this index yet. The state is not held while its next change is waited for: it would be copied then.
        case unsettled(LogIndex)
    }

    private func look(at id: GroupID, isLast: Bool) async -> Look {
        let local = await self.plane.node.local()
        guard let group = local.machine.state.group(id) else { return .gone }
        let isSettled = group.isSettled && !group.isUpdating
        let isLost = self.wishes.isAtomic && group.placements.contains { $0.status.isFailure }
        if isSettled || isLost || isLast { return .found(Found(group: group, state: local.machine.state)) }
        return .unsettled(local.index)
    }
}
