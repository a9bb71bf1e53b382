import HTTPTypes
import Hummingbird
import NIOHTTP1
import Security

/// Keeps pages of other machines, which a browser on this one shows, away from a worker that asks for no key.
struct OriginGate: RouterMiddleware {
    /// Whether the worker asks for no key.
    let isOpen: Bool

    @concurrent func handle(
        _ request: Request,
        context: WorkerContext,
        next: @concurrent (Request, WorkerContext) async throws -> Response
    ) async throws -> Response {
        guard self.admits(host: request.head.authority, origin: request.headers[.origin]) else {
            throw WorkerAPIError(.forbidden, LoopbackPages.refusal)
        }
        return try await next(request, context)
    }

    /// The same for a connection that is to be upgraded.
    func admits(_ head: HTTPRequestHead) -> Bool {
        self.admits(host: head.headers.first(name: "host"), origin: head.headers.first(name: "origin"))
    }

    private func admits(host: String?, origin: String?) -> Bool {
        !self.isOpen || LoopbackPages.admit(host: host, origin: origin)
    }
}
