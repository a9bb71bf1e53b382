// The leader's side of replication (Raft paper, section 5.3): appends, and snapshots where the log no longer reaches.

extension Leadership {
    mutating func received(
        _ reply: AppendReply,
        from member: NodeID,
        _ ledger: inout Ledger,
        now: Instant,
        _ out: inout Effects
    ) {
        guard let place = self.place(of: member) else { return }
        if reply.outcome == .stale { return }
        self.followers[place].progress.heard(round: reply.round, now: now)
        switch reply.outcome {
        case .accepted(let match):
            guard match <= ledger.log.last.index else { return }
            self.followers[place].progress.accepted(match)
            self.followers[place].noteCatchUp(ledger, now: now)
            self.advanceCommit(&ledger, now: now, &out)
            self.handOver(ledger, &out)
        case .rejected(let previous, let hint):
            // A follower whose log ends where ours no longer reaches is beyond the help of appends.
            let isCut = hint.index < ledger.log.base.index
            let possible = isCut ? hint.index : ledger.log.lastPossibleMatch(hint)
            self.followers[place].progress.rejected(previous, lastPossibleMatch: possible)
        case .fetching(let snapshot):
            if let snapshot, ledger.snapshots.contains(where: { $0.id == snapshot }) {
                self.followers[place].progress.prefers(snapshot)
            }
        case .stale:
            return
        }
        // A change of the membership on the way may have moved the follower's place, or taken it away.
        if let place = self.place(of: member) {
            self.replicate(to: place, ledger, &out)
        }
        self.finishReadRound(&ledger, now: now, &out)
    }

    mutating func broadcast(_ ledger: Ledger, now: Instant, _ out: inout Effects) {
        self.round += 1
        self.reads.began(self.round, now: now)
        for place in self.followers.indices { self.sendAppend(to: place, ledger, &out) }
    }

    /// Sends what the follower lacks, as far as its window allows.
    mutating func replicate(to place: Int, _ ledger: Ledger, _ out: inout Effects) {
        while self.followers[place].progress.next <= ledger.log.last.index,
            self.followers[place].progress.hasRoom(ledger.settings)
        {
            self.sendAppend(to: place, ledger, &out)
        }
    }

    /// A follower with nothing more to receive learns of the commit at once; the others with their next entries.
    func announceCommit(_ ledger: Ledger, _ out: inout Effects) {
        for place in self.followers.indices where self.followers[place].progress.match == ledger.log.last.index {
            let request = AppendRequest(ledger, after: ledger.log.last, [], round: self.round)
            ledger.send(.append(request), to: self.followers[place].id, &out)
        }
    }

    /// Sends one append: entries if there are any and the follower may get some now, otherwise a bare heartbeat.
    private mutating func sendAppend(to place: Int, _ ledger: Ledger, _ out: inout Effects) {
        let next = self.followers[place].progress.next
        guard !self.followers[place].progress.isFetching, let previous = ledger.log.position(at: next.previous)
        else { return self.offerSnapshot(to: place, ledger, &out) }
        var entries: [Entry] = []
        if self.followers[place].progress.hasRoom(ledger.settings) {
            let settings = ledger.settings
            entries = ledger.log.run(
                from: previous.index.next,
                bytesMax: settings.appendBytesMax,
                countMax: settings.appendEntriesMax
            )
        }
        let request = AppendRequest(ledger, after: previous, entries, round: self.round)
        ledger.send(.append(request), to: self.followers[place].id, &out)
        if let last = entries.last {
            let weight = entries.reduce(0) { $0 + $1.weight }
            self.followers[place].progress.sent(through: last.index, weight: weight)
        }
    }

    /// Offers the snapshot the follower is pulling already, if the log still reaches back to it; else the newest.
    private mutating func offerSnapshot(to place: Int, _ ledger: Ledger, _ out: inout Effects) {
        let current = self.followers[place].progress.offered
        let usable = ledger.snapshots.first { $0.id == current && $0.index >= ledger.log.base.index }
        guard let snapshot = usable ?? ledger.snapshots.last else { return }
        self.followers[place].progress.offered(snapshot)
        let offer = SnapshotOffer(term: ledger.term, snapshot: snapshot, round: self.round)
        ledger.send(.offer(offer), to: self.followers[place].id, &out)
    }

    /// How far the log may be cut: nobody who is alive loses what it is about to be sent.
    func compactionLimit(_ ledger: Ledger, now: Instant) -> LogIndex? {
        if ledger.log.weight > ledger.settings.logWeightMax { return nil }
        let patience = ledger.settings.electionTimeoutMax.coreNanoseconds
        var limit: LogIndex?
        for follower in self.followers where now.since(follower.progress.lastReply) <= patience {
            let offered = ledger.snapshots.first { $0.id == follower.progress.offered }
            let needed = offered?.index ?? follower.progress.match
            limit = min(limit ?? needed, needed)
        }
        return limit
    }
}

extension AppendRequest {
    fileprivate init(_ ledger: Ledger, after previous: LogPosition, _ entries: [Entry], round: UInt64) {
        self.init(term: ledger.term, previous: previous, entries: entries, commit: ledger.commit, round: round)
    }
}
