import RaftCore

// Linearizable reads (dissertation, section 6.4): a leader serves one once a quorum has answered a round that began after
// the read came; a follower asks its leader.

extension ReferenceMember {
    mutating func ask(_ reader: Ask.Reader, _ mode: ReadMode, due: Ask.Due = .later) {
        let round = self.office?.round ?? 0
        self.asks.append(Ask(reader: reader, mode: mode, round: round, commit: self.commit, due: due))
    }

    mutating func read(_ reader: Ask.Reader, _ mode: ReadMode) {
        if self.role == .leader { return self.ask(reader, mode) }
        guard case .local = reader, self.role == .follower, self.leader != nil else {
            return self.ask(reader, mode, due: .refusal(leader: nil))
        }
        self.ask(reader, mode)
        if self.question == nil { self.step.asksLeader = true }
    }

    mutating func askAgain() {
        for place in self.asks.indices { self.asks[place].isAsked = false }
        self.question = nil
        if self.role == .follower && self.leader != nil && !self.asks.isEmpty { self.step.asksLeader = true }
    }

    /// Only the answer to the open question is one, and only for the reads that it was asked for.
    mutating func answered(_ reply: ReadReply) {
        guard self.role == .follower, let question = self.question, question.id == reply.id else { return }
        self.question = nil
        for place in self.asks.indices where self.asks[place].isAsked {
            self.asks[place].due = reply.index.map { .grant($0) } ?? .refusal(leader: nil)
        }
        if self.leader != nil && self.asks.contains(where: { !$0.isAsked }) { self.step.asksLeader = true }
    }

    /// Whoever ceases to lead, or loses its leader, serves none of the reads that wait.
    mutating func endReads(_ leader: NodeID?) {
        self.question = nil
        for place in self.asks.indices {
            if case .later = self.asks[place].due { self.asks[place].due = .refusal(leader: leader) }
        }
    }

    /// A lease counts from when a round began that a quorum has answered.
    mutating func noteLease() {
        guard self.pace.settings.allowsLeases, let office = self.office else { return }
        var latest = office.leaseStart
        for follower in office.followers {
            guard let since = follower.answeredSince, since > office.leaseStart ?? .zero else { continue }
            let isAnswered = self.membership.canDecide { member in
                member == self.id || office.followers.contains { $0.id == member && $0.answeredSince ?? .zero >= since }
            }
            if isAnswered { latest = max(latest ?? since, since) }
        }
        self.office?.leaseStart = latest
    }

    // MARK: Answers

    /// The core has answered a read: it must be one that waits, and the answer one it may have.
    mutating func answer(_ reader: Ask.Reader, _ index: LogIndex?, _ leader: NodeID?) throws(Violation) {
        guard let place = self.asks.firstIndex(where: { $0.reader == reader }) else {
            throw Violation(invariant: "refinement: reads", detail: "member \(self.id) answers one that does not wait")
        }
        let ask = self.asks.remove(at: place)
        let isAllowed =
            switch (ask.due, index) {
            case (.grant(let due), let index?): index == due
            case (.refusal(let due), nil): leader == due || ask.isRemote
            case (.later, let index?): self.mayServe(ask, at: index)
            case (.refusal, let index?): self.step.leaves && self.mayServe(ask, at: index)
            default: false
            }
        if isAllowed { return }
        throw Violation(
            invariant: "refinement: reads",
            detail: "member \(self.id) answers \(ask.reader) with \(index.map(\.description) ?? "a refusal")"
        )
    }

    /// ReadIndex, or a lease.
    private func mayServe(_ ask: Ask, at index: LogIndex) -> Bool {
        guard let office = self.office, self.log.term(at: self.commit) == self.term,
            index >= ask.commit, index <= self.commit
        else { return false }
        // Nobody else can have been elected within the shortest timeout; clocks may differ by a tenth.
        let isInLease = office.leaseStart.map { self.step.now.after($0) < self.pace.timeoutMin / 10 * 9 } ?? false
        let isAlone = self.membership.canDecide { $0 == self.id }
        let mayTrust = ask.mode == .lease && self.pace.settings.allowsLeases && office.hasLeases
        if mayTrust && (isInLease || isAlone) { return true }
        return self.membership.canDecide { member in
            member == self.id || office.followers.contains { $0.id == member && $0.round > ask.round }
        }
    }

    /// Nothing that is due is left.
    func checkAnswered() throws(Violation) {
        for ask in self.asks {
            if case .later = ask.due { continue }
            throw Violation(invariant: "refinement: reads", detail: "member \(self.id) owes \(ask.reader) an answer")
        }
    }
}

extension ReferenceMember.Ask {
    fileprivate var isRemote: Bool {
        if case .remote = self.reader { return true }
        return false
    }
}
