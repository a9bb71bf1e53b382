// The core's part in snapshots: what to pull, what to make of it, and how far the log may be cut. Taking, storing and
// moving the chunks is the driver's part.

/// The snapshot this member is pulling, and the leader's wish it has set aside for that.
struct SnapshotPull: Sendable {
    var current: Snapshot?
    /// Offered instead of `current`, and declined once: the leader may have `current` too, and part of it is here.
    var declined: (offer: Snapshot.ID, term: Term)?

    init(_ current: Snapshot?) { self.current = current }
}

extension Consensus {
    /// Takes the current term's leader's word that this member needs a snapshot.
    mutating func accept(_ offer: SnapshotOffer, from leader: NodeID, now: Instant, _ out: inout Effects) {
        if case .leader = self.role { return }
        self.hears(leader, in: offer.term, now: now, &out)
        let snapshot = offer.snapshot
        if self.ledger.commit < snapshot.index, self.ledger.log.holds(snapshot.position) {
            // A snapshot is of committed entries only, and the same position means the same entries.
            if self.ledger.advanceCommit(to: snapshot.index) { out.committed = self.ledger.commit }
        }
        if snapshot.index <= self.ledger.commit {
            let outcome = AppendReply.Outcome.accepted(match: snapshot.index)
            let reply = AppendReply(term: self.ledger.term, round: offer.round, outcome: outcome)
            return self.ledger.promise(.appendReply(reply), to: leader, &out)
        }
        let isDeclined = self.pull.declined?.offer == snapshot.id && self.pull.declined?.term == offer.term
        if let current = self.pull.current, current.id != snapshot.id, current.index > self.ledger.commit, !isDeclined {
            self.pull.declined = (snapshot.id, offer.term)
        } else {
            self.pull.current = snapshot
            out.fetch = (snapshot, leader)
        }
        let outcome = AppendReply.Outcome.fetching(self.pull.current?.id)
        let reply = AppendReply(term: self.ledger.term, round: offer.round, outcome: outcome)
        self.ledger.send(.appendReply(reply), to: leader, &out)
    }

    /// The snapshot is here as a whole. It is installed only if it is still ahead of this member; and the log is kept
    /// where it goes on from the snapshot.
    mutating func fetched(_ snapshot: Snapshot, now: Instant, _ out: inout Effects) {
        guard self.pull.current?.id == snapshot.id else { return }
        self.pull = SnapshotPull(nil)
        guard snapshot.index > self.ledger.commit else { return }
        if self.ledger.log.holds(snapshot.position) {
            if self.ledger.advanceCommit(to: snapshot.index) { out.committed = self.ledger.commit }
            return
        }
        guard case .follower(let following) = self.role else {
            // An office or a candidacy rests on the log that is about to go.
            self.pull = SnapshotPull(snapshot)
            return
        }
        self.ledger.install(snapshot)
        out.install = snapshot
        guard let leader = following.leader else { return }
        let outcome = AppendReply.Outcome.accepted(match: snapshot.index)
        let reply = AppendReply(term: self.ledger.term, round: 0, outcome: outcome)
        self.ledger.promise(.appendReply(reply), to: leader, &out)
    }

    /// This member's own snapshot is durable: the log before it may go, except for what stragglers need.
    mutating func captured(_ snapshot: Snapshot, now: Instant) {
        guard snapshot.index <= self.ledger.commit, snapshot.index > self.ledger.snapshots.last?.index ?? .zero else {
            return
        }
        let trailing = min(UInt64(self.ledger.settings.trailingEntries), snapshot.index.rawValue)
        var limit = LogIndex(snapshot.index.rawValue - trailing)
        if case .leader(let leadership) = self.role, let needed = leadership.compactionLimit(self.ledger, now: now) {
            limit = min(limit, needed)
        }
        self.ledger.adopt(snapshot, compactingThrough: limit)
    }

    /// What a snapshot at `index` is described by besides its bytes. `index` must be committed and in the log.
    public func description(at index: LogIndex) -> (position: LogPosition, time: LogTime, membership: Membership)? {
        guard index <= self.ledger.commit, let entry = self.ledger.log.entry(at: index) else { return nil }
        return (entry.position, entry.time, self.ledger.memberships.inForce(at: index))
    }

    /// The snapshots whose chunks must stay, among them those that the next start would still begin with until the
    /// write that replaces them is durable.
    public var snapshots: [Snapshot] { self.ledger.neededSnapshots }

    /// The snapshot being pulled.
    public var fetching: Snapshot? { self.pull.current }
}
