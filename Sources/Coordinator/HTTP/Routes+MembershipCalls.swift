import ClusterAPI
import HTTPTypes
import Hummingbird
import Raft
import RaftCore
import RaftTransport

extension Routes {
    /// The old system's calls to change the members, carried out by ours. A change that is refused is told inside a
    /// 200, as its clients expect.
    func addMembershipCalls(to router: RouterGroup<APIContext>) {
        router.post("init") { _, context -> Response in
            try context.require(.admin)
            throw APIError(
                .conflict,
                "A cluster begins by itself, with the members that --raft-peers names; there is nothing to initialise"
            )
        }
        let led = router.add(middleware: LeaderGate(plane: self.plane))
        led.post("add-learner") { request, context -> Response in
            let members = try self.members(context, .admin)
            let body = try await request.body(of: RaftAddLearnerRequest.self)
            return try await self.tell { try await self.addLearner(body, members) }
        }
        led.post("change-membership") { request, context -> Response in
            let members = try self.members(context, .admin)
            let body = try await request.body(of: RaftChangeMembershipRequest.self)
            return try await self.tell { try await self.change(to: body.members, members) }
        }
    }

    private func tell(_ change: () async throws -> RaftChange) async throws -> Response {
        do {
            return .json(.ok, RaftCallResponse(response: try await change()))
        } catch let refusal as APIError where refusal.body.outcome == nil {
            return .json(.ok, RaftCallResponse(message: refusal.body.error))
        }
    }

    private func addLearner(_ body: RaftAddLearnerRequest, _ members: Members) async throws -> RaftChange {
        let membership = self.plane.node.membership
        // Ids are given in order, and never twice. A member that is there already is found by its address.
        let next = membership.greatestID.rawValue + 1
        guard body.nodeID == next || membership.member(NodeID(body.nodeID)) != nil else {
            throw APIError(.conflict, "The cluster gives out the ids of its members; the next one is \(next)")
        }
        let address = try Self.address(body.address)
        return try await members.add(.init(address: address, incarnation: nil, votes: false, replaces: nil))
    }

    /// One step after the other: first those that are to vote, then those that go.
    private func change(to ids: [UInt32], _ members: Members) async throws -> RaftChange {
        let wanted = Set(ids.map { NodeID($0) })
        guard !wanted.isEmpty else { throw APIError(.badRequest, "Somebody has to vote") }
        let before = self.plane.node.membership.futureVoters
        var change: RaftChange?
        for id in wanted.sorted() where !before.contains(id) {
            change = try await members.promote(id)
            guard change?.done == true else {
                throw APIError(.conflict, "Member \(id) is to vote as soon as it has caught up; ask again then")
            }
        }
        for id in before where !wanted.contains(id) { change = try await members.remove(id) }
        return change ?? RaftChange(id: self.plane.node.identity.node.rawValue, done: true, members: self.plane.members)
    }
}
