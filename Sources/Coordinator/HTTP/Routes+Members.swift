import ClusterAPI
import HTTPTypes
import Hummingbird
import NIOCore
import Raft
import RaftCore

extension Routes {
    /// Who belongs to the cluster of coordinators, and how that changes.
    func addMembers(to router: RouterGroup<APIContext>) {
        let led = router.add(middleware: LeaderGate(plane: self.plane))
        led.get("raft/members") { request, context -> Response in
            _ = try self.members(context, .viewer)
            // Only who still leads knows how the others are.
            _ = try await self.state(for: request)
            return .json(.ok, self.plane.members)
        }
        led.post("raft/members") { request, context -> Response in
            let members = try self.members(context, .admin)
            let body: RaftAddRequest = try await request.body(of: RaftAddRequest.self)
            let newcomer = Members.Newcomer(
                address: try Self.address(body.address),
                incarnation: try Self.incarnation(body.incarnation),
                votes: body.voter ?? true,
                replaces: body.replaces.map { NodeID($0) }
            )
            if newcomer.replaces != nil && !newcomer.votes {
                throw APIError(
                    .badRequest,
                    "Invalid request body: who takes a voter's place votes, so `replaces` and `voter: false` exclude "
                        + "each other"
                )
            }
            return .json(.created, try await members.add(newcomer))
        }
        led.delete("raft/members/:id") { _, context -> Response in
            let change = try await self.members(context, .admin).remove(try Self.id(context))
            return .json(change.done ? .ok : .accepted, change)
        }
        led.post("raft/members/:id/promote") { _, context -> Response in
            let change = try await self.members(context, .admin).promote(try Self.id(context))
            return .json(change.done ? .ok : .accepted, change)
        }
        led.post("raft/members/:id/replace") { request, context -> Response in
            let members = try self.members(context, .admin)
            let id = try Self.id(context)
            let body = try await request.optionalBody(of: RaftReplaceRequest.self) ?? RaftReplaceRequest()
            let address = try body.address.map(Self.address) ?? self.plane.node.membership.member(id)?.address
            guard let address else { throw APIError(ChangeRefusal.unknownMember(id), in: self.plane.node.membership) }
            let newcomer = Members.Newcomer(
                address: address,
                incarnation: try Self.incarnation(body.incarnation),
                votes: true,
                replaces: id
            )
            return .json(.created, try await members.add(newcomer))
        }
        led.post("raft/transfer") { request, context -> Response in
            let members = try self.members(context, .admin)
            let body = try await request.optionalBody(of: RaftTransferRequest.self)
            return .json(.ok, try await members.transfer(to: body?.to.map { NodeID($0) }))
        }
    }

    func members(_ context: APIContext, _ least: Role) throws(APIError) -> Members {
        try context.require(least)
        guard self.plane.configuration.isClustered else {
            throw APIError(.notFound, "This coordinator runs alone: only one that was started with --raft has members")
        }
        return Members(plane: self.plane, attempt: context.attempt)
    }

    private static func id(_ context: APIContext) throws(APIError) -> NodeID {
        let text = try context.parameter("id")
        guard let number = UInt32(text) else { throw APIError(.badRequest, "A member's id is a number, not \(text)") }
        return NodeID(number)
    }

    static func address(_ text: String) throws(APIError) -> PeerAddress {
        do { return try PeerAddress(text) } catch {
            throw APIError(.badRequest, "Invalid request body: \(error)")
        }
    }

    private static func incarnation(_ text: String?) throws(APIError) -> Incarnation? {
        guard let text else { return nil }
        guard let incarnation = Incarnation(hexadecimal: text) else {
            throw APIError(.badRequest, "Invalid request body: `incarnation` must be up to 16 hexadecimal digits")
        }
        return incarnation
    }
}

extension Request {
    /// The body, if there is one.
    fileprivate func optionalBody<Body: Decodable>(of type: Body.Type) async throws -> Body? {
        let bytes = try await self.jsonBody()
        return bytes.readableBytes == 0 ? nil : try APIJSON.decode(type, from: bytes.readableBytesView)
    }
}
