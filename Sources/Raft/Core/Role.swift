/// What a member is at the moment. Data that belongs to a role lives in it and dies with it.
enum Role: Sendable {
    case follower(Following)
    /// Asks whether it could win before it disturbs anyone with a new term.
    case preCandidate(Ballot)
    case candidate(Ballot)
    case leader(Leadership)

    /// Runs `body` on the leader's data, in place; does nothing in any other role.
    mutating func withLeadership(_ ledger: inout Ledger, _ body: (inout Leadership, inout Ledger) -> Void) {
        guard case .leader(var leadership) = self else { return }
        self = .follower(Following())  // so that the data has one owner and is changed without being copied
        body(&leadership, &ledger)
        self = .leader(leadership)
    }
}

struct Following: Sendable {
    /// The leader of the current term, once heard from.
    var leader: NodeID?
    var reads = FollowerReads()
}

/// The votes counted in an election or a pre-election.
struct Ballot: Sendable {
    var votes: [NodeID] = []
    /// The write that makes the candidate's vote for itself durable; it counts only from then on.
    var ownVote: WriteID

    mutating func count(_ member: NodeID) {
        if !self.votes.contains(member) { self.votes.append(member) }
    }
}
