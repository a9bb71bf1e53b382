import HTTPTypes
import Hummingbird
import Logging

/// Stands before everything else: names each request, counts and times it, writes it down, and lets browsers ask.
///
/// What comes from within (another member's request, or one that the lean path gave up) has been through a door before.
struct Doorkeeper: RouterMiddleware {
    let telemetry: Telemetry

    @concurrent func handle(
        _ request: Request,
        context: APIContext,
        next: @concurrent (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        if context.isInternal {
            context.logger[metadataKey: "request"] = "\(context.requestID)"
            context.logger.debug("request from within", metadata: ["path": "\(request.uri.path)"])
            return try await next(request, context)
        }
        let started = ContinuousClock.now
        context.requestID = RequestID.of(request.headers)
        context.logger[metadataKey: "request"] = "\(context.requestID)"
        var response =
            CrossOrigin.isPreflight(request) ? CrossOrigin.preflight : try await next(request, context)
        CrossOrigin.mark(&response, to: request)
        response.headers[RequestID.header] = context.requestID
        let took = ContinuousClock.now - started
        self.telemetry.http.note(request.method, context.endpointPath, response.status.code, took)
        context.logger.info(
            "request",
            metadata: [
                "method": "\(request.method.rawValue)", "path": "\(request.uri.path)",
                "status": "\(response.status.code)", "latency_ms": "\(Double(took.microseconds) / 1_000)",
                "remote": "\(context.remote ?? "unknown")",
            ]
        )
        return response
    }
}

extension Duration {
    var microseconds: Int64 { self.components.seconds * 1_000_000 + self.components.attoseconds / 1_000_000_000_000 }
}
