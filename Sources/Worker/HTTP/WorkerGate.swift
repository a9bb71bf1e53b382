import ClusterAPI
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import OpenSSL

/// What is known of a request besides itself.
struct WorkerContext: RequestContext {
    var coreContext: CoreRequestContextStorage

    init(source: ApplicationRequestContextSource) {
        self.coreContext = CoreRequestContextStorage(source: source)
    }
}

/// The outermost layer: turns whatever goes wrong into the API's error body, path and method included.
struct ErrorGate: RouterMiddleware {
    @concurrent func handle(
        _ request: Request,
        context: WorkerContext,
        next: @concurrent (Request, WorkerContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as WorkerAPIError {
            return error.response
        } catch let refusal as PipelineRefusal {
            return WorkerAPIError(refusal).response
        } catch let error as BodyError {
            return WorkerAPIError(.badRequest, "Invalid request body: \(error.message)").response
        } catch is NIOTooManyBytesError {
            return WorkerAPIError(.contentTooLarge, "The request body is too large").response
        } catch let error as HTTPError {
            return WorkerAPIError(error.status, error.body ?? error.status.reasonPhrase).response
        } catch {
            context.logger.error("request failed", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
            return WorkerAPIError(.internalServerError, "Internal server error").response
        }
    }
}

/// Lets through who shows the worker's key. Without one, the worker listens on loopback only and lets everyone through.
struct KeyGate: RouterMiddleware {
    let apiKey: [UInt8]?
    static let header = HTTPField.Name("x-api-key")!  // a literal token, checked by the tests

    @concurrent func handle(
        _ request: Request,
        context: WorkerContext,
        next: @concurrent (Request, WorkerContext) async throws -> Response
    ) async throws -> Response {
        if let apiKey = self.apiKey {
            guard let shown = request.headers[Self.header], constantTimeEqual(Array(shown.utf8), apiKey) else {
                throw WorkerAPIError(.unauthorized, .invalidAPIKey, "Invalid or missing API key")
            }
        }
        return try await next(request, context)
    }
}
