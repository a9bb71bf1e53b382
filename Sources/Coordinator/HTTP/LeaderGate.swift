import HTTPTypes
import Hummingbird
import NIOCore
import Raft
import RaftCore
import RaftTransport

/// Brings a request to the leader: answers it here if this member leads, passes it on otherwise, one hop and no more.
///
/// While there is no leader the request waits for one, up to two seconds. A request that certainly did nothing is tried
/// again; one that may have done something is answered `outcome_unknown`, unless it only reads.
struct LeaderGate: RouterMiddleware {
    let plane: ControlPlane
    static let patience = Duration.seconds(2)
    static let callTimeout = Duration.seconds(15)
    /// The largest body of a route that may have many events in it, and of all others.
    static let bodyBytesMax = 1 << 20

    @concurrent func handle(
        _ request: Request,
        context: APIContext,
        next: @concurrent (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        // Nobody without a key is worth a body in memory or a wait for a leader.
        guard let role = context.role else { throw APIError(.unauthorized, "Invalid or missing API key") }
        var request = request
        let body = try await request.collectBody(upTo: Self.bodyBytesMax)
        if request.method == .get && request.isStaleRead {
            let local = await self.plane.node.local()
            return Self.dated(try await next(request, context), local.index, local.staleness)
        }

        let deadline = ContinuousClock.now + Self.patience
        var hint: NodeID?
        while true {
            let left = deadline - .now
            guard left > .zero, let leader = await self.plane.node.leader(waiting: left) else {
                throw APIError.notLeader(self.address(of: hint))
            }
            hint = leader
            do {
                if leader == self.plane.node.identity.node { return try await next(request, context) }
                if context.isForwarded { throw APIError.notLeader(self.address(of: leader)) }
                return try await self.forward(request, body, in: role, to: leader)
            } catch is TryAgain {
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    private static let indexHeader = HTTPField.Name("x-varpulis-applied-index")!  // literal tokens, checked by tests
    private static let stalenessHeader = HTTPField.Name("x-varpulis-staleness-ms")!

    /// Says of an answer from this member's own state how far that state had got (at least), and how long ago a leader
    /// was last heard from, in milliseconds; `unknown` if none was since the start.
    private static func dated(_ response: Response, _ index: LogIndex, _ staleness: Duration?) -> Response {
        var response = response
        response.headers[Self.indexHeader] = "\(index)"
        response.headers[Self.stalenessHeader] =
            staleness.map { age in
                String(age.components.seconds * 1_000 + age.components.attoseconds / 1_000_000_000_000_000)
            } ?? "unknown"
        return response
    }

    private func forward(
        _ request: Request,
        _ body: ByteBuffer,
        in role: Role,
        to leader: NodeID
    ) async throws -> Response {
        let call = ForwardedRequest(request, role: role, body: body).encoded()
        do {
            let answer = try await self.plane.node.call(leader, call, timeout: Self.callTimeout)
            guard let response = ForwardedResponse(answer) else { throw APIError(.badGateway, "Malformed answer") }
            // The member that was asked is not the leader any more, and did nothing.
            if response.status == HTTPResponse.Status.misdirectedRequest.code { throw TryAgain() }
            return response.response
        } catch let error as CallError {
            if error.mayHaveArrived && request.method != .get { throw APIError.outcomeUnknown }
            throw TryAgain()
        }
    }

    private func address(of member: NodeID?) -> String? {
        member.flatMap { self.plane.node.addresses[$0]?.description }
    }
}

/// Thrown where a request certainly did nothing because leadership is moving.
struct TryAgain: Error {}

extension Request {
    var isStaleRead: Bool { self.uri.queryParameters["consistency"] == "stale" }
}
