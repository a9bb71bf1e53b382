import ClusterAPI
import HTTPTypes
import Hummingbird

extension WorkerRoutes {
    /// How long a new program is waited for before its answer says that it runs.
    private static let startTimeout: Duration = .seconds(8)

    /// Giving a pipeline another program, and its state, which no program gives yet.
    func addReload(to router: some RouterMethods<WorkerContext>) {
        router.post(":id/reload") { request, context -> Response in
            let pipeline = try await self.pipeline(context)
            let body = try APIJSON.decode(
                ReloadPipelineRequest.self,
                from: try await request.jsonBytes().readableBytesView
            )
            let isSame = body.source == pipeline.spec.source
            if !isSame { _ = try await self.reload(pipeline, to: body.source, for: self.tenant(context)) }
            return Response.json(.ok, ReloadPipelineResponse(stateKept: isSame))
        }
        for verb in ["checkpoint", "restore"] {
            router.post(RouterPath(":id/\(verb)")) { request, context -> Response in
                try Self.checkEpoch(request, try await self.pipeline(context))
                throw WorkerAPIError(
                    .notImplemented,
                    .notImplemented,
                    "This worker's engine does not give its state away yet, so there is nothing to \(verb)"
                )
            }
        }
    }

    /// Runs a program under a name, in the place of the pipeline of that name if there is one.
    func run(_ source: String, as name: String, for tenant: Tenant) async throws -> RunningPipeline {
        let pipelines = await self.registry.pipelines(of: tenant)
        if let pipeline = pipelines.first(where: { $0.spec.name == name && $0.spec.place == nil }) {
            return source == pipeline.spec.source ? pipeline : try await self.reload(pipeline, to: source, for: tenant)
        }
        return try await self.deploy(DeployPipelineRequest(name: name, source: source), for: tenant).pipeline
    }

    /// The program is checked before anything changes. Should it not start, the one before runs again.
    private func reload(
        _ pipeline: RunningPipeline,
        to source: String,
        for tenant: Tenant
    ) async throws -> RunningPipeline {
        let spec = pipeline.spec.replacing(source: source)
        let program = try self.program(spec)
        let successor = try await self.registry.reload(pipeline, spec, program, for: tenant)
        guard await successor.progress.engineDecided.value(within: Self.startTimeout) != nil else {
            var error = WorkerAPIError(
                .gatewayTimeout,
                .outcomeUnknown,
                "The program is taken, but the one before has not ended yet"
            )
            error.body.outcome = .unknown
            throw error
        }
        tenant.retire(pipeline.progress.counters)
        guard let reason = successor.progress.failure else { return successor }
        let former = try self.program(pipeline.spec)
        _ = try await self.registry.takeBack(successor, to: pipeline.spec, former, for: tenant)
        throw WorkerAPIError(
            .internalServerError,
            .engineError,
            "The program does not start, and the one before runs again: \(reason)"
        )
    }
}
