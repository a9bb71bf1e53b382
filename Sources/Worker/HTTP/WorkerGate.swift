import ClusterAPI
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import OpenSSL

/// The outermost layer: gives each request its id, answers browsers that ask first, and turns whatever goes wrong into
/// the API's error body, path and method included.
struct ErrorGate: RouterMiddleware {
    let paths: KnownPaths

    @concurrent func handle(
        _ request: Request,
        context: WorkerContext,
        next: @concurrent (Request, WorkerContext) async throws -> Response
    ) async throws -> Response {
        let id = RequestID.of(request.headers)
        var context = context
        context.requestID = id
        let started = ContinuousClock.now
        var response = await self.answer(request, context, next)
        response.headers[RequestID.header] = id
        CrossOrigin.mark(&response.headers)
        context.logger.debug(
            "request",
            metadata: [
                "request_id": "\(id)", "method": "\(request.method.rawValue)", "path": "\(request.uri.path)",
                "status": "\(response.status.code)", "latency": "\(ContinuousClock.now - started)",
            ]
        )
        return response
    }

    private func answer(
        _ request: Request,
        _ context: WorkerContext,
        _ next: @concurrent (Request, WorkerContext) async throws -> Response
    ) async -> Response {
        if request.method == .options {
            var response = Response(status: .noContent)
            CrossOrigin.markPreflight(&response.headers)
            return response
        }
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
        } catch is HTTPParserError {
            return WorkerAPIError(.badRequest, "The request is not HTTP as it should be").response
        } catch let error as HTTPError where error.status == .notFound {
            return self.unmatched(request)
        } catch let error as HTTPError {
            return WorkerAPIError(error.status, error.body ?? error.status.reasonPhrase).response
        } catch {
            context.logger.error(
                "request failed",
                metadata: [
                    "request_id": "\(context.requestID)", "path": "\(request.uri.path)", "error": "\(error)",
                ]
            )
            return WorkerAPIError(.internalServerError, "Internal server error").response
        }
    }

    /// No route takes the request: its path is unknown, or has other methods.
    private func unmatched(_ request: Request) -> Response {
        let methods = self.paths.methods(of: request.uri.path)
        guard !methods.isEmpty else {
            return WorkerAPIError(.notFound, "There is nothing at this path").response
        }
        let list = methods.map(\.rawValue).joined(separator: ", ")
        var response = WorkerAPIError(.methodNotAllowed, "This path has the methods \(list)").response
        response.headers[.allow] = list
        return response
    }
}

/// Lets through who shows a key: that of a tenant for pipelines, that of the worker for tenants. Paths outside of the API
/// need none.
///
/// Without a key of its own, a worker listens on loopback only and lets everyone through.
struct KeyGate: RouterMiddleware {
    let apiKey: [UInt8]?
    let tenants: TenantRegistry
    static let header = HTTPField.Name("x-api-key")!  // a literal token, checked by the tests
    static let adminHeader = HTTPField.Name("x-admin-key")!  // the same

    @concurrent func handle(
        _ request: Request,
        context: WorkerContext,
        next: @concurrent (Request, WorkerContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        // As the router sees it: it takes no notice of empty parts.
        let path = request.uri.path.split(separator: "/")
        if path.starts(with: ["api", "v1", "tenants"]) {
            try self.checkAdmin(request.headers[Self.adminHeader])
        } else if path.first == "api" {
            guard let tenant = self.tenant(showing: request.headers[Self.header]) else {
                let code: ErrorCode = path.last == "logs" ? .invalidKey : .invalidAPIKey
                throw WorkerAPIError(.unauthorized, code, "Invalid or missing API key")
            }
            context.tenant = tenant
        }
        return try await next(request, context)
    }

    /// Whose key it is; nil for nobody's.
    func tenant(showing shown: String?) -> Tenant? {
        guard let apiKey = self.apiKey else {
            return shown.flatMap(self.tenants.tenant(showing:)) ?? self.tenants.own
        }
        guard let shown else { return nil }
        return constantTimeEqual(Array(shown.utf8), apiKey)
            ? self.tenants.own : self.tenants.tenant(showing: shown)
    }

    private func checkAdmin(_ shown: String?) throws(WorkerAPIError) {
        guard let apiKey = self.apiKey else {
            throw WorkerAPIError(.forbidden, .adminDisabled, "Tenants need a worker with --api-key")
        }
        guard let shown, constantTimeEqual(Array(shown.utf8), apiKey) else {
            throw WorkerAPIError(.unauthorized, .invalidAdminKey, "Invalid or missing admin key")
        }
    }
}
