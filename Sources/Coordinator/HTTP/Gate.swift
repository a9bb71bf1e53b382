import ClusterAPI
import ClusterState
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Security

/// Turns whatever goes wrong into the API's error body, counts nobody in without a key, and holds back who asks too often.
struct Gate: RouterMiddleware {
    let keys: KeyRing
    /// Nil if requests are not limited.
    let limiter: RateLimiter?
    let counters: RefusalCounters
    /// What there is to be asked for.
    var paths: KnownPaths?
    /// This member's own state, as far as it has got.
    let state: @Sendable () async -> ClusterState
    static let keyHeader = HTTPField.Name("x-api-key")!  // a literal token, checked by the tests

    @concurrent func handle(
        _ request: Request,
        context: APIContext,
        next: @concurrent (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        if context.caller == nil {
            if let refusal = self.turnAway(request) ?? self.limit(request, from: context.client) { return refusal }
            let key = request.headers[Self.keyHeader].map { Array($0.utf8) }
            context.caller = await self.keys.caller(showing: key, in: self.state)
        }
        do {
            let response = try await next(request, context)
            if !context.isForwarded { self.counters.count(status: response.status.code) }
            return response
        } catch let reason as Unsettled where context.isForwarded {
            throw reason  // the member that passed the request on tries again
        } catch {
            if let error = error as? HTTPError, error.status == .notFound,
                let allowed = self.paths?.allowed(request.uri.path)
            {
                var refusal = APIError(
                    .methodNotAllowed,
                    "The path does not have the method \(request.method.rawValue)"
                )
                refusal.allowed = allowed
                return refusal.answer.response
            }
            if let refusal = APIError(error) {
                if !context.isForwarded { self.counters.count(status: refusal.status.code) }
                return refusal.answer.response
            }
            context.logger.error("request failed", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
            return APIError.unexpected.answer.response
        }
    }

    /// Whether a request may come in that need not show a key: see `LoopbackPages`.
    func admits(host: String?, origin: String?) -> Bool {
        !self.keys.isOpen || LoopbackPages.admit(host: host, origin: origin)
    }

    private func turnAway(_ request: Request) -> Response? {
        guard !self.admits(host: request.head.authority, origin: request.headers[.origin]) else { return nil }
        self.counters.count(.forbidden)
        return APIError(.forbidden, LoopbackPages.refusal).answer.response
    }

    /// Comes before the key, so that keys can't be guessed any faster.
    private func limit(_ request: Request, from client: ClientAddress) -> Response? {
        guard let limiter, RateLimitedRequests.contain(request.method, request.uri.path),
            let seconds = limiter.take(from: client)
        else { return nil }
        self.counters.count(.rateLimited)
        return Response(
            status: .tooManyRequests,
            headers: [.contentType: "application/json", .retryAfter: String(seconds)],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: RateLimiter.body(retryAfterSeconds: seconds)))
        )
    }
}
