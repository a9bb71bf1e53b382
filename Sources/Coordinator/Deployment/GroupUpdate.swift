import ClusterAPI
import ClusterControl
import ClusterState
import HTTPTypes
import Hummingbird
import Raft
import RaftCore

extension Deployment {
    /// Has a group run otherwise. What stays as it is goes on undisturbed; what does not start is taken back, by whoever
    /// leads then.
    func update(_ id: GroupID, to spec: PipelineGroupSpec) async throws -> PipelineGroupInfo {
        let state = try await self.plane.state()
        guard let group = state.group(id) else { throw APIError(.notFound, "Pipeline group not found") }
        let desired = spec.state
        if let fault = desired.fault ?? PlacementStrategies.standard.fault(in: desired) {
            throw APIError(.badRequest, "Invalid request body: \(fault)")
        }
        guard desired.name == group.spec.name else {
            throw APIError(.badRequest, "Invalid request body: the name of a group can't be changed")
        }
        try Self.checkPrograms(spec, state)
        try Self.checkBroker(desired, state)
        let workers = try Self.workers(for: group, becoming: desired, state)
        let command = Command.UpdateGroup(
            group: id,
            generation: group.generation,
            spec: desired,
            workers: workers
        )
        try await self.plane.propose(.updateGroup(command), for: self.attempt).check()
        let found = await self.settled(id)
        if case .rolledBack(let reason) = found?.group.phase, found?.group.spec != desired {
            throw Self.failure("\(reason). What ran before runs again")
        }
        return try self.info(found)
    }

    /// Takes an update back that is under way.
    func rollBack(_ id: GroupID) async throws -> PipelineGroupInfo {
        let state = try await self.plane.state()
        guard let group = state.group(id) else { throw APIError(.notFound, "Pipeline group not found") }
        guard case .updating(let previous) = group.phase else {
            throw APIError(.conflict, "The group has no update under way")
        }
        let command = Command.RollBackGroup(
            group: id,
            generation: group.generation,
            reason: "an operator took it back",
            workers: try Self.workers(for: group, becoming: previous, state)
        )
        try await self.plane.propose(.rollBackGroup(command), for: self.attempt).check()
        return try self.info(await self.settled(id))
    }

    private static func workers(
        for group: ClusterState.Group,
        becoming spec: ClusterState.GroupSpec,
        _ state: ClusterState
    ) throws(APIError) -> [WorkerID?] {
        var planner = PlacementPlanner(state: state)
        do throws(PlacementFault) {
            return try planner.place(group, updatedTo: spec)
        } catch {
            throw APIError(
                .serviceUnavailable,
                .noWorkersAvailable,
                "No workers available for deployment: \(error)",
                retryAfterSeconds: 1
            )
        }
    }
}

extension ClusterState.Group {
    var isUpdating: Bool {
        if case .updating = self.phase { true } else { false }
    }
}
