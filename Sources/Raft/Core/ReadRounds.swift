import DequeModule

// ReadIndex (dissertation, section 6.4): a read sees the commit index of the moment it began, once a quorum has
// confirmed after that moment that this member still leads. Reads that arrive during a round share the next one.

/// The reads that wait at a leader.
struct ReadRounds: Sendable {
    private var waiting: [Reader] = []
    /// The reads of the round under way, the round, and the index they will see.
    private var confirming: (round: UInt64, index: LogIndex, readers: [Reader])?
    /// When rounds that no quorum has answered yet began, oldest first.
    private var begun: Deque<(round: UInt64, at: Instant)> = []
    /// When the latest round that a quorum has answered began: nobody else can lead until an election timeout later.
    private var leaseStart: Instant?
    /// Once a successor was told to stand, it may win at any time: there are no leases in this office any more.
    private var hasLeases = true

    enum Reader: Sendable {
        case local(ReadID)
        case remote(NodeID, id: UInt64)
    }

    /// Whether an answer from a follower can make no difference: no round is open, and nobody waits for one.
    var isIdle: Bool { self.begun.isEmpty && self.confirming == nil && self.waiting.isEmpty }

    mutating func add(_ reader: Reader) { self.waiting.append(reader) }

    mutating func began(_ round: UInt64, now: Instant) {
        // Far behind means that no quorum answers: check-quorum will end this office.
        if self.begun.count < 1_024 { self.begun.append((round, now)) }
    }

    /// The reads for a new round, unless one is under way or nobody waits.
    fileprivate mutating func next() -> [Reader]? {
        guard !self.waiting.isEmpty, self.confirming == nil else { return nil }
        defer { self.waiting = [] }
        return self.waiting
    }

    fileprivate mutating func start(_ round: UInt64, at index: LogIndex, _ readers: [Reader]) {
        self.confirming = (round, index, readers)
    }

    /// A quorum has answered `round`.
    fileprivate mutating func confirmed(_ round: UInt64, _ ledger: Ledger, _ out: inout Effects) {
        while let first = self.begun.first, first.round <= round {
            self.leaseStart = first.at
            self.begun.removeFirst()
        }
        guard let confirming = self.confirming, confirming.round <= round else { return }
        self.confirming = nil
        for reader in confirming.readers { Self.grant(reader, at: confirming.index, ledger, &out) }
    }

    fileprivate static func grant(_ reader: Reader, at index: LogIndex?, _ ledger: Ledger, _ out: inout Effects) {
        switch reader {
        case .local(let read):
            if let index { out.grantedReads.append(.init(read: read, index: index)) }
        case .remote(let member, let id):
            ledger.send(.readReply(ReadReply(term: ledger.term, id: id, index: index)), to: member, &out)
        }
    }

    /// Whether nobody else can have been elected yet. Clocks may differ by a tenth in rate.
    fileprivate func holdsLease(_ settings: Settings, now: Instant) -> Bool {
        guard settings.allowsLeases, self.hasLeases, let start = self.leaseStart else { return false }
        return now.since(start) < settings.electionTimeoutMin.coreNanoseconds / 10 * 9
    }

    mutating func endLeases() { self.hasLeases = false }

    func end(successor: NodeID?, _ ledger: Ledger, _ out: inout Effects) {
        for reader in self.waiting + (self.confirming?.readers ?? []) {
            if case .local(let read) = reader {
                out.refusedReads.append(.init(read: read, leader: successor))
            } else {
                Self.grant(reader, at: nil, ledger, &out)
            }
        }
    }
}

extension Leadership {
    mutating func read(
        _ reader: ReadRounds.Reader,
        _ mode: ReadMode,
        _ ledger: inout Ledger,
        now: Instant,
        _ out: inout Effects
    ) {
        if mode == .lease, self.isOfOwnTerm(ledger), self.reads.holdsLease(ledger.settings, now: now) {
            return ReadRounds.grant(reader, at: ledger.commit, ledger, &out)
        }
        self.reads.add(reader)
        self.startReadRound(&ledger, now: now, &out)
    }

    /// Until an entry of its own term is committed, a leader does not know how far its predecessors committed.
    func isOfOwnTerm(_ ledger: Ledger) -> Bool { ledger.log.term(at: ledger.commit) == ledger.term }

    mutating func startReadRound(_ ledger: inout Ledger, now: Instant, _ out: inout Effects) {
        guard self.isOfOwnTerm(ledger), let readers = self.reads.next() else { return }
        self.reads.start(self.round + 1, at: ledger.commit, readers)
        self.broadcast(ledger, now: now, &out)
        self.finishReadRound(&ledger, now: now, &out)
    }

    mutating func finishReadRound(_ ledger: inout Ledger, now: Instant, _ out: inout Effects) {
        if self.reads.isIdle { return }
        let own = self.round
        let answered = ledger.membership.quorumValue { member in
            self.place(of: member).map { self.followers[$0].progress.round } ?? (member == ledger.id ? own : 0)
        }
        guard let answered else { return }
        self.reads.confirmed(answered, ledger, &out)
        self.startReadRound(&ledger, now: now, &out)
    }
}
