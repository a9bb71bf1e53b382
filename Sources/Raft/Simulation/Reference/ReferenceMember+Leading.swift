import RaftCore

// A leader's side: appends, replies, commitment (paper, sections 5.3 and 5.4.2), heartbeats, and handing over.

extension ReferenceMember {
    mutating func lead() {
        self.role = .leader
        self.leader = self.id
        let now = self.step.now
        self.office = ReferenceOffice(heartbeatDeadline: now.adding(self.pace.heartbeat), start: (self.time, now))
        self.alignFollowers()
        // The first entry of all is the membership, for those who come later.
        let isFirst = self.log.last.index == .zero
        let payload = isFirst ? self.membership.encoded() : []
        self.append(self.nextEntry(isFirst ? .membership : .noop, payload, self.time))
        self.step.beginsRound = true
    }

    func nextEntry(_ kind: EntryKind, _ payload: [UInt8], _ time: LogTime) -> Entry {
        let position = LogPosition(index: self.log.last.index.next, term: self.term)
        return Entry(position: position, time: time, kind: kind, payload: payload)
    }

    /// One entry a command, in order, at the log's end, unless too much waits already or the office is handed over.
    mutating func propose(_ proposals: [Proposal], _ wall: LogTime, _ effects: Effects) throws(Violation) {
        func refuse(_ proposal: Proposal, _ error: ProposalError) {
            self.step.refused.append((proposal.id, error))
        }
        guard self.role == .leader, var office = self.office, office.handover == nil else {
            let leader = self.office?.handover?.target ?? self.leader
            for proposal in proposals { refuse(proposal, .notAccepted(leader: leader)) }
            return
        }
        self.office = nil  // so that it is changed without being copied
        // Which moment the leader stamps is its choice; it neither goes back nor runs ahead of the clock.
        let time = effects.writes.first?.entries.first?.time ?? self.time
        guard time >= self.time, time <= max(self.time, wall), self.isPaced(time, office) else {
            throw Violation(invariant: "refinement: log time", detail: "member \(self.id) stamps \(time.milliseconds)")
        }
        for proposal in proposals {
            let entry = self.nextEntry(.command, proposal.payload, time)
            if office.openBytes + entry.weight > self.pace.settings.uncommittedBytesMax {
                refuse(proposal, .overloaded)
                continue
            }
            office.openBytes += entry.weight
            office.open.append((proposal.id, entry.position))
            self.append(entry)
        }
        self.office = office
    }

    /// From where the log was when the office began, its time goes at most twice as fast as the clock, with a second to
    /// spare; the first stamp of all is free.
    private func isPaced(_ time: LogTime, _ office: ReferenceOffice) -> Bool {
        let start = office.start
        if start.time == .zero || time <= self.time { return true }
        return time.milliseconds <= start.time.milliseconds + self.step.now.after(start.moment) / 500_000 + 1_000
    }

    // MARK: Replies and commitment

    mutating func count(_ reply: AppendReply, of member: NodeID) {
        guard self.role == .leader, reply.outcome != .stale, let place = self.office?.place(of: member) else { return }
        let now = self.step.now
        self.office?.heard(from: place, reply.round, now)
        switch reply.outcome {
        case .accepted(let match):
            guard match <= self.log.last.index else { return }
            self.office?.followers[place].accepted(match, last: self.log.last.index, now, self.pace)
            self.advanceCommit()
        case .fetching(let snapshot):
            // It has part of another one, which is here as well.
            if let snapshot, self.office?.followers[place].offered != nil,
                self.snapshots.contains(where: { $0.id == snapshot })
            {
                self.office?.followers[place].offered = snapshot
            }
        case .rejected, .stale: break
        }
        self.noteLease()
    }

    /// What a quorum holds durably is committed, if it is of the leader's own term.
    mutating func advanceCommit() {
        let followers = self.office?.followers ?? []
        let own = self.log.durable ?? .zero
        func consider(_ index: LogIndex) {
            guard index > self.commit, self.log.term(at: index) == self.term else { return }
            let isHeld = self.membership.canDecide { member in
                if member == self.id { return own >= index }
                return followers.contains { $0.id == member && $0.match >= index }
            }
            if isHeld { self.commit = index }
        }
        consider(own)
        for follower in followers { consider(follower.match) }
        self.answerProposals()
        self.askToStand()
    }

    private mutating func answerProposals() {
        var count = 0
        for open in self.office?.open ?? [] {
            guard open.position.index <= self.commit else { break }
            self.step.completed.append(open)
            self.office?.openBytes -= self.log.entry(at: open.position.index)?.weight ?? 0
            count += 1
        }
        if count > 0 { self.office?.open.removeFirst(count) }
    }

    // MARK: Time

    /// A follower that has answered within the longest timeout.
    func isAlive(_ follower: ReferenceOffice.Follower) -> Bool {
        self.step.now.after(follower.lastReply) <= self.pace.timeoutMax
    }

    /// Whether a quorum of that membership has answered lately.
    func hasQuorum(of membership: Membership) -> Bool {
        membership.canDecide { member in
            guard let follower = self.office?.followers.first(where: { $0.id == member }) else {
                return member == self.id
            }
            return self.isAlive(follower)
        }
    }

    /// Without a quorum, or a disk, it is no leader any more (check-quorum: dissertation, section 6.2).
    mutating func leaderTimerFired() {
        let now = self.step.now
        guard let office = self.office, now >= office.heartbeatDeadline else { return }
        guard self.hasQuorum(of: self.membership), !self.isDiskStalled else { return self.follow(nil, in: self.term) }
        self.office?.heartbeatDeadline = now.adding(self.pace.heartbeat)
        if let handover = office.handover, now >= handover.deadline { self.office?.handover = nil }
        self.step.beginsRound = true
    }

    // MARK: Handing over

    /// To the voter that was named, or to one that is as far as any; in any case to one that is alive.
    mutating func handOver(to chosen: NodeID?, _ after: Status) throws(Violation) {
        guard self.role == .leader, let office = self.office, office.handover == nil else { return }
        let able = office.followers.filter { follower in
            self.membership.finalVoters.contains(follower.id) && self.isAlive(follower)
                && (chosen == nil || chosen == follower.id)
        }
        guard let farthest = able.map(\.match).max() else { return }
        guard let target = after.successor, able.contains(where: { $0.id == target && $0.match == farthest }) else {
            let name = after.successor.map(\.description) ?? "nobody"
            throw Violation(invariant: "refinement: successor", detail: "member \(self.id) chooses \(name)")
        }
        self.office?.handover = (target, self.step.now.adding(self.pace.timeoutMax), false)
        self.office?.hasLeases = false
        self.askToStand()
    }

    /// The successor is told to stand as soon as it has everything.
    mutating func askToStand() {
        guard let office = self.office, let handover = office.handover, !handover.isAsked,
            office.followers.first(where: { $0.id == handover.target })?.match == self.log.last.index
        else { return }
        self.office?.handover?.isAsked = true
        self.say(.timeoutNow(TimeoutNow(term: self.term)), to: handover.target)
    }

    /// Whoever has led its own removal to the end goes, and leaves the office to one that is as far as any.
    mutating func leaveIfRemoved(_ effects: Effects) throws(Violation) {
        guard self.role == .leader, let office = self.office, self.membershipIndex <= self.commit,
            !self.membership.counts(self.id)
        else { return }
        self.step.beginsRound = true
        self.step.leaves = true
        if office.handover == nil {
            let able = office.followers.filter { self.membership.finalVoters.contains($0.id) && self.isAlive($0) }
            let asked = effects.messages.last { if case .timeoutNow = $0.message { true } else { false } }
            if let farthest = able.map(\.match).max(), farthest == self.log.last.index {
                guard let asked, able.contains(where: { $0.id == asked.to && $0.match == farthest }) else {
                    throw Violation(invariant: "refinement: successor", detail: "member \(self.id) leaves to nobody")
                }
                self.say(.timeoutNow(TimeoutNow(term: self.term)), to: asked.to)
            }
        }
        self.follow(nil, in: self.term)
    }
}
