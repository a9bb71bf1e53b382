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
            return try await self.reload(pipeline, to: body.source, for: self.tenant(context))
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

    /// The program is checked before anything changes. Should it not start, the one before runs again.
    private func reload(
        _ pipeline: RunningPipeline,
        to source: String,
        for tenant: Tenant
    ) async throws -> Response {
        let spec = pipeline.spec.replacing(source: source)
        let program = try Program(spec, clientIDPrefix: self.configuration.clientIDPrefix)
        if source == pipeline.spec.source {
            return Response.json(.ok, ReloadPipelineResponse(stateKept: true))
        }
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
        guard case .failed(let reason) = successor.progress.phase else {
            return Response.json(.ok, ReloadPipelineResponse(stateKept: false))
        }
        let former = try Program(pipeline.spec, clientIDPrefix: self.configuration.clientIDPrefix)
        _ = try await self.registry.takeBack(successor, to: pipeline.spec, former, for: tenant)
        throw WorkerAPIError(
            .internalServerError,
            .engineError,
            "The program does not start, and the one before runs again: \(reason)"
        )
    }
}
