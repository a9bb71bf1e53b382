import DequeModule

/// The leader's side: what it knows of its followers, whose proposals are open, and which reads wait.
struct Leadership: Sendable {
    /// One for each other voter, in the order of the voters.
    private var progress: [(member: NodeID, state: Progress)]
    /// Counts broadcasts. A reply that carries a round was sent after that round began.
    private var round: UInt64 = 0
    private(set) var heartbeatDeadline: Instant
    /// Proposals not committed yet, in log order.
    private var open: Deque<(id: ProposalID, position: LogPosition)> = []
    private var uncommittedBytes = 0
    private var waitingReads: [ReadID] = []
    /// The reads of the round under way, the round, and the index they will see.
    private var confirmingReads: (round: UInt64, index: LogIndex, reads: [ReadID])?

    /// A member has won: it appends an entry of its own term and tells everyone.
    init(_ ledger: inout Ledger, now: Instant, _ out: inout Effects) {
        let next = ledger.log.last.index.next
        self.progress = ledger.peers.map { ($0, Progress(next: next, now: now)) }
        self.heartbeatDeadline = now
        ledger.append(
            Entry(
                position: LogPosition(index: next, term: ledger.term),
                time: ledger.log.entry(at: next.previous)?.time ?? .zero,
                kind: .noop,
                payload: []
            )
        )
        self.heartbeat(&ledger, now: now, &out)
    }

    // MARK: Inputs

    mutating func propose(_ proposals: [Proposal], time: LogTime, _ ledger: inout Ledger, _ out: inout Effects) {
        let time = max(time, ledger.log.entry(at: ledger.log.last.index)?.time ?? .zero)
        for proposal in proposals {
            let position = LogPosition(index: ledger.log.last.index.next, term: ledger.term)
            let entry = Entry(position: position, time: time, kind: .command, payload: proposal.payload)
            guard self.uncommittedBytes + entry.weight <= ledger.settings.uncommittedBytesMax else {
                out.refused.append(.init(proposal: proposal.id, error: .overloaded))
                continue
            }
            self.uncommittedBytes += entry.weight
            self.open.append((proposal.id, position))
            ledger.append(entry)
        }
        for place in self.progress.indices { self.replicate(to: place, ledger, &out) }
    }

    mutating func read(_ read: ReadID, _ ledger: inout Ledger, _ out: inout Effects) {
        self.waitingReads.append(read)
        self.startReadRound(&ledger, &out)
    }

    mutating func received(
        _ reply: AppendReply,
        from member: NodeID,
        _ ledger: inout Ledger,
        now: Instant,
        _ out: inout Effects
    ) {
        guard let place = self.progress.firstIndex(where: { $0.member == member }) else { return }
        if reply.outcome == .stale { return }
        self.progress[place].state.heard(round: reply.round, now: now)
        switch reply.outcome {
        case .accepted(let match):
            guard match <= ledger.log.last.index else { return }
            self.progress[place].state.accepted(match)
            self.advanceCommit(&ledger, &out)
        case .rejected(let previous, let hint):
            let possible = ledger.log.lastPossibleMatch(hint)
            self.progress[place].state.rejected(previous, lastPossibleMatch: possible)
        case .stale:
            return
        }
        self.replicate(to: place, ledger, &out)
        self.finishReadRound(&ledger, &out)
    }

    /// The leader's own entries may now be on disk: its own vote for them counts from here on, not before.
    mutating func persisted(_ ledger: inout Ledger, _ out: inout Effects) {
        self.advanceCommit(&ledger, &out)
    }

    /// Speaks to every follower. Each heartbeat names the position before the next entry to send, so that a follower
    /// that missed something says so.
    mutating func heartbeat(_ ledger: inout Ledger, now: Instant, _ out: inout Effects) {
        self.heartbeatDeadline = now.advanced(by: ledger.settings.heartbeatInterval.coreNanoseconds)
        for place in self.progress.indices { self.progress[place].state.allowProbe() }
        self.broadcast(ledger, &out)
    }

    /// Whether a majority has answered lately. A leader without one steps down: it could commit nothing, and others
    /// may have elected a successor it can't hear (check-quorum: dissertation, section 6.2).
    func hasQuorum(_ ledger: Ledger, now: Instant) -> Bool {
        let patience = ledger.settings.electionTimeoutMax.coreNanoseconds
        return ledger.membership.hasQuorum { member in
            guard let peer = self.progress.first(where: { $0.member == member }) else { return member == ledger.id }
            return now.since(peer.state.lastReply) <= patience
        }
    }

    /// Leadership is lost. What was appended may still be committed by a successor; what was only asked was not served.
    func end(successor: NodeID?, _ out: inout Effects) {
        for proposal in self.open { out.refused.append(.init(proposal: proposal.id, error: .outcomeUnknown)) }
        for read in self.waitingReads + (self.confirmingReads?.reads ?? []) {
            out.refusedReads.append(.init(read: read, leader: successor))
        }
    }

    // MARK: Replication

    private mutating func broadcast(_ ledger: Ledger, _ out: inout Effects) {
        self.round += 1
        for place in self.progress.indices { self.sendAppend(to: place, ledger, &out) }
    }

    /// Sends what the follower lacks, as far as its window allows.
    private mutating func replicate(to place: Int, _ ledger: Ledger, _ out: inout Effects) {
        while self.progress[place].state.next <= ledger.log.last.index,
            self.progress[place].state.hasRoom(ledger.settings)
        {
            self.sendAppend(to: place, ledger, &out)
        }
    }

    /// Sends one append: entries if there are any and the follower may get some now, otherwise a bare heartbeat.
    private mutating func sendAppend(to place: Int, _ ledger: Ledger, _ out: inout Effects) {
        let next = self.progress[place].state.next
        guard let previous = ledger.log.position(at: next.previous) else { return }
        var entries: [Entry] = []
        if self.progress[place].state.hasRoom(ledger.settings) {
            let settings = ledger.settings
            entries = ledger.log.run(
                from: next,
                bytesMax: settings.appendBytesMax,
                countMax: settings.appendEntriesMax
            )
        }
        let request = AppendRequest(
            term: ledger.term,
            previous: previous,
            entries: entries,
            commit: ledger.commit,
            round: self.round
        )
        ledger.send(.append(request), to: self.progress[place].member, &out)
        if let last = entries.last {
            let weight = entries.reduce(0) { $0 + $1.weight }
            self.progress[place].state.sent(through: last.index, weight: weight)
        }
    }

    // MARK: Commitment

    /// Commits what a majority holds durably, if it is of this term: earlier terms' entries are committed only by
    /// what follows them (Raft paper, section 5.4.2 and figure 8).
    private mutating func advanceCommit(_ ledger: inout Ledger, _ out: inout Effects) {
        let durable = ledger.durable
        let own = ledger.id
        let index = ledger.membership.quorumIndex { member in
            if member == own { return durable }
            return self.progress.first(where: { $0.member == member })?.state.match ?? .zero
        }
        guard ledger.log.term(at: index) == ledger.term, ledger.advanceCommit(to: index) else { return }
        out.committed = index
        while let first = self.open.first, first.position.index <= index {
            self.uncommittedBytes -= ledger.log.entry(at: first.position.index)?.weight ?? 0
            out.completed.append(.init(proposal: first.id, position: first.position))
            self.open.removeFirst()
        }
        self.announceCommit(ledger, &out)
        self.startReadRound(&ledger, &out)
    }

    /// A follower with nothing more to receive learns of the commit at once; the others with their next entries.
    private mutating func announceCommit(_ ledger: Ledger, _ out: inout Effects) {
        for place in self.progress.indices
        where self.progress[place].state.match == ledger.log.last.index {
            self.sendAppend(to: place, ledger, &out)
        }
    }

    // MARK: Reads

    // ReadIndex (dissertation, section 6.4): a read sees the commit index of the moment it began, once a majority has
    // confirmed after that moment that this member still leads. Reads that arrive during a round share the next one.

    private mutating func startReadRound(_ ledger: inout Ledger, _ out: inout Effects) {
        // Until an entry of its own term is committed, a leader does not know how far its predecessors committed.
        guard !self.waitingReads.isEmpty, self.confirmingReads == nil,
            ledger.log.term(at: ledger.commit) == ledger.term
        else { return }
        let reads = self.waitingReads
        self.waitingReads = []
        self.confirmingReads = (self.round + 1, ledger.commit, reads)
        self.broadcast(ledger, &out)
        self.finishReadRound(&ledger, &out)
    }

    private mutating func finishReadRound(_ ledger: inout Ledger, _ out: inout Effects) {
        guard let confirming = self.confirmingReads else { return }
        let isConfirmed = ledger.membership.hasQuorum { member in
            guard let peer = self.progress.first(where: { $0.member == member }) else { return member == ledger.id }
            return peer.state.round >= confirming.round
        }
        guard isConfirmed else { return }
        for read in confirming.reads { out.grantedReads.append(.init(read: read, index: confirming.index)) }
        self.confirmingReads = nil
        self.startReadRound(&ledger, &out)
    }

    // MARK: Observation

    func checkInvariants(_ ledger: Ledger) -> String? {
        for (member, state) in self.progress {
            if state.match >= state.next { return "member \(member): match \(state.match), next \(state.next)" }
            if state.match > ledger.log.last.index { return "member \(member) matches beyond the leader's log" }
            if state.round > self.round { return "member \(member) has answered a round that has not begun" }
        }
        return nil
    }
}
