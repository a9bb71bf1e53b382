import ClusterAPI
import ClusterState
import HTTPTypes
import Hummingbird
import Raft
import RaftCore

extension Routes {
    func addGroups(to router: RouterGroup<APIContext>) {
        router.post("validate") { request, context -> Response in
            try context.require(.viewer)
            let body = try await request.body(of: ValidateRequest.self)
            let connectors = await self.plane.node.local().machine.state.connectors
            let findings = ProgramCheck.diagnostics(of: body.source, connectors: connectors)
            return .json(
                .ok,
                ValidateResponse(valid: !findings.contains { $0.severity == .error }, diagnostics: findings)
            )
        }
        let time = LeaderGate.TimeAllowed { request throws(APIError) in
            guard request.method == .post || request.method == .put else { return LeaderGate.deadline }
            return max(LeaderGate.deadline, try Deployment.Wishes(request).patience + .seconds(7))
        }
        let led = router.add(middleware: LeaderGate(plane: self.plane, readsAnywhere: true, time: time))
        led.post("pipeline-groups") { request, context -> Response in
            try context.require(.operator)
            let deployment = try self.deployment(request, context)
            let spec = try await request.body(of: PipelineGroupSpec.self)
            return Response.json(.created, try await deployment.run(spec))
        }
        led.put("pipeline-groups/:id") { request, context -> Response in
            try context.require(.operator)
            let deployment = try self.deployment(request, context)
            let id = GroupID(try context.parameter("id"))
            let spec = try await request.body(of: PipelineGroupSpec.self)
            return Response.json(.ok, try await deployment.update(id, to: spec))
        }
        led.post("pipeline-groups/:id/rollback") { request, context -> Response in
            try context.require(.operator)
            let deployment = try self.deployment(request, context)
            return Response.json(.ok, try await deployment.rollBack(GroupID(try context.parameter("id"))))
        }
        led.get("pipeline-groups") { request, context -> Response in
            try context.require(.viewer)
            let state = try await self.state(for: request)
            return Response.json(.ok, Page(try request.page, of: state.groups, state.info))
        }
        // The leader alone knows what waits for what.
        router.add(middleware: LeaderGate(plane: self.plane)).get("pipeline-groups/:id") {
            request,
            context -> Response in
            try context.require(.viewer)
            let id = GroupID(try context.parameter("id"))
            let state = try await self.state(for: request)
            guard let group = state.group(id) else { throw APIError(.notFound, "Pipeline group not found") }
            return Response.json(.ok, state.info(group, self.plane.progress.of))
        }
        led.delete("pipeline-groups/:id") { _, context -> Response in
            try context.require(.admin)
            let id = GroupID(try context.parameter("id"))
            try await self.plane.propose(
                .deleteGroup(.init(group: id)),
                for: context.attempt,
                answering: context.attempt?.answer(.ok, TornDownResponse())
            ).check()
            return Response.json(.ok, TornDownResponse())
        }
    }

    private func deployment(_ request: Request, _ context: APIContext) throws(APIError) -> Deployment {
        Deployment(plane: self.plane, attempt: context.attempt, wishes: try Deployment.Wishes(request))
    }
}
