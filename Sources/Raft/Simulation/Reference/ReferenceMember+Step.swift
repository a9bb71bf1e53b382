import RaftCore

// One step: the input is acted upon by the rules, the choices are read off the core's effects, and the outcomes compared.

extension ReferenceMember {
    mutating func take(
        _ input: Input,
        now: Instant,
        _ effects: Effects,
        _ core: Consensus,
        _ after: Status
    ) throws(Violation) {
        if self.role != .leader && self.office != nil { self.office = nil }
        self.step.begin(self.writes + 1, commit: self.commit, now: now)
        if self.office?.followers.isEmpty == true { self.office?.mayHaveMissedRounds = true }
        try self.act(input, effects, after)
        try self.readChoices(input, effects)
        try self.leaveIfRemoved(effects)
        try self.check(effects)
        try self.compare(after)
        try self.checkTimers(core)
    }

    /// A leader may have appended a membership, and refused to.
    private mutating func readChoices(_ input: Input, _ effects: Effects) throws(Violation) {
        if self.role == .leader, let last = effects.writes.last?.entries.last, last.kind == .membership,
            last.position.index > self.log.last.index
        {
            return try self.follow(last, input)
        }
        guard case .change(_, let proposal, _) = input, self.role == .leader else { return }
        guard let refusal = effects.refused.first, refusal.proposal == proposal, case .changeRefused = refusal.error
        else { throw self.differs("refusals", "\(effects.refused)", "a refusal, or the change") }
        self.step.refused.append((proposal, refusal.error))
    }

    private mutating func check(_ effects: Effects) throws(Violation) {
        try self.check(effects.writes)
        try self.check(effects.messages)
        for grant in effects.grantedReads { try self.answer(.local(grant.read), grant.index, nil) }
        for refusal in effects.refusedReads { try self.answer(.local(refusal.read), nil, refusal.leader) }
        if !self.asks.isEmpty { try self.checkAnswered() }
        let isNews = self.commit > self.step.commitBefore && self.step.install == nil
        guard effects.committed == (isNews ? self.commit : nil) else {
            throw self.differs("commit", "\(String(describing: effects.committed))", "\(self.commit)")
        }
        guard effects.completed.elementsEqual(self.step.completed, by: { ($0.proposal, $0.position) == $1 }) else {
            throw self.differs("completions", "\(effects.completed)", "\(self.step.completed)")
        }
        guard effects.refused.elementsEqual(self.step.refused, by: { ($0.proposal, $0.error) == $1 }) else {
            throw self.differs("refusals", "\(effects.refused)", "\(self.step.refused)")
        }
        guard effects.install == self.step.install, effects.fetch?.snapshot == self.step.fetch?.snapshot,
            effects.fetch?.from == self.step.fetch?.from
        else { throw self.differs("snapshots", "\(effects.install as Any)", "\(self.step.install as Any)") }
    }

    private mutating func check(_ writes: [Write]) throws(Violation) {
        let isQuiet = self.step.write.isEmpty
        guard writes.count == (isQuiet ? 0 : 1), isQuiet || writes[0] == self.step.write else {
            throw self.differs("writes", "\(writes)", "\(self.step.write)")
        }
        if isQuiet { return }
        self.writes += 1
        self.pending.append(Pending(write: self.step.write, at: self.step.now))
    }

    func compare(_ after: Status) throws(Violation) {
        @inline(__always)
        func same<Value: Equatable>(_ rule: String, _ core: Value, _ own: Value) throws(Violation) {
            if core != own { throw self.differs(rule, "\(core)", "\(own)") }
        }
        try same("term", after.term, self.term)
        try same("vote", after.vote, self.vote)
        try same("role", after.role, self.role)
        try same("leader", after.leader, self.leader)
        try same("log", after.last, self.log.last)
        try same("log", after.base, self.log.base)
        try same("commit", after.commit, self.commit)
        try same("snapshots", after.snapshot, self.snapshots.last?.position ?? .zero)
        try same("membership in force", after.membershipIndex, self.membershipIndex)
        try same("successor", after.successor, self.role == .leader ? self.office?.handover?.target : nil)
        if let durable = self.log.durable {
            try same("durable", after.durable, durable)
        } else if after.durable >= self.log.base.index {
            throw self.differs("durable", "\(after.durable)", "before \(self.log.base.index)")
        }
        if self.step.write.changesMembership { try same("membership in force", after.membership, self.membership) }
        guard self.role == .leader, let office = self.office else { return }
        try same("followers", after.followers.count, office.followers.count)
        for (core, own) in zip(after.followers, office.followers) {
            try same("followers", core.id, own.id)
            try same("match", core.match, own.match)
            try same("last reply", core.lastReply, own.lastReply)
            try same("snapshot offered", core.isFetchingSnapshot, own.offered != nil)
        }
    }

    /// What the timer is set to. A new timeout is drawn when the rules say so, and only then; and it is drawn, not fixed.
    mutating func checkTimers(_ core: Consensus) throws(Violation) {
        let deadline = core.deadline
        if self.role == .leader, let due = self.office?.heartbeatDeadline {
            if deadline != due { throw self.differs("heartbeats", "\(deadline.nanoseconds)", "\(due.nanoseconds)") }
            return
        }
        let limit = self.question?.deadline ?? .never
        let isHidden = deadline == limit && limit != .never
        guard deadline <= limit, deadline >= min(self.timeout.earliest, limit),
            isHidden || deadline <= self.timeout.latest
        else {
            let bounds = "\(self.timeout.earliest.nanoseconds)...\(self.timeout.latest.nanoseconds)"
            throw self.differs("timeout", "\(deadline.nanoseconds)", bounds)
        }
        if isHidden {
            self.timeout.earliest = max(self.timeout.earliest, limit)
            self.timeout.latest = max(self.timeout.earliest, self.timeout.latest)
            return
        }
        self.timeout = (deadline, deadline)
        guard self.step.drawsTimeout else { return }
        let span = deadline.after(self.step.now)
        self.span = (span, span == self.span.nanoseconds ? self.span.repeats + 1 : 0)
        if self.span.repeats > 1 { throw self.differs("timeouts are drawn", "\(span) again", "another") }
    }

    func differs(_ rule: String, _ core: String, _ own: String) -> Violation {
        Violation(invariant: "refinement: \(rule)", detail: "member \(self.id): \(core), by the rules \(own)")
    }
}
