// What members say to each other. The transport may lose, repeat and reorder messages; it must not alter them.

/// A candidate asks for a vote, or for the promise of one (pre-vote: Ongaro's dissertation, section 9.6).
public struct VoteRequest: Hashable, Sendable {
    /// The term the candidate stands in; with a pre-vote the term it would stand in.
    public var term: Term
    /// The end of the candidate's log.
    public var last: LogPosition
    public init(term: Term, last: LogPosition) {
        self.term = term
        self.last = last
    }
}

public struct VoteReply: Hashable, Sendable {
    /// The term of the request when granted, otherwise the voter's own.
    public var term: Term
    public var isGranted: Bool
    public init(term: Term, isGranted: Bool) {
        self.term = term
        self.isGranted = isGranted
    }
}

/// The leader's entries, and its heartbeat when there are none (AppendEntries in the Raft paper).
public struct AppendRequest: Hashable, Sendable {
    public var term: Term
    /// The entry before the first of `entries`: the follower accepts only if it holds this very position.
    public var previous: LogPosition
    public var entries: [Entry]
    /// The leader's commit index.
    public var commit: LogIndex
    /// The leader's round, returned in the reply: tells which replies were sent after a read began.
    public var round: UInt64

    public init(term: Term, previous: LogPosition, entries: [Entry], commit: LogIndex, round: UInt64) {
        self.term = term
        self.previous = previous
        self.entries = entries
        self.commit = commit
        self.round = round
    }
}

public struct AppendReply: Hashable, Sendable {
    public enum Outcome: Hashable, Sendable {
        /// The follower's log equals the leader's up to here, durably.
        case accepted(match: LogIndex)
        /// The follower does not hold `previous`. The leader's log can agree with the follower's only up to `hint`.
        case rejected(previous: LogIndex, hint: LogPosition)
        /// The request was of an older term. Only the reply's term counts: the sender may meanwhile lead that very
        /// term, and the answer to what it said in an earlier one must not pass for an answer to what it says now.
        case stale
    }
    public var term: Term
    public var round: UInt64
    public var outcome: Outcome

    public init(term: Term, round: UInt64, outcome: Outcome) {
        self.term = term
        self.round = round
        self.outcome = outcome
    }
}

public enum Message: Hashable, Sendable {
    case preVoteRequest(VoteRequest)
    case preVoteReply(VoteReply)
    case voteRequest(VoteRequest)
    case voteReply(VoteReply)
    case append(AppendRequest)
    case appendReply(AppendReply)

    public var term: Term {
        switch self {
        case .preVoteRequest(let request), .voteRequest(let request): request.term
        case .preVoteReply(let reply), .voteReply(let reply): reply.term
        case .append(let request): request.term
        case .appendReply(let reply): reply.term
        }
    }
}

/// A message with its sender and addressee.
public struct Envelope: Hashable, Sendable {
    public var from: NodeID
    public var to: NodeID
    public var message: Message
    public init(from: NodeID, to: NodeID, message: Message) {
        self.from = from
        self.to = to
        self.message = message
    }
}
