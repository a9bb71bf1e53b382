/// One member's Raft: input in, effects out. It has no clock, no thread, no disk and no network of its own.
///
/// The names and the rules are those of the Raft paper (Ongaro and Ousterhout, 2014) and Ongaro's dissertation, with
/// pre-vote and check-quorum always on. The driver passes one input at a time with the current moment, carries out
/// the effects in order, and calls again with `.timer` when `deadline` has come.
public struct Consensus: Sendable {
    var ledger: Ledger
    var role: Role
    var random: SeededGenerator
    /// When to stand for election, unless a leader is heard from before.
    var electionDeadline: Instant
    /// When a leader of the current or an earlier term was last heard from.
    var leaderHeard: Instant?
    var pull: SnapshotPull
    /// It was started anew, and has neither heard a leader nor stood since: see `met`.
    var isBack: Bool

    /// A member starts as a follower with a full election timeout ahead; the sole voter need not wait for anybody.
    public init(id: NodeID, settings: Settings, recovered: Recovered, seed: UInt64, now: Instant) {
        self.ledger = Ledger(id: id, settings: settings, recovered: recovered)
        self.role = .follower(Following())
        self.random = SeededGenerator(seed: seed)
        self.electionDeadline = now
        self.pull = SnapshotPull(recovered.fetching)
        self.isBack = self.ledger.log.last != .zero
        if self.ledger.membership.voters != .stable([id]) { self.resetElectionTimer(now) }
        // It may have backed a lease before it was started anew.
        if settings.allowsLeases { self.leaderHeard = now }
    }

    /// When to call `handle(.timer)`, at the latest.
    public var deadline: Instant {
        switch self.role {
        case .leader(let leadership): leadership.heartbeatDeadline
        case .follower(let following): min(self.electionDeadline, following.reads.deadline)
        case .preCandidate, .candidate: self.electionDeadline
        }
    }

    /// Handles one input and adds what follows from it to `out`, which it does not empty first. `now` never goes back
    /// from one call to the next. Nothing is thrown: when an invariant is broken, `out.violation` says so, and the
    /// member must not be given anything more.
    public mutating func handle(_ input: Input, now: Instant, into out: inout Effects) {
        switch input {
        case .message(let envelope): self.receive(envelope, now: now, &out)
        case .proposals(let proposals, let time): self.propose(proposals, time: time, now: now, &out)
        case .read(let read, let mode): self.read(read, mode, now: now, &out)
        case .change(let change, let proposal, let time):
            self.change(change, proposal, time: time, now: now, &out)
        case .transfer(let target):
            self.role.withLeadership(&self.ledger) { leadership, ledger in
                leadership.transfer(to: target, ledger, now: now, &out)
            }
        case .persisted(let receipt): self.persisted(receipt, now: now, &out)
        case .captured(let snapshot): self.captured(snapshot, now: now)
        case .fetched(let snapshot): self.fetched(snapshot, now: now, &out)
        case .met(let member, let incarnation): self.met(member, incarnation, now: now, &out)
        case .lost(let member): self.lost(member, now: now, &out)
        case .timer: self.timerFired(now, &out)
        }
        self.leaveIfRemoved(now: now, &out)
        self.ledger.flush(now, &out)
        if let broken = self.checkInvariants() { out.violation = broken }
    }

    // MARK: Messages

    private mutating func receive(_ envelope: Envelope, now: Instant, _ out: inout Effects) {
        let sender = envelope.from
        guard envelope.to == self.ledger.id, sender != self.ledger.id, !self.committedMembership.isRemoved(sender)
        else { return }
        guard self.settleTerm(of: envelope.message, from: sender, now: now, &out) else { return }
        switch envelope.message {
        case .preVoteRequest(let request): self.answerPreVote(request, from: sender, now: now, &out)
        case .preVoteReply(let reply): self.countPreVote(reply, from: sender, now: now, &out)
        case .voteRequest(let request): self.answerVote(request, from: sender, now: now, &out)
        case .voteReply(let reply): self.countVote(reply, from: sender, now: now, &out)
        case .append(let request): self.accept(request, from: sender, now: now, &out)
        case .appendReply(let reply):
            self.role.withLeadership(&self.ledger) { leadership, ledger in
                leadership.received(reply, from: sender, &ledger, now: now, &out)
            }
        case .offer(let offer): self.accept(offer, from: sender, now: now, &out)
        case .readRequest(let request): self.answerRead(request, from: sender, now: now, &out)
        case .readReply(let reply): self.readAnswered(reply, now: now, &out)
        case .timeoutNow: self.standAtOnce(now: now, &out)
        }
    }

    /// Compares the message's term with ours. A newer one makes us its follower, an older one is told of ours.
    /// False if there is nothing more to do with the message.
    private mutating func settleTerm(
        of message: Message,
        from sender: NodeID,
        now: Instant,
        _ out: inout Effects
    ) -> Bool {
        let term = message.term
        if term > self.ledger.term {
            switch message {
            case .preVoteRequest, .preVoteReply(VoteReply(term: term, isGranted: true)):
                return true  // nobody is in that term yet
            case .voteRequest(let request) where self.hearsLeader(now) && !request.isTransfer:
                return false  // a disturbance: the leader is alive
            default:
                self.follow(nil, in: term, now: now, &out)
                return true
            }
        }
        if term == self.ledger.term { return true }
        switch message {
        case .append(let request):
            let reply = AppendReply(term: self.ledger.term, round: request.round, outcome: .stale)
            self.ledger.send(.appendReply(reply), to: sender, &out)
        case .offer(let offer):
            let reply = AppendReply(term: self.ledger.term, round: offer.round, outcome: .stale)
            self.ledger.send(.appendReply(reply), to: sender, &out)
        case .readRequest(let request):
            let reply = ReadReply(term: self.ledger.term, id: request.id, index: nil)
            self.ledger.send(.readReply(reply), to: sender, &out)
        case .voteRequest:
            self.ledger.send(.voteReply(.init(term: self.ledger.term, isGranted: false)), to: sender, &out)
        case .preVoteRequest:
            self.ledger.send(.preVoteReply(.init(term: self.ledger.term, isGranted: false)), to: sender, &out)
        case .preVoteReply, .voteReply, .appendReply, .readReply, .timeoutNow:
            break
        }
        return false
    }

    // MARK: Proposals, receipts, time

    private mutating func propose(_ proposals: [Proposal], time: LogTime, now: Instant, _ out: inout Effects) {
        guard case .leader = self.role else {
            let error = ProposalError.notAccepted(leader: self.leader)
            for proposal in proposals { out.refused.append(.init(proposal: proposal.id, error: error)) }
            return
        }
        self.role.withLeadership(&self.ledger) { leadership, ledger in
            leadership.propose(proposals, time: time, &ledger, now: now, &out)
        }
    }

    private mutating func persisted(_ receipt: Receipt, now: Instant, _ out: inout Effects) {
        self.ledger.persisted(receipt, &out)
        switch self.role {
        case .follower, .preCandidate: break
        case .candidate: self.countOwnVote(now: now, &out)
        case .leader:
            self.role.withLeadership(&self.ledger) { leadership, ledger in
                leadership.persisted(&ledger, now: now, &out)
            }
        }
    }

    private mutating func timerFired(_ now: Instant, _ out: inout Effects) {
        guard now >= self.deadline else { return }
        guard case .leader = self.role else {
            if now >= self.electionDeadline { return self.electionTimedOut(now, &out) }
            if case .follower(var following) = self.role {
                following.reads.forgetQuestion()
                self.role = .follower(following)
                self.askLeader(now: now, &out)
            }
            return
        }
        var hasQuorum = true
        self.role.withLeadership(&self.ledger) { leadership, ledger in
            // A disk that does not answer is a leader that can't commit, though its heartbeats say it lives.
            hasQuorum = leadership.hasQuorum(ledger, now: now) && !ledger.isDiskStalled(now)
            if hasQuorum { leadership.heartbeat(&ledger, now: now, &out) }
        }
        if !hasQuorum { self.follow(nil, in: self.ledger.term, now: now, &out) }
        if !hasQuorum && self.ledger.isDiskStalled(now) { self.ledger.diskStepDowns += 1 }
    }
}
