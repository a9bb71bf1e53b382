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
            var response = try await next(request, context)
            for field in Staleness(index: local.index, staleness: local.staleness).fields {
                response.headers[field.name] = field.value
            }
            return response
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

    private func forward(
        _ request: Request,
        _ body: ByteBuffer,
        in role: Role,
        to leader: NodeID
    ) async throws -> Response {
        let call = ForwardedRequest(request, role: role, body: body).encoded()
        let answer: Result<ByteBuffer, any Error>
        do {
            answer = .success(try await self.plane.node.call(leader, call, timeout: Self.callTimeout))
        } catch {
            answer = .failure(error)
        }
        return try Self.settle(answer, isRead: request.method == .get).get().response
    }

    /// What the leader's answer means to the request that was passed on: that answer, or `TryAgain` if the request
    /// certainly did nothing, or only reads, or what to tell the client instead.
    static func settle(_ answer: Result<ByteBuffer, any Error>, isRead: Bool) -> Result<ForwardedResponse, any Error> {
        switch answer {
        case .success(let bytes):
            guard let response = ForwardedResponse(bytes) else {
                return .failure(APIError(.badGateway, "Malformed answer"))
            }
            // The member that was asked is not the leader any more, and did nothing.
            if response.status == HTTPResponse.Status.misdirectedRequest.code { return .failure(TryAgain()) }
            return .success(response)
        case .failure(let error as CallError):
            return .failure(error.mayHaveArrived && !isRead ? APIError.outcomeUnknown : TryAgain())
        case .failure(let error):
            return .failure(error)
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
