import HTTPTypes
import Hummingbird
import NIOCore
import Security

/// Around everything else: holds back who asks too often, and counts what is refused. Comes before the keys, so that
/// they can't be guessed any faster.
struct RefusalGate: RouterMiddleware {
    let security: WorkerSecurity

    @concurrent func handle(
        _ request: Request,
        context: WorkerContext,
        next: @concurrent (Request, WorkerContext) async throws -> Response
    ) async throws -> Response {
        if let limiter = self.security.limiter, Self.isLimited(request),
            let seconds = limiter.take(from: context.client)
        {
            self.security.counters.count(.rateLimited)
            return Response(
                status: .tooManyRequests,
                headers: [.contentType: "application/json", .retryAfter: String(seconds)],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: RateLimiter.body(retryAfterSeconds: seconds)))
            )
        }
        let response = try await next(request, context)
        self.security.counters.count(status: response.status.code)
        return response
    }

    /// Whatever may change something, and connections that go on to.
    private static func isLimited(_ request: Request) -> Bool {
        switch request.method {
        case .get, .head, .options: request.uri.path == "/ws"
        default: true
        }
    }
}
