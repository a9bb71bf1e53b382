// The follower's side of replication (Raft paper, section 5.3).

extension Consensus {
    /// Takes the entries of the current term's leader.
    mutating func accept(_ request: AppendRequest, from leader: NodeID, now: Instant, _ out: inout Effects) {
        if case .leader = self.role { return }  // two leaders in a term can't be; nothing this one says is believed
        self.hears(leader, in: request.term, now: now, &out)
        guard request.isWellFormed else { return }

        // What lies before the log's beginning is committed, so the leader has it too.
        let base = self.ledger.log.base.index
        guard request.previous.index < base || self.ledger.log.holds(request.previous) else {
            self.reject(request, from: leader, &out)
            return
        }
        for entry in request.entries where entry.index > base && !self.ledger.log.holds(entry.position) {
            // Only a real conflict truncates: an older, shorter append must not take newer entries away.
            if entry.index <= self.ledger.log.last.index, !self.ledger.truncate(from: entry.index) {
                out.violation = "the leader of \(request.term) overwrites the committed entry \(entry.index)"
                return
            }
            self.ledger.append(entry)
        }
        // The leader's commit index says nothing about entries of ours that this append did not reach.
        let proven = max(request.entries.last?.index ?? request.previous.index, base)
        if self.ledger.advanceCommit(to: min(request.commit, proven)) { out.committed = self.ledger.commit }
        let reply = AppendReply(term: self.ledger.term, round: request.round, outcome: .accepted(match: proven))
        self.ledger.promise(.appendReply(reply), to: leader, &out)
    }

    /// The leader of the current term has spoken.
    mutating func hears(_ leader: NodeID, in term: Term, now: Instant, _ out: inout Effects) {
        self.follow(leader, in: term, now: now, &out)
        self.leaderHeard = now
        self.isBack = false
        self.resetElectionTimer(now)
    }

    /// Names the last place where the logs may still agree, so that the leader finds it in a few steps, a term each.
    private mutating func reject(_ request: AppendRequest, from leader: NodeID, _ out: inout Effects) {
        let place = self.ledger.log.lastPossibleMatch(
            LogPosition(index: request.previous.index.previous, term: request.previous.term)
        )
        let hint = self.ledger.log.position(at: place) ?? .zero
        let outcome = AppendReply.Outcome.rejected(previous: request.previous.index, hint: hint)
        let reply = AppendReply(term: self.ledger.term, round: request.round, outcome: outcome)
        self.ledger.send(.appendReply(reply), to: leader, &out)
    }
}

extension AppendRequest {
    /// Whether the entries follow `previous` and each other, in terms that never fall and never exceed the leader's.
    var isWellFormed: Bool {
        var before = self.previous
        for entry in self.entries {
            guard entry.index == before.index.next, entry.term >= before.term else { return false }
            before = entry.position
        }
        return before.term <= self.term
    }
}
