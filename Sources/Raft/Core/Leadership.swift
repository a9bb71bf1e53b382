import DequeModule

/// The leader's side: what it knows of its followers, whose proposals are open, and which reads wait.
struct Leadership: Sendable {
    /// One for each other member, in the order of the members.
    var followers: [Follower] = []
    /// Counts broadcasts. A reply that carries a round was sent after that round began.
    var round: UInt64 = 0
    private(set) var heartbeatDeadline: Instant
    /// Proposals not committed yet, in log order.
    private var open: Deque<(id: ProposalID, position: LogPosition)> = []
    private var uncommittedBytes = 0
    var reads = ReadRounds()
    var clock: LogClock
    var transfer: Transfer?

    struct Follower: Sendable {
        var id: NodeID
        var progress: Progress
        /// For a learner that is to vote: how far it must get, and since when.
        var catchUp: CatchUp?
    }

    /// A member has won: it appends an entry of its own term and tells everyone.
    init(_ ledger: inout Ledger, now: Instant, _ out: inout Effects) {
        self.heartbeatDeadline = now
        self.clock = LogClock(after: ledger.time, now: now)
        self.alignFollowers(ledger, now: now)
        // The first entry of all is the membership, for those who come later and have no other way to know it.
        let isFirst = ledger.log.last.index == .zero
        let entry = Entry(
            position: LogPosition(index: ledger.log.last.index.next, term: ledger.term),
            time: ledger.time,
            kind: isFirst ? .membership : .noop,
            payload: isFirst ? ledger.membership.encoded() : []
        )
        ledger.append(entry)
        self.heartbeat(&ledger, now: now, &out)
    }

    // MARK: Inputs

    mutating func propose(
        _ proposals: [Proposal],
        time: LogTime,
        _ ledger: inout Ledger,
        now: Instant,
        _ out: inout Effects
    ) {
        if let transfer = self.transfer {
            // What is appended now would keep the target from catching up.
            let error = ProposalError.notAccepted(leader: transfer.target)
            for proposal in proposals { out.refused.append(.init(proposal: proposal.id, error: error)) }
            return
        }
        let time = self.clock.stamp(time, after: ledger.time, now: now)
        for proposal in proposals {
            let position = LogPosition(index: ledger.log.last.index.next, term: ledger.term)
            let entry = Entry(position: position, time: time, kind: .command, payload: proposal.payload)
            guard self.uncommittedBytes + entry.weight <= ledger.settings.uncommittedBytesMax else {
                out.refused.append(.init(proposal: proposal.id, error: .overloaded))
                continue
            }
            self.append(entry, for: proposal.id, &ledger)
        }
        for place in self.followers.indices { self.replicate(to: place, ledger, &out) }
    }

    /// Appends an entry that somebody waits for.
    mutating func append(_ entry: Entry, for proposal: ProposalID, _ ledger: inout Ledger) {
        self.uncommittedBytes += entry.weight
        self.open.append((proposal, entry.position))
        ledger.append(entry)
    }

    /// The leader's own entries may now be on disk: its own vote for them counts from here on, not before.
    mutating func persisted(_ ledger: inout Ledger, now: Instant, _ out: inout Effects) {
        self.advanceCommit(&ledger, now: now, &out)
    }

    /// Speaks to every follower. Each heartbeat names the position before the next entry to send, so that a follower
    /// that missed something says so.
    mutating func heartbeat(_ ledger: inout Ledger, now: Instant, _ out: inout Effects) {
        self.heartbeatDeadline = now.advanced(by: ledger.settings.heartbeatInterval.coreNanoseconds)
        for place in self.followers.indices { self.followers[place].progress.allowProbe() }
        if let transfer = self.transfer, now >= transfer.deadline { self.transfer = nil }
        self.broadcast(ledger, now: now, &out)
        self.reconfigure(&ledger, now: now, &out)
    }

    /// Whether a quorum has answered lately. A leader without one steps down: it could commit nothing, and others may
    /// have elected a successor it can't hear (check-quorum: dissertation, section 6.2).
    func hasQuorum(_ ledger: Ledger, now: Instant) -> Bool { self.hasQuorum(of: ledger.membership, ledger, now: now) }

    /// Whether a quorum of that membership has answered lately.
    func hasQuorum(of membership: Membership, _ ledger: Ledger, now: Instant) -> Bool {
        let patience = ledger.settings.electionTimeoutMax.coreNanoseconds
        return membership.hasQuorum { member in
            guard let place = self.place(of: member) else { return member == ledger.id }
            return now.since(self.followers[place].progress.lastReply) <= patience
        }
    }

    /// Leadership is lost. What was appended may still be committed by a successor; what was only asked was not served.
    func end(successor: NodeID?, _ ledger: Ledger, _ out: inout Effects) {
        for proposal in self.open { out.refused.append(.init(proposal: proposal.id, error: .outcomeUnknown)) }
        self.reads.end(successor: successor, ledger, &out)
    }

    // MARK: Commitment

    /// Commits what a quorum holds durably, if it is of this term: earlier terms' entries are committed only by what
    /// follows them (Raft paper, section 5.4.2 and figure 8).
    mutating func advanceCommit(_ ledger: inout Ledger, now: Instant, _ out: inout Effects) {
        let durable = ledger.durable
        let own = ledger.id
        let reached = ledger.membership.quorumValue { member in
            if member == own { return durable }
            return self.place(of: member).map { self.followers[$0].progress.match } ?? .zero
        }
        guard let index = reached, ledger.log.term(at: index) == ledger.term, ledger.advanceCommit(to: index) else {
            return
        }
        out.committed = index
        while let first = self.open.first, first.position.index <= index {
            self.uncommittedBytes -= ledger.log.entry(at: first.position.index)?.weight ?? 0
            out.completed.append(.init(proposal: first.id, position: first.position))
            self.open.removeFirst()
        }
        self.announceCommit(ledger, &out)
        self.reconfigure(&ledger, now: now, &out)
        self.startReadRound(&ledger, now: now, &out)
    }

    // MARK: Observation

    func place(of member: NodeID) -> Int? {
        for place in self.followers.indices where self.followers[place].id == member { return place }
        return nil
    }

    func checkInvariants(_ last: LogIndex) -> String? {
        for place in self.followers.indices {
            let (match, next) = (self.followers[place].progress.match, self.followers[place].progress.next)
            let member = self.followers[place].id
            if match >= next { return "member \(member): match \(match), next \(next)" }
            if match > last { return "member \(member) matches beyond the leader's log" }
            if self.followers[place].progress.round > self.round {
                return "member \(member) has answered a round that has not begun"
            }
        }
        return nil
    }
}
