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

    /// A member starts as a follower with a full election timeout ahead; the sole voter need not wait for anybody.
    public init(id: NodeID, settings: Settings, recovered: Recovered, seed: UInt64, now: Instant) {
        self.ledger = Ledger(id: id, settings: settings, recovered: recovered)
        self.role = .follower(Following())
        self.random = SeededGenerator(seed: seed)
        self.electionDeadline = now
        if self.ledger.membership.voters != [id] { self.resetElectionTimer(now) }
    }

    /// When to call `handle(.timer)`, at the latest.
    public var deadline: Instant {
        if case .leader(let leadership) = self.role { return leadership.heartbeatDeadline }
        return self.electionDeadline
    }

    public mutating func handle(_ input: Input, now: Instant, into out: inout Effects) {
        switch input {
        case .message(let envelope): self.receive(envelope, now: now, &out)
        case .proposals(let proposals, let time): self.propose(proposals, time: time, &out)
        case .read(let read): self.read(read, &out)
        case .persisted(let receipt): self.persisted(receipt, now: now, &out)
        case .timer: self.timerFired(now, &out)
        }
        self.ledger.flush(&out)
        if let broken = self.checkInvariants() { out.violation = broken }
    }

    // MARK: Messages

    private mutating func receive(_ envelope: Envelope, now: Instant, _ out: inout Effects) {
        let sender = envelope.from
        guard envelope.to == self.ledger.id, sender != self.ledger.id, self.ledger.membership.isVoter(sender) else {
            return
        }
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
            case .voteRequest where self.hearsLeader(now):
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
        case .voteRequest:
            self.ledger.send(.voteReply(.init(term: self.ledger.term, isGranted: false)), to: sender, &out)
        case .preVoteRequest:
            self.ledger.send(.preVoteReply(.init(term: self.ledger.term, isGranted: false)), to: sender, &out)
        case .preVoteReply, .voteReply, .appendReply:
            break
        }
        return false
    }

    // MARK: Proposals, reads, receipts, time

    private mutating func propose(_ proposals: [Proposal], time: LogTime, _ out: inout Effects) {
        guard case .leader = self.role else {
            let error = ProposalError.notAccepted(leader: self.leader)
            for proposal in proposals { out.refused.append(.init(proposal: proposal.id, error: error)) }
            return
        }
        self.role.withLeadership(&self.ledger) { leadership, ledger in
            leadership.propose(proposals, time: time, &ledger, &out)
        }
    }

    private mutating func read(_ read: ReadID, _ out: inout Effects) {
        guard case .leader = self.role else {
            out.refusedReads.append(.init(read: read, leader: self.leader))
            return
        }
        self.role.withLeadership(&self.ledger) { leadership, ledger in leadership.read(read, &ledger, &out) }
    }

    private mutating func persisted(_ receipt: Receipt, now: Instant, _ out: inout Effects) {
        self.ledger.persisted(receipt, &out)
        switch self.role {
        case .follower, .preCandidate: break
        case .candidate: self.countOwnVote(now: now, &out)
        case .leader:
            self.role.withLeadership(&self.ledger) { leadership, ledger in leadership.persisted(&ledger, &out) }
        }
    }

    private mutating func timerFired(_ now: Instant, _ out: inout Effects) {
        guard now >= self.deadline else { return }
        guard case .leader = self.role else {
            self.electionTimedOut(now, &out)
            return
        }
        var hasQuorum = true
        self.role.withLeadership(&self.ledger) { leadership, ledger in
            hasQuorum = leadership.hasQuorum(ledger, now: now)
            if hasQuorum { leadership.heartbeat(&ledger, now: now, &out) }
        }
        if !hasQuorum { self.follow(nil, in: self.ledger.term, now: now, &out) }
    }
}

extension Role {
    /// Runs `body` on the leader's data, in place; does nothing in any other role.
    mutating func withLeadership(_ ledger: inout Ledger, _ body: (inout Leadership, inout Ledger) -> Void) {
        guard case .leader(var leadership) = self else { return }
        self = .follower(Following())  // so that the data has one owner and is changed without being copied
        body(&leadership, &ledger)
        self = .leader(leadership)
    }
}
