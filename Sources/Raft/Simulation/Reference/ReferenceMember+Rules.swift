import RaftCore

// What the rules make of each input: terms, timers and who is listened to.

extension ReferenceMember {
    mutating func act(_ input: Input, _ effects: Effects, _ after: Status) throws(Violation) {
        switch input {
        case .message(let envelope): try self.receive(envelope)
        case .proposals(let proposals, let time): try self.propose(proposals, time, effects)
        case .read(let read, let mode): self.read(.local(read), mode)
        case .change(_, let proposal, _):
            // Whether a leader may do it is seen from what it does.
            if self.role != .leader {
                self.step.refused.append((proposal, .notAccepted(leader: self.leader)))
            }
        case .transfer(let target): try self.handOver(to: target, after)
        case .persisted(let receipt): self.persisted(receipt)
        case .captured(let snapshot): self.captured(snapshot)
        case .fetched(let snapshot): self.fetched(snapshot)
        case .met(let member, let incarnation):
            self.met[member] = incarnation
            // Nobody leads that one could wait for, if the others were stopped too.
            guard self.isBack, self.role == .follower, self.otherVoters.allSatisfy({ self.met[$0] != nil }) else {
                return
            }
            self.isBack = false
            self.standSoon()
        case .lost(let member): self.lost(member)
        case .timer: self.timerFired(effects)
        }
    }

    /// Terms (paper, section 5.1): a newer one is adopted at once, an older one is answered with ours.
    private mutating func receive(_ envelope: Envelope) throws(Violation) {
        let (sender, message) = (envelope.from, envelope.message)
        let isRemoved = self.memberships[self.committedPlace].membership.hasRemoved(sender)
        guard envelope.to == self.id, sender != self.id, !isRemoved else { return }
        if message.term > self.term {
            switch message {
            case .preVoteRequest: break  // nobody is in that term yet
            case .preVoteReply(let reply) where reply.isGranted: break
            case .voteRequest(let request) where self.hearsLeader && !request.isTransfer: return
            default: self.follow(nil, in: message.term)
            }
        } else if message.term < self.term {
            return self.answerLate(message, sender)
        }
        switch message {
        case .preVoteRequest(let request): self.answerPreVote(request, sender)
        case .preVoteReply(let reply): self.count(preVote: reply, of: sender)
        case .voteRequest(let request): self.answerVote(request, sender)
        case .voteReply(let reply): self.count(vote: reply, of: sender)
        case .append(let request): try self.accept(request, sender)
        case .appendReply(let reply): self.count(reply, of: sender)
        case .offer(let offer): self.accept(offer, sender)
        case .readRequest(let request): self.read(.remote(sender, id: request.id), .index)
        case .readReply(let reply): self.answered(reply)
        case .timeoutNow: self.standAtOnce()
        }
    }

    private mutating func answerLate(_ message: Message, _ sender: NodeID) {
        switch message {
        case .append(let request):
            self.say(.appendReply(.init(term: self.term, round: request.round, outcome: .stale)), to: sender)
        case .offer(let offer):
            self.say(.appendReply(.init(term: self.term, round: offer.round, outcome: .stale)), to: sender)
        case .readRequest(let request):
            self.ask(.remote(sender, id: request.id), .index, due: .refusal(leader: nil))
        case .voteRequest: self.say(.voteReply(.init(term: self.term, isGranted: false)), to: sender)
        case .preVoteRequest: self.say(.preVoteReply(.init(term: self.term, isGranted: false)), to: sender)
        case .preVoteReply, .voteReply, .appendReply, .readReply, .timeoutNow: return
        }
    }

    /// Becomes a follower. Whoever did not lead or stand keeps its timeout: a term alone is no sign of a leader.
    mutating func follow(_ leader: NodeID?, in term: Term) {
        if self.role == .follower && self.leader == leader && term == self.term { return }
        if term > self.term { self.adopt(term, vote: nil) }
        self.endReads(leader)
        if self.role != .follower { self.drawTimeout() }
        if self.role == .leader {
            for open in self.office?.open ?? [] { self.step.refused.append((open.proposal, .outcomeUnknown)) }
        }
        self.role = .follower
        self.leader = leader
    }

    private mutating func persisted(_ receipt: Receipt) {
        let done = self.pending.prefix { $0.write.id <= receipt.write }.count
        for place in 0..<done { self.disk.carryOut(self.pending[place].write) }
        self.pending.removeFirst(done)
        self.log.persisted(self.receipted)
        let due = self.promises.prefix { $0.after <= self.receipted }.count
        for place in 0..<due { self.step.said.append(self.promises[place].envelope) }
        self.promises.removeFirst(due)
        switch self.role {
        case .candidate: if self.ownVote <= self.receipted { self.countVote(of: self.id) }
        case .leader: self.advanceCommit()
        case .follower, .preCandidate: return
        }
    }

    /// The connection to the leader was closed by its host: no use to wait for it, unless leases count on the wait.
    private mutating func lost(_ member: NodeID) {
        guard self.role == .follower, self.leader == member, !self.pace.settings.allowsLeases else { return }
        self.follow(nil, in: self.term)
        self.leaderHeard = nil
        self.standSoon()
    }

    /// Within a heartbeat interval.
    private mutating func standSoon() {
        let (now, soon) = (self.step.now, self.step.now.adding(self.pace.heartbeat))
        self.timeout = (min(self.timeout.earliest, now), min(self.timeout.latest, soon))
    }

    private mutating func timerFired(_ effects: Effects) {
        let now = self.step.now
        if self.role == .leader { return self.leaderTimerFired() }
        let isPatienceOver = self.question.map { now >= $0.deadline } ?? false
        if now >= self.timeout.latest { return self.timedOut() }
        if now >= self.timeout.earliest {
            // While a question is open, its deadline hides the later one; whoever asks again has not timed out.
            let asksAgain = effects.messages.contains { if case .readRequest = $0.message { true } else { false } }
            if !(isPatienceOver && asksAgain) { return self.timedOut() }
        }
        if isPatienceOver { self.askAgain() }
    }
}
