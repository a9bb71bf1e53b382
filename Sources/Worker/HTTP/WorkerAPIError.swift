import ClusterAPI
import HTTPTypes
import Hummingbird
import NIOCore
import VPL

/// A refused request: a status and the body that goes with it.
struct WorkerAPIError: Error {
    var status: HTTPResponse.Status
    var body: ErrorBody
    var retryAfterSeconds: Int?

    init(_ status: HTTPResponse.Status, _ code: ErrorCode, _ message: String, retryAfterSeconds: Int? = nil) {
        self.status = status
        self.body = ErrorBody(error: message, code: code)
        self.retryAfterSeconds = retryAfterSeconds
    }

    /// A refusal without a code of its own: the code is the status in digits.
    init(_ status: HTTPResponse.Status, _ message: String) {
        self.init(status, .status(status.code), message)
    }

    static func pipelineNotFound(_ id: String) -> WorkerAPIError {
        WorkerAPIError(.notFound, .pipelineNotFound, "Pipeline not found: \(id)")
    }

    static func tenantNotFound(_ id: String) -> WorkerAPIError {
        WorkerAPIError(.notFound, .tenantNotFound, "Tenant not found: \(id)")
    }

    /// The tenant has put in as many events as it may in this second.
    static func rateLimited(_ wait: Duration, quota: Int) -> WorkerAPIError {
        WorkerAPIError(
            .tooManyRequests,
            .rateLimited,
            "The tenant may put in \(quota) events in each second",
            retryAfterSeconds: max(1, Int((wait / .seconds(1)).rounded(.up)))
        )
    }

    /// The pipeline has as many events waiting as it may.
    static let overloaded = WorkerAPIError(
        .serviceUnavailable,
        .overloaded,
        "The pipeline has too many events waiting; try again",
        retryAfterSeconds: 1
    )

    /// A stream of the pipeline holds as much as it may.
    static func full(_ stream: String) -> WorkerAPIError {
        WorkerAPIError(
            .serviceUnavailable,
            .overloaded,
            "Stream \(stream) holds as much as it may, so the pipeline takes no events until it holds less; try again",
            retryAfterSeconds: 1
        )
    }

    /// A coordinator has to confirm first that the pipeline is still this worker's.
    static let ownershipUnconfirmed = WorkerAPIError(
        .serviceUnavailable,
        .ownershipUnconfirmed,
        "The pipeline's assignment to this worker is not confirmed; try again",
        retryAfterSeconds: 1
    )

    static let stopping = WorkerAPIError(
        .serviceUnavailable,
        .overloaded,
        "The pipeline is being stopped",
        retryAfterSeconds: 1
    )

    /// The events may have been processed, or may yet be.
    static var outcomeUnknown: WorkerAPIError {
        var error = WorkerAPIError(
            .gatewayTimeout,
            .outcomeUnknown,
            "The events were taken, but not processed in time; they still may be"
        )
        error.body.outcome = .unknown
        return error
    }

    init(_ refusal: PipelineRefusal) {
        switch refusal {
        case .program(let diagnostics):
            let errors = diagnostics.filter(\.isError)
            let first = errors.first.map { " (line \($0.line), column \($0.column)): \($0.message)" } ?? ""
            self.init(
                .badRequest,
                .parseError,
                "The program has \(errors.count) error\(errors.count == 1 ? "" : "s")\(first)"
            )
            self.body.diagnostics = diagnostics.map { finding in
                ClusterAPI.Diagnostic(
                    severity: finding.isError ? .error : .warning,
                    line: finding.line,
                    column: finding.column,
                    message: finding.message,
                    hint: finding.hint
                )
            }
        case .connector(let message):
            self.init(.badRequest, .connectorValidation, "Connector validation failed: \(message)")
        case .staleEpoch(let held):
            self.init(
                .conflict,
                ErrorCode(rawValue: "stale_epoch"),
                "The request is not for the pipeline's epoch here, which is \(held)"
            )
            self.body.epoch = held
        case .idTaken(let id):
            self.init(.conflict, "Another pipeline has the id \(id)")
            self.body.id = id
        case .notFound(let id):
            self = .pipelineNotFound(id)
        case .full(let limit):
            self.init(.tooManyRequests, .quotaExceeded, "The worker runs \(limit) pipelines, as many as it may")
        case .quota(let message):
            self.init(.tooManyRequests, .quotaExceeded, message)
        case .tenantRemoved:
            self.init(.unauthorized, .invalidAPIKey, "Invalid or missing API key")
        case .placedByCluster:
            self.init(.conflict, "The cluster placed this pipeline; change its group at a coordinator")
        case .storage(let message):
            self.init(.internalServerError, .engineError, message)
        }
    }

    var response: Response {
        var response = Response.json(self.status, self.body)
        if let seconds = self.retryAfterSeconds { response.headers[.retryAfter] = String(seconds) }
        return response
    }
}

extension Response {
    /// A body in the API's one JSON form.
    static func json(_ status: HTTPResponse.Status, _ body: some Encodable) -> Response {
        do {
            return .json(status, bytes: try APIJSON.encode(body))
        } catch {
            return Response(status: .internalServerError)
        }
    }

    /// A body that is JSON already.
    static func json(_ status: HTTPResponse.Status, bytes: [UInt8]) -> Response {
        Response(
            status: status,
            headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
        )
    }
}
