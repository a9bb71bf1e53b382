// What members say to each other. The transport may lose, repeat and reorder messages; it must not alter them.

/// A candidate asks for a vote, or for the promise of one (pre-vote: Ongaro's dissertation, section 9.6).
public struct VoteRequest: Hashable, Sendable {
    /// The term the candidate stands in; with a pre-vote the term it would stand in.
    public var term: Term
    /// The end of the candidate's log.
    public var last: LogPosition
    /// The leader itself asked for this election: a leader that is alive is no reason to refuse.
    public var isTransfer: Bool
    public init(term: Term, last: LogPosition, isTransfer: Bool = false) {
        self.term = term
        self.last = last
        self.isTransfer = isTransfer
    }
}

/// The answer to a request for a vote, or for the promise of one. A granted vote leaves only when it is durable; a
/// granted pre-vote binds nobody.
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
    /// The leader's own.
    public var term: Term
    /// The entry before the first of `entries`: the follower accepts only if it holds this very position.
    public var previous: LogPosition
    /// From the one after `previous` on, without a gap; none in a heartbeat.
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

/// The answer to an append or to an offer of a snapshot. It leaves only when what it accepts is durable.
public struct AppendReply: Hashable, Sendable {
    /// What the follower has made of it.
    public enum Outcome: Hashable, Sendable {
        /// The follower's log equals the leader's up to here, durably.
        case accepted(match: LogIndex)
        /// The follower does not hold `previous`. The leader's log can agree with the follower's only up to `hint`.
        case rejected(previous: LogIndex, hint: LogPosition)
        /// The follower lacks what the leader's log no longer holds, and pulls that snapshot; nil if it pulls none.
        case fetching(Snapshot.ID?)
        /// The request was of an older term. Only the reply's term counts: the sender may meanwhile lead that very
        /// term, and the answer to what it said in an earlier one must not pass for an answer to what it says now.
        case stale
    }
    /// The follower's own: a newer one ends the leader's office.
    public var term: Term
    /// That of the request; 0 when a snapshot was installed and no request is answered.
    public var round: UInt64
    public var outcome: Outcome

    public init(term: Term, round: UInt64, outcome: Outcome) {
        self.term = term
        self.round = round
        self.outcome = outcome
    }
}

/// The leader's log no longer holds what the follower lacks: it is to pull this snapshot. Also a heartbeat.
public struct SnapshotOffer: Hashable, Sendable {
    public var term: Term
    public var snapshot: Snapshot
    /// As in an append.
    public var round: UInt64
    public init(term: Term, snapshot: Snapshot, round: UInt64) {
        self.term = term
        self.snapshot = snapshot
        self.round = round
    }
}

/// A member that does not lead asks how far it must have applied to serve a linearizable read (dissertation, 6.4).
public struct ReadRequest: Hashable, Sendable {
    public var term: Term
    /// New for each request, and not used again by a later start of the same member.
    public var id: UInt64
    public init(term: Term, id: UInt64) {
        self.term = term
        self.id = id
    }
}

/// The answer to a read request: how far the asker must have applied.
public struct ReadReply: Hashable, Sendable {
    public var term: Term
    /// That of the request. An answer to an earlier one is older than the reads that wait now.
    public var id: UInt64
    /// Nil if the member asked does not lead, or has ceased to.
    public var index: LogIndex?
    public init(term: Term, id: UInt64, index: LogIndex?) {
        self.term = term
        self.id = id
        self.index = index
    }
}

/// The leader hands its office over: the addressee is to stand at once (dissertation, section 3.10).
public struct TimeoutNow: Hashable, Sendable {
    public var term: Term
    public init(term: Term) { self.term = term }
}

/// Everything that members say to each other about consensus.
public enum Message: Hashable, Sendable {
    case preVoteRequest(VoteRequest)
    case preVoteReply(VoteReply)
    case voteRequest(VoteRequest)
    case voteReply(VoteReply)
    case append(AppendRequest)
    case appendReply(AppendReply)
    case offer(SnapshotOffer)
    case readRequest(ReadRequest)
    case readReply(ReadReply)
    case timeoutNow(TimeoutNow)

    /// The sender's term. Only in a pre-vote, and where one is granted, is it one that nobody is in yet.
    public var term: Term {
        switch self {
        case .preVoteRequest(let request), .voteRequest(let request): request.term
        case .preVoteReply(let reply), .voteReply(let reply): reply.term
        case .append(let request): request.term
        case .appendReply(let reply): reply.term
        case .offer(let offer): offer.term
        case .readRequest(let request): request.term
        case .readReply(let reply): reply.term
        case .timeoutNow(let request): request.term
        }
    }
}

/// A message with its sender and addressee.
public struct Envelope: Hashable, Sendable {
    /// As the transport has proved it.
    public var from: NodeID
    public var to: NodeID
    public var message: Message
    public init(from: NodeID, to: NodeID, message: Message) {
        self.from = from
        self.to = to
        self.message = message
    }
}
