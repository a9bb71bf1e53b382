/// A member as others may see it: for metrics, for the API, and for the checks of the simulator.
public struct Status: Sendable {
    /// The roles by name: their data is nobody else's business.
    public enum RoleName: String, Sendable { case follower, preCandidate, candidate, leader }
    public var id: NodeID
    public var role: RoleName
    /// The leader of the term, as far as this member knows; itself if it leads.
    public var leader: NodeID?
    public var term: Term
    /// Whom this member voted for in the term.
    public var vote: NodeID?
    /// Up to where it knows that entries are committed. A follower hears of it later than they are.
    public var commit: LogIndex
    /// The end of the log, durable or not.
    public var last: LogPosition
    /// The end of the log on this member's own disk.
    public var durable: LogIndex
    /// The membership in force: the latest in the log, committed or not.
    public var membership: Membership
    /// Where it came with.
    public var membershipIndex: LogIndex
    /// The position before the first entry of the log.
    public var base: LogPosition
    /// The last position the newest snapshot contains; zero without one.
    public var snapshot: LogPosition
    /// Entries held in memory.
    public var logEntries: Int
    /// Their weight in bytes: see `Entry.weight`.
    public var logWeight: Int
    /// How often this member has stepped down because its disk did not answer.
    public var diskStepDowns: Int
    /// What a leader knows of the others; empty elsewhere.
    public var followers: [Follower]
    /// Whom a leader is handing over to.
    public var successor: NodeID?

    /// What a leader knows of another member.
    public struct Follower: Hashable, Sendable {
        public var id: NodeID
        /// Its log equals the leader's up to here, durably.
        public var match: LogIndex
        /// When it last answered, by the driver's clock; when the leader came to know it, if it never has.
        public var lastReply: Instant
        /// Whether it lacks what the log no longer has, and was offered a snapshot.
        public var isFetchingSnapshot: Bool
        /// Appends under way, and what they weigh in bytes; both are zero while appends go one by one.
        public var appendsInFlight: Int
        public var bytesInFlight: Int
    }
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

    /// The role alone, which costs less than the whole status.
    public var roleName: Status.RoleName {
        switch self.role {
        case .follower: .follower
        case .preCandidate: .preCandidate
        case .candidate: .candidate
        case .leader: .leader
        }
    }

    /// The member as it is after the latest input.
    public var status: Status {
        var followers: [Status.Follower] = []
        var successor: NodeID?
        if case .leader(let leadership) = self.role {
            followers = leadership.followers.map { $0.observation }
            successor = leadership.transfer?.target
        }
        return Status(
            id: self.ledger.id,
            role: self.roleName,
            leader: self.leader,
            term: self.ledger.term,
            vote: self.ledger.hardState.vote,
            commit: self.ledger.commit,
            last: self.ledger.log.last,
            durable: self.ledger.durable,
            membership: self.ledger.membership,
            membershipIndex: self.ledger.memberships.latestIndex,
            base: self.ledger.log.base,
            snapshot: self.ledger.snapshots.last?.position ?? .zero,
            logEntries: self.ledger.log.count,
            logWeight: self.ledger.log.weight,
            diskStepDowns: self.ledger.diskStepDowns,
            followers: followers,
            successor: successor
        )
    }

    /// The entry at `index`, if the log holds it.
    public func entry(at index: LogIndex) -> Entry? { self.ledger.log.entry(at: index) }

    /// The entries from `first` through `last`, none if there are none between the two; nil if the log does not hold them
    /// all. Nobody should keep them beyond the next input: the log would have to be copied for them.
    public func entries(from first: LogIndex, through last: LogIndex) -> ArraySlice<Entry>? {
        self.ledger.log.entries(from: first, through: last)
    }

    /// The term of the entry at `index`; zero before the first.
    public func term(at index: LogIndex) -> Term? { self.ledger.log.term(at: index) }

    /// What must hold between any two steps; nil if it does.
    public func checkInvariants() -> String? {
        if let defect = self.ledger.defect { return defect }
        if self.ledger.commit > self.ledger.log.last.index { return "commit beyond the end of the log" }
        if self.ledger.commit < self.ledger.log.base.index { return "the log begins beyond the commit index" }
        if self.ledger.log.base.index > self.ledger.snapshots.last?.index ?? .zero {
            return "no snapshot covers what is cut"
        }
        if self.ledger.durable > self.ledger.log.last.index { return "durable beyond the end of the log" }
        if case .leader(let leadership) = self.role { return leadership.checkInvariants(self.ledger.log.last.index) }
        return nil
    }
}

extension Leadership.Follower {
    fileprivate var observation: Status.Follower {
        let inFlight = self.progress.inFlight
        return Status.Follower(
            id: self.id,
            match: self.progress.match,
            lastReply: self.progress.lastReply,
            isFetchingSnapshot: self.progress.isFetching,
            appendsInFlight: inFlight.appends,
            bytesInFlight: inFlight.bytes
        )
    }
}
