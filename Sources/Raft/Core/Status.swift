/// A member as others may see it: for metrics, for the API, and for the checks of the simulator.
public struct Status: Sendable {
    public enum RoleName: String, Sendable { case follower, preCandidate, candidate, leader }
    public var id: NodeID
    public var role: RoleName
    public var leader: NodeID?
    public var term: Term
    public var vote: NodeID?
    public var commit: LogIndex
    public var last: LogPosition
    /// The end of the log on this member's own disk.
    public var durable: LogIndex
    public var membership: Membership
}

extension Consensus {
    /// The leader of the current term, as far as this member knows.
    public var leader: NodeID? {
        switch self.role {
        case .leader: self.ledger.id
        case .follower(let following): following.leader
        case .preCandidate, .candidate: nil
        }
    }

    public var status: Status {
        let role: Status.RoleName =
            switch self.role {
            case .follower: .follower
            case .preCandidate: .preCandidate
            case .candidate: .candidate
            case .leader: .leader
            }
        return Status(
            id: self.ledger.id,
            role: role,
            leader: self.leader,
            term: self.ledger.term,
            vote: self.ledger.hardState.vote,
            commit: self.ledger.commit,
            last: self.ledger.log.last,
            durable: self.ledger.durable,
            membership: self.ledger.membership
        )
    }

    /// The entry at `index`, if the log holds it.
    public func entry(at index: LogIndex) -> Entry? { self.ledger.log.entry(at: index) }

    /// The term of the entry at `index`; zero before the first.
    public func term(at index: LogIndex) -> Term? { self.ledger.log.term(at: index) }

    /// What must hold between any two steps; nil if it does.
    public func checkInvariants() -> String? {
        if self.ledger.commit > self.ledger.log.last.index { return "commit beyond the end of the log" }
        if self.ledger.durable > self.ledger.log.last.index { return "durable beyond the end of the log" }
        if case .leader(let leadership) = self.role { return leadership.checkInvariants(self.ledger) }
        return nil
    }
}
