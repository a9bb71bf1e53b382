// Elections: who may ask, who may be granted what, and when (Raft paper, section 5.2; dissertation, 9.6 for pre-vote).

extension Consensus {
    mutating func resetElectionTimer(_ now: Instant) {
        let settings = self.ledger.settings
        let least = settings.electionTimeoutMin.coreNanoseconds
        let most = max(least, settings.electionTimeoutMax.coreNanoseconds)
        self.electionDeadline = now.advanced(by: UInt64.random(in: least...most, using: &self.random))
    }

    /// Whether a leader is known to have been alive within the shortest election timeout. While one is, nobody is
    /// helped to replace it. A leader hears itself: if it is cut off, check-quorum ends its office.
    func hearsLeader(_ now: Instant) -> Bool {
        if case .leader = self.role { return true }
        guard let heard = self.leaderHeard else { return false }
        return now.since(heard) < self.ledger.settings.electionTimeoutMin.coreNanoseconds
    }

    /// Becomes a follower in `term`. Only somebody who led or stood gets a fresh timeout here: a mere term, however
    /// new, is no sign of a leader.
    mutating func follow(_ leader: NodeID?, in term: Term, now: Instant, _ out: inout Effects) {
        let isNewTerm = term > self.ledger.term
        if isNewTerm { self.ledger.adopt(term) }
        switch self.role {
        case .follower(let following):
            if following.leader == leader && !isNewTerm { return }
            following.reads.end(leader: leader, &out)
        case .preCandidate, .candidate:
            self.resetElectionTimer(now)
        case .leader(let leadership):
            leadership.end(successor: leader, self.ledger, &out)
            self.resetElectionTimer(now)
        }
        self.role = .follower(Following(leader: leader))
    }

    /// A member that its own log removes stands nevertheless, until it knows that the removal is committed: if it is
    /// not, its log may be the only one that is long enough to win (dissertation, section 4.2.2).
    private var mayStand: Bool { self.ledger.memberships.mayVote(self.ledger.id, committed: self.ledger.commit) }

    mutating func electionTimedOut(_ now: Instant, _ out: inout Effects) {
        self.resetElectionTimer(now)
        self.isBack = false
        guard self.mayStand, !self.ledger.isDiskStalled(now) else { return }
        if case .follower(let following) = self.role { following.reads.end(leader: nil, &out) }
        self.role = .preCandidate(Ballot(votes: [self.ledger.id], ownVote: self.ledger.newestWrite))
        let request = VoteRequest(term: self.ledger.term.next, last: self.ledger.log.last)
        for peer in self.ledger.otherVoters { self.ledger.send(.preVoteRequest(request), to: peer, &out) }
        self.standIfPreElected(now: now, &out)
    }

    // MARK: Pre-vote

    mutating func answerPreVote(_ request: VoteRequest, from sender: NodeID, now: Instant, _ out: inout Effects) {
        let isGranted =
            request.term > self.ledger.term && !self.hearsLeader(now)
            && request.last.isAtLeastAsUpToDate(as: self.ledger.log.last)
        let term = isGranted ? request.term : self.ledger.term
        self.ledger.send(.preVoteReply(.init(term: term, isGranted: isGranted)), to: sender, &out)
    }

    mutating func countPreVote(_ reply: VoteReply, from sender: NodeID, now: Instant, _ out: inout Effects) {
        guard reply.isGranted, reply.term == self.ledger.term.next, case .preCandidate(var ballot) = self.role else {
            return
        }
        ballot.count(sender)
        self.role = .preCandidate(ballot)
        self.standIfPreElected(now: now, &out)
    }

    /// A majority would vote for this member: it takes the next term and votes for itself. Nobody is asked before
    /// that vote and the whole log are durable. A candidate that crashed could otherwise come back with a shorter log,
    /// stand in the same term again, and collect votes that were granted to the longer one.
    private mutating func standIfPreElected(now: Instant, _ out: inout Effects) {
        guard case .preCandidate(let ballot) = self.role,
            self.ledger.membership.hasQuorum(where: ballot.votes.contains)
        else { return }
        self.stand(isTransfer: false, now: now, &out)
    }

    /// The leader has handed over to this member: it asks nobody whether it could win, and no lease stands in its way.
    mutating func standAtOnce(now: Instant, _ out: inout Effects) {
        guard case .follower(let following) = self.role, self.mayStand else { return }
        following.reads.end(leader: nil, &out)
        self.stand(isTransfer: true, now: now, &out)
    }

    private mutating func stand(isTransfer: Bool, now: Instant, _ out: inout Effects) {
        self.ledger.adopt(self.ledger.term.next, vote: self.ledger.id)
        self.role = .candidate(Ballot(ownVote: self.ledger.newestWrite))
        self.resetElectionTimer(now)
        let request = VoteRequest(term: self.ledger.term, last: self.ledger.log.last, isTransfer: isTransfer)
        for peer in self.ledger.otherVoters { self.ledger.promise(.voteRequest(request), to: peer, &out) }
    }

    // MARK: Votes

    mutating func answerVote(_ request: VoteRequest, from sender: NodeID, now: Instant, _ out: inout Effects) {
        let vote = self.ledger.hardState.vote
        guard vote == nil || vote == sender, request.last.isAtLeastAsUpToDate(as: self.ledger.log.last) else {
            self.ledger.send(.voteReply(.init(term: self.ledger.term, isGranted: false)), to: sender, &out)
            return
        }
        if vote == nil { self.ledger.adopt(self.ledger.term, vote: sender) }
        self.resetElectionTimer(now)
        self.ledger.promise(.voteReply(.init(term: self.ledger.term, isGranted: true)), to: sender, &out)
    }

    mutating func countVote(_ reply: VoteReply, from sender: NodeID, now: Instant, _ out: inout Effects) {
        guard reply.isGranted, case .candidate(var ballot) = self.role else { return }
        ballot.count(sender)
        self.role = .candidate(ballot)
        self.leadIfElected(now: now, &out)
    }

    mutating func countOwnVote(now: Instant, _ out: inout Effects) {
        guard case .candidate(var ballot) = self.role, self.ledger.isDurable(ballot.ownVote) else { return }
        ballot.count(self.ledger.id)
        self.role = .candidate(ballot)
        self.leadIfElected(now: now, &out)
    }

    private mutating func leadIfElected(now: Instant, _ out: inout Effects) {
        guard case .candidate(let ballot) = self.role,
            self.ledger.membership.hasQuorum(where: ballot.votes.contains)
        else { return }
        self.role = .leader(Leadership(&self.ledger, now: now, &out))
    }
}
