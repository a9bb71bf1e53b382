import ClusterAPI
import ClusterState
import HTTPTypes
import Hummingbird
import NIOCore
import Raft
import RaftCore

/// What carrying out a request takes: an answer at once, or a read or a write of the replicated state before it.
///
/// Rules are written as functions to exchanges, and waiting is left to whoever carries them out: a route with `await`,
/// the lean path with callbacks. So both decide alike.
enum Exchange: Sendable {
    case answer(Answer)
    /// Goes on with the state that has everything acknowledged so far in it.
    case read(@Sendable (ClusterState) throws -> Exchange)
    /// Goes on with what applying the command gave. `answering`: what the request is answered if nothing is refused.
    case write(Command, answering: Answer, @Sendable (StateResponse) throws -> Exchange)
}

/// An answer in the API's one JSON form.
struct Answer: Sendable {
    var status: HTTPResponse.Status
    var body: [UInt8]
    /// Where the log has the write that is answered.
    var index: UInt64?
    /// Besides the content type and the index.
    var fields: [(name: HTTPField.Name, value: String)] = []

    init(_ status: HTTPResponse.Status, _ body: [UInt8]) {
        self.status = status
        self.body = body
    }

    var response: Response {
        var response = Response(
            status: self.status,
            headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: self.body))
        )
        if let index { response.headers[WriteIndex.header] = String(index) }
        for field in self.fields { response.headers[field.name] = field.value }
        return response
    }
}

/// `Varpulis-Index`, on the answer to a write that was carried out: where the log has it. A read with `?min_index=` and this number sees the
/// write on any member, whoever leads.
enum WriteIndex {
    static let header = HTTPField.Name("varpulis-index")!  // a literal token, checked by tests
}

/// What every answer shows that is given from this member's own state.
struct Staleness: Sendable {
    private static let index = HTTPField.Name("x-varpulis-applied-index")!  // literal tokens, checked by tests
    private static let age = HTTPField.Name("x-varpulis-staleness-ms")!

    /// How far that state had got (at least), and how long ago a leader was last heard from, in milliseconds;
    /// `unknown` if none was since the start.
    let fields: [(name: HTTPField.Name, value: String)]

    init(index: LogIndex, staleness: Duration?) {
        let age = staleness.map { String($0.milliseconds) }
        self.fields = [(Self.index, "\(index)"), (Self.age, age ?? "unknown")]
    }
}

/// A route that waits for nothing but the replicated state, so that it can be served by the router and ahead of it.
struct Endpoint: Sendable {
    /// What an endpoint is given of a request.
    struct Ask: Sendable {
        /// The path's last part; empty if the endpoint has none.
        var name: String
        var body: ByteBuffer
    }

    let method: HTTPRequest.Method
    /// Below the API's prefix.
    let collection: String
    /// Whether a name follows the collection.
    let isNamed: Bool
    let least: Role
    let begin: @Sendable (Ask) throws -> Exchange

    var takesBody: Bool { self.method == .post || self.method == .put }
}

extension RouterGroup<APIContext> {
    func add(_ endpoints: [Endpoint], _ plane: ControlPlane) {
        for endpoint in endpoints {
            let path = endpoint.isNamed ? "\(endpoint.collection)/:name" : endpoint.collection
            self.on(RouterPath(path), method: endpoint.method) { request, context -> Response in
                try context.require(endpoint.least)
                let name = endpoint.isNamed ? try context.parameter("name") : ""
                let body = endpoint.takesBody ? try await request.jsonBody() : ByteBuffer()
                let exchange = try endpoint.begin(Endpoint.Ask(name: name, body: body))
                return try await plane.carryOut(exchange, of: request, for: context.attempt).response
            }
        }
    }
}

extension ControlPlane {
    fileprivate func carryOut(_ exchange: Exchange, of request: Request, for attempt: Attempt?) async throws -> Answer {
        var exchange = exchange
        while true {
            switch exchange {
            case .answer(let answer):
                return answer
            case .read(let next):
                exchange = try next(
                    request.isRead ? try await self.state(for: request) : try await self.state()
                )
            case .write(let command, let answer, let next):
                let kept = attempt?.kept(answer)
                exchange = try next(try await self.propose(command, for: attempt, answering: kept))
            }
        }
    }
}
