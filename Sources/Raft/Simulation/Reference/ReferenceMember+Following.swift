import RaftCore

// A follower's side: appends (paper, section 5.3) and snapshots (section 7).

extension ReferenceMember {
    private mutating func hear(_ leader: NodeID) {
        self.follow(leader, in: self.term)
        self.leaderHeard = self.step.now
        self.isBack = false
        self.drawTimeout()
    }

    mutating func accept(_ request: AppendRequest, _ leader: NodeID) throws(Violation) {
        if self.role == .leader { return }
        self.hear(leader)
        let base = self.log.base.index
        guard request.previous.index < base || self.log.holds(request.previous) else {
            return self.reject(request, leader)
        }
        for entry in request.entries where entry.position.index > base && !self.log.holds(entry.position) {
            if entry.position.index <= self.log.last.index { try self.truncate(from: entry.position.index) }
            self.append(entry)
        }
        // Nothing beyond what this very append has shown to be equal.
        let proven = max(request.entries.last?.position.index ?? request.previous.index, base)
        self.commit = max(self.commit, min(request.commit, proven))
        let outcome = AppendReply.Outcome.accepted(match: proven)
        self.promise(.appendReply(.init(term: self.term, round: request.round, outcome: outcome)), to: leader)
    }

    private mutating func truncate(from index: LogIndex) throws(Violation) {
        guard index > self.commit else {
            throw Violation(invariant: "refinement: committed stays", detail: "member \(self.id) at \(index)")
        }
        self.log.truncate(from: index)
        self.memberships.removeAll { $0.index >= index }
        self.dropCandidacies()
        self.step.write.truncateFrom = index
    }

    /// Names the last place where the two logs may still be equal.
    private mutating func reject(_ request: AppendRequest, _ leader: NodeID) {
        var index = min(request.previous.index.previous, self.log.last.index)
        while index > self.log.base.index, let term = self.log.term(at: index), term > request.previous.term {
            index = index.previous
        }
        let hint = self.log.term(at: index).map { LogPosition(index: index, term: $0) } ?? .zero
        let outcome = AppendReply.Outcome.rejected(previous: request.previous.index, hint: hint)
        self.say(.appendReply(.init(term: self.term, round: request.round, outcome: outcome)), to: leader)
    }

    // MARK: Snapshots

    mutating func accept(_ offer: SnapshotOffer, _ leader: NodeID) {
        if self.role == .leader { return }
        self.hear(leader)
        let snapshot = offer.snapshot
        if self.log.holds(snapshot.position) { self.commit = max(self.commit, snapshot.index) }
        if snapshot.index <= self.commit {
            let outcome = AppendReply.Outcome.accepted(match: snapshot.index)
            return self.promise(.appendReply(.init(term: self.term, round: offer.round, outcome: outcome)), to: leader)
        }
        // It goes on with what it has begun; once an offer is repeated, it takes that.
        let isRepeated = self.declined.map { $0.offer == snapshot.id && $0.term == self.term } ?? false
        if let current = self.pull, current.id != snapshot.id, current.index > self.commit, !isRepeated {
            self.declined = (snapshot.id, self.term)
        } else {
            self.pull = snapshot
            self.step.fetch = (snapshot, leader)
        }
        let outcome = AppendReply.Outcome.fetching(self.pull?.id)
        self.say(.appendReply(.init(term: self.term, round: offer.round, outcome: outcome)), to: leader)
    }

    mutating func fetched(_ snapshot: Snapshot) {
        guard self.pull?.id == snapshot.id else { return }
        self.pull = nil
        self.declined = nil
        guard snapshot.index > self.commit else { return }
        if self.log.holds(snapshot.position) {
            self.commit = snapshot.index
        } else if self.role != .follower {
            self.pull = snapshot  // whoever stands or leads does so with the log it has
        } else {
            self.install(snapshot)
        }
    }

    /// The log is replaced as a whole: it does not contain the snapshot's position, so nothing in it goes on from there.
    private mutating func install(_ snapshot: Snapshot) {
        self.dropCandidacies()
        self.log = ReferenceLog(base: snapshot.position, write: self.writes + 1)
        self.commit = snapshot.index
        self.snapshots = [snapshot]
        self.readMemberships(from: snapshot)
        self.step.install = snapshot
        self.step.write.snapshot = snapshot
        self.step.write.replacesLog = true
        self.step.write.base = snapshot.position
        if let leader = self.leader {
            let outcome = AppendReply.Outcome.accepted(match: snapshot.index)
            self.promise(.appendReply(.init(term: self.term, round: 0, outcome: outcome)), to: leader)
        }
    }

    /// A snapshot of its own: committed, newer than the one before, and the log is cut behind it, though not what is
    /// kept for stragglers, nor what a follower that is alive still needs.
    mutating func captured(_ snapshot: Snapshot) {
        guard snapshot.index <= self.commit, snapshot.index > self.snapshots.last?.index ?? .zero else { return }
        let trailing = UInt64(self.pace.settings.trailingEntries)
        var limit = snapshot.index.rawValue - min(trailing, snapshot.index.rawValue)
        if self.role == .leader, let office = self.office, self.log.weight <= self.pace.settings.logWeightMax {
            for follower in office.followers where self.isAlive(follower) {
                let offered = self.snapshots.first { $0.id == follower.offered }
                limit = min(limit, (offered?.index ?? follower.match).rawValue)
            }
        }
        self.snapshots.append(snapshot)
        self.step.write.snapshot = snapshot
        let base = LogIndex(limit)
        guard base > self.log.base.index else { return }
        self.log.compact(through: base)
        self.step.write.base = self.log.base
        self.snapshots.removeAll { $0.index < base }
    }
}
