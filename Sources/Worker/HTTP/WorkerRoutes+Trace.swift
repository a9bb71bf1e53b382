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
            guard let answer = result.trace else { throw .traceTooLate }
            do throws(CheckpointError) {
                return try answer.trace(of: key)
            } catch {
                throw .traceFailed(error)
            }
        case .refused: throw .overloaded
        case .unknown: throw .traceTooLate
        case .stopped: throw Self.stopped(pipeline)
        case .muted: throw .ownershipUnconfirmed
        }
    }
}

extension WorkerAPIError {
    /// What was just saved can be restored; if not, that is a fault of ours.
    fileprivate static func traceFailed(_ error: CheckpointError) -> WorkerAPIError {
        WorkerAPIError(.internalServerError, .engineError, "The pipeline's state cannot be read: \(error.message)")
    }

    fileprivate static let traceTooLate = WorkerAPIError(
        .serviceUnavailable,
        .overloaded,
        "The pipeline did not come to the question in time; try again",
        retryAfterSeconds: 1
    )
}
