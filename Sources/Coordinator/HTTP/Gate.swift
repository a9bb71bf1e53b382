import ClusterAPI
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import OpenSSL

/// Turns whatever goes wrong into the API's error body, and counts nobody in without a key.
struct Gate: RouterMiddleware {
    /// Nil when the coordinator has none and listens on loopback only.
    let apiKey: [UInt8]?
    /// What there is to be asked for.
    var paths: KnownPaths?
    static let keyHeader = HTTPField.Name("x-api-key")!  // a literal token, checked by the tests

    @concurrent func handle(
        _ request: Request,
        context: APIContext,
        next: @concurrent (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        if context.role == nil { context.role = self.role(of: request) }
        do {
            return try await next(request, context)
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
            if let refusal = APIError(error) { return refusal.answer.response }
            context.logger.error("request failed", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
            return APIError.unexpected.answer.response
        }
    }

    private func role(of request: Request) -> Role? {
        self.role(showing: request.headers[Self.keyHeader].map { Array($0.utf8) })
    }

    /// The role of a caller who shows that key, or none.
    func role(showing key: [UInt8]?) -> Role? {
        guard let apiKey else { return .admin }
        guard let key else { return nil }
        return constantTimeEqual(key, apiKey) ? .admin : nil
    }
}
