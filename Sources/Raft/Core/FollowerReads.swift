/// Linearizable reads on a member that does not lead: it asks the leader how far it must have applied (dissertation,
/// section 6.4). Reads that arrive while a question is open share the next one.
struct FollowerReads: Sendable {
    private var waiting: [ReadID] = []
    private var asked: (id: UInt64, reads: [ReadID], deadline: Instant)?

    /// When to ask again: the question or its answer may be lost.
    var deadline: Instant { self.asked?.deadline ?? .never }

    mutating func add(_ read: ReadID) { self.waiting.append(read) }

    /// Asks for everything that waits, unless a question is open. `id` must not have been used before: an answer that
    /// was meant for an earlier question is older than the reads of this one.
    mutating func ask(
        _ leader: NodeID,
        id: @autoclosure () -> UInt64,
        _ ledger: Ledger,
        now: Instant,
        _ out: inout Effects
    ) {
        guard self.asked == nil, !self.waiting.isEmpty else { return }
        let id = id()
        let patience = ledger.settings.electionTimeoutMin.coreNanoseconds / 2
        self.asked = (id, self.waiting, now.advanced(by: patience))
        self.waiting = []
        ledger.send(.readRequest(ReadRequest(term: ledger.term, id: id)), to: leader, &out)
    }

    /// Gives up the open question; its reads wait for the next one.
    mutating func forgetQuestion() {
        self.waiting = (self.asked?.reads ?? []) + self.waiting
        self.asked = nil
    }

    /// The answer to the open question has come; false if it is the answer to another one.
    mutating func answered(_ reply: ReadReply, _ out: inout Effects) -> Bool {
        guard let asked = self.asked, asked.id == reply.id else { return false }
        self.asked = nil
        for read in asked.reads {
            if let index = reply.index {
                out.grantedReads.append(.init(read: read, index: index))
            } else {
                out.refusedReads.append(.init(read: read, leader: nil))
            }
        }
        return true
    }

    func end(leader: NodeID?, _ out: inout Effects) {
        for read in (self.asked?.reads ?? []) + self.waiting {
            out.refusedReads.append(.init(read: read, leader: leader))
        }
    }
}

extension Consensus {
    mutating func read(_ read: ReadID, _ mode: ReadMode, now: Instant, _ out: inout Effects) {
        switch self.role {
        case .leader:
            self.role.withLeadership(&self.ledger) { leadership, ledger in
                leadership.read(.local(read), mode, &ledger, now: now, &out)
            }
        case .follower(var following):
            guard following.leader != nil else { fallthrough }
            following.reads.add(read)
            self.role = .follower(following)
            self.askLeader(now: now, &out)
        case .preCandidate, .candidate:
            out.refusedReads.append(.init(read: read, leader: nil))
        }
    }

    mutating func askLeader(now: Instant, _ out: inout Effects) {
        guard case .follower(var following) = self.role, let leader = following.leader else { return }
        following.reads.ask(leader, id: self.random.next(), self.ledger, now: now, &out)
        self.role = .follower(following)
    }

    mutating func answerRead(_ request: ReadRequest, from sender: NodeID, now: Instant, _ out: inout Effects) {
        guard case .leader = self.role else {
            let reply = ReadReply(term: self.ledger.term, id: request.id, index: nil)
            return self.ledger.send(.readReply(reply), to: sender, &out)
        }
        self.role.withLeadership(&self.ledger) { leadership, ledger in
            leadership.read(.remote(sender, id: request.id), .index, &ledger, now: now, &out)
        }
    }

    mutating func readAnswered(_ reply: ReadReply, now: Instant, _ out: inout Effects) {
        guard case .follower(var following) = self.role, following.reads.answered(reply, &out) else { return }
        self.role = .follower(following)
        self.askLeader(now: now, &out)
    }
}
