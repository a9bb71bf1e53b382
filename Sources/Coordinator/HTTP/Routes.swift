import ClusterAPI
import ClusterState
import HTTPTypes
import Hummingbird
import NIOCore
import Raft
import RaftCore

/// The coordinator's HTTP API.
struct Routes: Sendable {
    let plane: ControlPlane
    static let prefix = "api/v1/cluster"

    var lean: LeanPath {
        let table = LeanTable(endpoints: ConnectorEndpoints(secrets: self.plane.secrets).all)
        let responder = self.router().buildResponder()
        return LeanPath(plane: self.plane, table: table) { request, context in
            try await responder.respond(to: request, context: context)
        }
    }

    var gate: Gate {
        Gate(
            keys: self.plane.security.keys,
            limiter: self.plane.security.limiter,
            counters: self.plane.security.counters
        )
    }

    func router() -> Router<APIContext> {
        let router = Router(context: APIContext.self)
        router.add(middleware: self.gate)
        let table = RouteTable(router)
        self.addProbes(to: table)
        self.addObservation(to: table.group(RouterPath(Self.prefix)))
        self.addTopology(to: table.group(RouterPath(Self.prefix)))
        self.addWorkers(to: table.group(RouterPath(Self.prefix)))
        self.addGroups(to: table.group(RouterPath(Self.prefix)))
        self.addPlacements(to: table.group(RouterPath(Self.prefix)))
        self.addInjecting(to: table.group(RouterPath(Self.prefix)))
        self.addConnectors(to: table.group(RouterPath(Self.prefix)))
        self.addMembers(to: table.group(RouterPath(Self.prefix)))
        table.refuseOtherMethods()
        return router
    }

    func state(for request: Request) async throws -> ClusterState { try await self.plane.state(for: request) }
}

extension ControlPlane {
    /// The state a read is to see: this member's own if the caller asked for that, or for no more than it has seen
    /// before; else one with everything acknowledged so far.
    func state(for request: Request) async throws -> ClusterState {
        if let index = try request.indexWanted {
            do throws(ReadError) {
                return try await self.node.read(atLeast: index, timeout: Self.readTimeout).machine.state
            } catch {
                throw error == .overloaded ? .overloaded : APIError.notReached(index)
            }
        }
        let consistency = request.consistency
        if consistency == .stale { return await self.node.local().machine.state }
        return try await self.state(consistency.mode)
    }
}

extension StateResponse {
    /// Turns a refusal of the state machine into the API's error.
    func check() throws(APIError) {
        guard case .refused(let refusal) = self else { return }
        switch refusal {
        case .workerNotFound(let id): throw .workerNotFound(id.rawValue)
        case .groupNotFound(let id): throw .groupNotFound(id.rawValue)
        case .placementNotFound(let key): throw APIError(.notFound, "Pipeline not found: \(key)")
        case .connectorNotFound(let name): throw .connectorNotFound(name.rawValue)
        case .groupExists(let id):
            var error = APIError(.conflict, .groupExists, "Another pipeline group has this name: \(id)")
            error.body.id = id.rawValue
            throw error
        case .connectorExists(let name):
            throw APIError(
                .conflict,
                .connectorValidation,
                "Connector validation failed: \(name) exists with other parameters"
            )
        case .keyNotFound(let id): throw APIError(.notFound, "API key not found: \(id)")
        case .keyExists(let id): throw APIError(.conflict, "Another API key has this id: \(id)")
        case .workerIDTaken(let id):
            throw APIError(.forbidden, "Worker \(id) was registered with another API key, which still holds")
        case .notUpdating(let id): throw APIError(.conflict, "Pipeline group \(id) has no update under way")
        case .preconditionFailed:
            throw APIError(.conflict, "The cluster changed meanwhile; look again, then repeat the request")
        case .invalid(let why): throw APIError(.badRequest, "Invalid request body: \(why)")
        case .alreadyApplied: throw APIError(.internalServerError, "Internal server error")
        }
    }
}

extension Request {
    /// Decodes the body. Only JSON is understood; a request that does not say what it sends is taken at its word.
    func body<Body: Decodable>(of type: Body.Type) async throws -> Body {
        try APIJSON.decode(type, from: try await self.jsonBody().readableBytesView)
    }

    /// The same for bodies with values of any kind in them.
    func body<Body: JSONBody>(of type: Body.Type) async throws -> Body {
        try APIJSON.decode(type, from: try await self.jsonBody().readableBytesView)
    }

    func jsonBody() async throws -> ByteBuffer {
        if let contentType = self.headers[.contentType], !contentType.lowercased().hasPrefix("application/json") {
            throw APIError(.unsupportedMediaType, "The body must be application/json")
        }
        return try await self.body.collect(upTo: LeaderGate.bodyBytesMax)
    }

    /// This request with its body encoded anew, after the body was consumed.
    func with(_ body: some Encodable) throws -> Request {
        Request(head: self.head, body: RequestBody(buffer: ByteBuffer(bytes: try APIJSON.encode(body))))
    }

    var page: PageRequest {
        get throws(APIError) {
            let query = self.uri.queryParameters
            do throws(BodyError) {
                return try PageRequest(
                    limit: query["limit"].map(String.init),
                    offset: query["offset"].map(String.init)
                )
            } catch {
                throw APIError(.badRequest, error.message)
            }
        }
    }
}
