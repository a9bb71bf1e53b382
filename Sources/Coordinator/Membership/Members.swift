import ClusterAPI
import HTTPTypes
import Raft
import RaftCore
import RaftTransport

/// What operators, and coordinators that want to join, ask of the membership. Runs at the leader.
///
/// Requests may be repeated: each first looks whether what it asks for is so already.
struct Members: Sendable {
    let plane: ControlPlane
    /// The try that this is; nil if nothing is to be changed.
    let attempt: Attempt?

    /// How long to wait for another change to be over.
    private static let changePatience = Duration.seconds(3)
    /// How long to wait for the end of a change that goes on by itself.
    private static let settlingPatience = Duration.seconds(8)

    struct Newcomer {
        var address: PeerAddress
        var incarnation: Incarnation?
        var votes: Bool
        var replaces: NodeID?
    }

    func add(_ newcomer: Newcomer) async throws -> RaftChange {
        if let member = try self.found(newcomer) { return self.change(of: member.id, isDone: member.promotion == nil) }
        let membership = try await self.make(
            .add(
                newcomer.address,
                incarnation: newcomer.incarnation,
                asVoter: newcomer.votes,
                replacing: newcomer.replaces
            )
        )
        return self.change(of: membership.greatestID, isDone: !newcomer.votes)
    }

    func remove(_ id: NodeID) async throws -> RaftChange {
        let membership = self.plane.node.membership
        if membership.member(id) != nil {
            try await self.make(.remove(id))
        } else if !membership.isRemoved(id) {
            throw APIError(ChangeRefusal.unknownMember(id), in: membership)
        }
        return self.change(of: id, isDone: try await self.isSettled { $0.member(id) == nil })
    }

    func promote(_ id: NodeID) async throws -> RaftChange {
        let membership = self.plane.node.membership
        // One that is promised to vote may be promised somebody's place, too.
        if !membership.isVoter(id), membership.member(id)?.promotion == nil { try await self.make(.promote(id)) }
        return self.change(of: id, isDone: try await self.isSettled { $0.isVoter(id) })
    }

    func transfer(to target: NodeID?) async throws -> RaftLeader {
        let own = self.plane.node.identity.node
        let membership = self.plane.node.membership
        if let target, membership.member(target) == nil {
            throw APIError(ChangeRefusal.unknownMember(target), in: membership)
        }
        if let target, !membership.futureVoters.contains(target) {
            throw APIError(
                .conflict,
                .transferFailed,
                "Member \(target) does not vote, so it can't lead: promote it first, or name another member"
            )
        }
        // The office has changed hands since the request was first tried.
        if target == own || target == nil && self.isRepeated { return self.leader(own) }
        if let successor = await self.plane.node.transfer(
            to: target,
            timeout: self.plane.configuration.raft.electionTimeoutMax * 2
        ) {
            return self.leader(successor)
        }
        throw APIError(
            .conflict,
            .transferFailed,
            "Nobody has taken over in time: \(target.map { "member \($0)" } ?? "every other voter") is behind, or has "
                + "not answered lately. Look at the members' lag, and try again"
        )
    }

    // MARK: -

    private var isRepeated: Bool { self.attempt?.isRepeated ?? false }

    /// The member that the newcomer is already: its disk is known, or a place is kept for whoever comes from there.
    private func found(_ newcomer: Newcomer) throws(APIError) -> Member? {
        let consensus = self.plane.node.status.consensus
        let membership = consensus.membership
        let member: Member?
        if let known = membership.members.first(where: { $0.incarnation == newcomer.incarnation }),
            newcomer.incarnation != nil
        {
            guard known.address?.authority == newcomer.address.authority else {
                throw APIError(
                    .conflict,
                    .addressTaken,
                    "That disk belongs to member \(known.id) already, which is reached at "
                        + "\(known.address?.description ?? "an unknown address"). A copied directory can't be a second "
                        + "member: empty it first"
                )
            }
            member = known
        } else {
            member = membership.learners.first { member in
                guard member.address?.authority == newcomer.address.authority else { return false }
                if newcomer.incarnation != nil { return member.incarnation == nil }
                return (member.incarnation == nil || self.isRepeated)
                    && (member.promotion != nil) == newcomer.votes && member.promotion?.replaces == newcomer.replaces
            }
        }
        guard member == nil || consensus.membershipIndex <= consensus.commit else {
            throw APIError(ChangeRefusal.underWay, in: membership)
        }
        return member
    }

    /// Has the change begun. What follows happens by itself.
    @discardableResult
    private func make(_ change: MembershipChange) async throws -> Membership {
        let patienceEnd = ContinuousClock.now + Self.changePatience
        while true {
            do throws(ProposalError) {
                let timeout = self.left(of: ControlPlane.proposalTimeout)
                let membership = try await self.plane.node.change(change, timeout: timeout)
                self.attempt?.note(nil)
                return membership
            } catch {
                switch error {
                case .changeRefused(.underWay) where patienceEnd > .now: break
                case .changeRefused(let refusal): throw APIError(refusal, in: self.plane.node.membership)
                case .notAccepted: throw Unsettled.nothingDone
                case .overloaded: throw APIError.overloaded
                case .tooLarge: throw APIError.unexpected
                case .outcomeUnknown:
                    self.attempt?.note(nil)
                    throw Unsettled.undecided
                }
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Waits until nothing of the membership is open and it is as wanted; false if that takes too long.
    private func isSettled(_ isAsWanted: (Membership) -> Bool) async throws -> Bool {
        let deadline = ContinuousClock.now + self.left(of: Self.settlingPatience)
        while true {
            let consensus = self.plane.node.status.consensus
            if consensus.membershipIndex <= consensus.commit, !consensus.membership.isJoint,
                isAsWanted(consensus.membership)
            {
                return true
            }
            if deadline < .now { return false }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// As much of the time as the sender leaves for it, and for the answer.
    private func left(of time: Duration) -> Duration {
        guard let attempt else { return time }
        return max(.milliseconds(1), min(time, attempt.deadline - .now - .seconds(1)))
    }

    private func change(of id: NodeID, isDone: Bool) -> RaftChange {
        RaftChange(id: id.rawValue, done: isDone, members: self.plane.members)
    }

    private func leader(_ id: NodeID) -> RaftLeader {
        RaftLeader(leaderID: id.rawValue, address: self.plane.members.member(id.rawValue)?.address)
    }
}
