import ClusterAPI
import Engine
import Hummingbird

extension WorkerRoutes {
    /// What a pipeline holds of a key: its open runs, and what they wait for.
    func addTrace(to router: some RouterMethods<WorkerContext>) {
        router.get(":id/trace") { request, context -> Response in
            let pipeline = try await self.pipeline(context)
            guard let key = request.uri.queryParameters["key"] else {
                throw WorkerAPIError(.badRequest, "Invalid query parameters: `key` is missing")
            }
            return Response.json(.ok, try await Self.trace(of: String(key), in: pipeline))
        }
    }

    /// Asks the pipeline's own thread, after what waits there already.
    private static func trace(of key: String, in pipeline: RunningPipeline) async throws(WorkerAPIError) -> KeyTrace {
        switch await pipeline.inject(.question(key: key), within: Self.injectTimeout) {
        case .processed(let result):
            guard case .trace(let trace) = result.trace else { throw .tracesNothing }
            return trace
        case .refused: throw .overloaded
        case .unknown: throw .traceTooLate
        case .stopped: throw Self.stopped(pipeline)
        case .muted: throw .ownershipUnconfirmed
        }
    }
}

extension WorkerAPIError {
    fileprivate static let tracesNothing = WorkerAPIError(
        .conflict,
        "The pipeline runs over columns, which cannot be traced yet; `varpulis trace` traces its program over a file"
    )

    fileprivate static let traceTooLate = WorkerAPIError(
        .serviceUnavailable,
        .overloaded,
        "The pipeline did not come to the question in time; try again",
        retryAfterSeconds: 1
    )
}
