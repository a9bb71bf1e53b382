import ClusterAPI
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import OpenSSL

/// The outermost layer: turns whatever goes wrong into the API's error body, and counts nobody in without a key.
struct Gate: RouterMiddleware {
    /// Nil when the coordinator has none and listens on loopback only.
    let apiKey: [UInt8]?
    static let keyHeader = HTTPField.Name("x-api-key")!  // a literal token, checked by the tests

    @concurrent func handle(
        _ request: Request,
        context: APIContext,
        next: @concurrent (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        if !context.isForwarded { context.role = self.role(of: request) }
        do {
            return try await next(request, context)
        } catch let reason as Unsettled where context.isForwarded {
            throw reason  // the member that passed the request on tries again
        } catch let error as APIError {
            return error.response
        } catch let error as BodyError {
            return APIError.badBody(error).response
        } catch is NIOTooManyBytesError {
            return APIError(.contentTooLarge, "The request body is too large").response
        } catch let error as HTTPError {
            return APIError(error.status, error.body ?? error.status.reasonPhrase).response
        } catch {
            context.logger.error("request failed", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
            return APIError(.internalServerError, "Internal server error").response
        }
    }

    private func role(of request: Request) -> Role? {
        guard let apiKey else { return .admin }
        guard let shown = request.headers[Self.keyHeader] else { return nil }
        return constantTimeEqual(Array(shown.utf8), apiKey) ? .admin : nil
    }
}
