import ClusterAPI
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import RaftCore

/// A refused request: a status and the body that goes with it.
struct APIError: Error {
    var status: HTTPResponse.Status
    var body: ErrorBody
    var retryAfterSeconds: Int?
    /// The methods that the path has, where the request's is none of them.
    var allowed: String?

    init(_ status: HTTPResponse.Status, _ code: ErrorCode, _ message: String, retryAfterSeconds: Int? = nil) {
        self.status = status
        self.body = ErrorBody(error: message, code: code)
        self.retryAfterSeconds = retryAfterSeconds
    }

    /// A refusal without a code of its own: the code is the status in digits.
    init(_ status: HTTPResponse.Status, _ message: String) {
        self.init(status, .status(status.code), message)
    }

    static func badBody(_ error: BodyError) -> APIError {
        APIError(.badRequest, "Invalid request body: \(error.message)")
    }

    static func workerNotFound(_ id: String) -> APIError {
        APIError(.notFound, .workerNotFound, "Worker not found: \(id)")
    }

    static func groupNotFound(_ id: String) -> APIError {
        APIError(.notFound, .groupNotFound, "Pipeline group not found: \(id)")
    }

    static func connectorNotFound(_ name: String) -> APIError {
        APIError(.notFound, .connectorNotFound, "Connector not found: \(name)")
    }

    static func routing(_ message: String) -> APIError {
        APIError(.badGateway, .routingFailed, "Event routing failed: \(message)")
    }

    /// Nothing was done: no leader was found in time.
    static func notLeader(_ address: String?) -> APIError {
        var error = APIError(
            .misdirectedRequest,
            .notLeader,
            "Not the leader coordinator; forward to: \(address ?? "no leader is known yet, try again")",
            retryAfterSeconds: 1
        )
        error.body.leader = address
        error.body.outcome = ErrorBody.Outcome.none
        return error
    }

    /// Nothing was done: too much is under way.
    static var overloaded: APIError {
        var error = APIError(
            .serviceUnavailable,
            .overloaded,
            "Too many requests are waiting; nothing was done, try again",
            retryAfterSeconds: 1
        )
        error.body.outcome = ErrorBody.Outcome.none
        return error
    }

    /// The request may have been carried out, or may yet be.
    static var outcomeUnknown: APIError {
        var error = APIError(
            .gatewayTimeout,
            .outcomeUnknown,
            "The request may have been carried out, or may yet be. Repeat it with the same Idempotency-Key to find "
                + "out; if it had none, look before you repeat it",
            retryAfterSeconds: 1
        )
        error.body.outcome = .unknown
        return error
    }

    /// A read wanted to see more than this member has applied.
    static func notReached(_ index: LogIndex) -> APIError {
        APIError(
            .gatewayTimeout,
            .indexNotReached,
            "This coordinator has not applied index \(index) yet; try again, or ask another one",
            retryAfterSeconds: 1
        )
    }

    /// Nothing was done.
    static let keyReused = APIError(
        .unprocessableContent,
        .keyReused,
        "The Idempotency-Key was used before, for another request"
    )

    /// What a request is told for whatever went wrong with it. Nil for what nobody expects to go wrong.
    init?(_ error: any Error) {
        switch error {
        case let error as APIError: self = error
        case let error as BodyError: self = .badBody(error)
        case is HTTPParserError: self.init(.badRequest, "The request is not HTTP as it should be")
        case is NIOTooManyBytesError: self.init(.contentTooLarge, "The request body is too large")
        case let error as HTTPError: self.init(error.status, error.body ?? error.status.reasonPhrase)
        default: return nil
        }
    }

    static let unexpected = APIError(.internalServerError, "Internal server error")

    var answer: Answer {
        // The body's type has nothing that could not be encoded.
        var answer = Answer(self.status, (try? APIJSON.encode(self.body)) ?? [])
        if let seconds = self.retryAfterSeconds { answer.fields.append((.retryAfter, String(seconds))) }
        if let allowed { answer.fields.append((.allow, allowed)) }
        return answer
    }
}

extension Response {
    /// A body in the API's one JSON form.
    static func json(_ status: HTTPResponse.Status, _ body: some Encodable) -> Response {
        do { return .json(status, bytes: try APIJSON.encode(body)) } catch {
            return Response(status: .internalServerError)
        }
    }

    static func json(_ status: HTTPResponse.Status, _ body: some JSONBody) -> Response {
        .json(status, bytes: APIJSON.encode(body))
    }

    private static func json(_ status: HTTPResponse.Status, bytes: [UInt8]) -> Response {
        Response(
            status: status,
            headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
        )
    }
}
