import DequeModule

/// What outlives a change of role: term, vote, log, membership, commit index, the writes under way and the promises
/// that wait for them.
///
/// During a step changes are staged; the step's end hands them to the disk as one `Write`. A message that promises
/// something (a granted vote, an accepted append, a candidacy) is held until every write issued so far is durable.
struct Ledger: Sendable {
    let id: NodeID
    let incarnation: Incarnation?
    let settings: Settings
    private(set) var hardState: HardState
    private(set) var log: LogView
    private(set) var commit: LogIndex
    /// The end of the log that is known to be on this member's disk.
    private(set) var durable: LogIndex
    private(set) var memberships: MembershipHistory
    /// Snapshots that reach back to the log, the oldest first. The last is the one the next start begins with.
    private(set) var snapshots: [Snapshot]
    /// Snapshots that are not needed any more once that write is durable: until then the next start may need them.
    private var retiring: Deque<(after: WriteID, snapshot: Snapshot)> = []

    /// The disks of the members that have been met since the start.
    private(set) var incarnations: [NodeID: Incarnation] = [:]

    private var staged: Write
    /// Writes without a receipt, and where the durable log ends once each has one. A later truncation lowers the
    /// earlier ends: their entries will be on disk, but they are not the log's entries any more.
    private var pending: Deque<(id: WriteID, end: LogIndex, since: Instant)> = []
    private var promises: Deque<(after: WriteID, envelope: Envelope)> = []
    /// Why the log can't be understood, if it can't.
    private(set) var defect: String?

    init(id: NodeID, settings: Settings, recovered: Recovered) {
        self.id = id
        self.incarnation = recovered.incarnation
        self.settings = settings
        self.hardState = recovered.hardState
        self.log = LogView(base: recovered.base, entries: recovered.entries)
        self.snapshots = recovered.snapshots.filter { $0.index >= recovered.base.index }
        self.commit = recovered.snapshots.last?.index ?? .zero
        self.durable = self.log.last.index
        // The oldest snapshot at hand is nearest to the log's beginning: what changed later is read from the log.
        let first = recovered.snapshots.first
        self.memberships = MembershipHistory(first?.membership ?? recovered.membership, at: first?.index ?? .zero)
        self.staged = Write(id: WriteID(1))
        for entry in recovered.entries where entry.kind == .membership { self.noteMembership(entry) }
    }

    var term: Term { self.hardState.term }
    /// The membership in force here: the latest in the log.
    var membership: Membership { self.memberships.latest }
    var otherVoters: [NodeID] {
        self.membership.members.map(\.id).filter { $0 != self.id && self.membership.isVoter($0) }
    }
    /// The time of the log's last entry.
    var time: LogTime { self.log.entry(at: self.log.last.index)?.time ?? self.snapshots.last?.time ?? .zero }

    /// The write that this step's changes, or else the last ones issued, go to disk with.
    var newestWrite: WriteID { self.staged.isEmpty ? WriteID(self.staged.id.rawValue - 1) : self.staged.id }

    /// Whether everything up to `write` has its receipt.
    func isDurable(_ write: WriteID) -> Bool {
        if let oldest = self.pending.first { return write < oldest.id }
        return self.staged.isEmpty || write < self.staged.id
    }

    /// How often this member has stepped down because its disk did not answer.
    var diskStepDowns = 0

    /// Whether a write has been under way for longer than a disk that works would take.
    func isDiskStalled(_ now: Instant) -> Bool {
        guard let oldest = self.pending.first else { return false }
        return now.since(oldest.since) > self.settings.diskPatience.coreNanoseconds
    }

    // MARK: Changes

    mutating func adopt(_ term: Term, vote: NodeID? = nil) {
        precondition(term >= self.term, "a term never goes back")
        self.hardState = HardState(term: term, vote: vote)
        self.staged.hardState = self.hardState
    }

    mutating func append(_ entry: Entry) {
        self.log.append(entry)
        self.staged.entries.append(entry)
        self.noteMembership(entry)
    }

    /// Drops the entries from `index` on. Committed ones never go: false says that somebody asked for it.
    mutating func truncate(from index: LogIndex) -> Bool {
        guard index > self.commit else { return false }
        self.log.truncate(from: index)
        self.memberships.truncate(from: index)
        self.dropCandidacies()
        self.staged.truncateFrom = index
        let end = index.previous
        self.durable = min(self.durable, end)
        for place in self.pending.indices where self.pending[place].end > end { self.pending[place].end = end }
        return true
    }

    /// Raises the commit index, never lowers it. True if it moved.
    mutating func advanceCommit(to index: LogIndex) -> Bool {
        guard index > self.commit, index <= self.log.last.index else { return false }
        self.commit = index
        return true
    }

    mutating func met(_ member: NodeID, _ incarnation: Incarnation) { self.incarnations[member] = incarnation }

    private mutating func noteMembership(_ entry: Entry) {
        guard entry.kind == .membership else { return }
        guard let membership = Membership(decoding: entry.payload) else {
            self.defect = "the membership at \(entry.position) is of a form this version does not know"
            return
        }
        self.memberships.append(membership, at: entry.index)
    }

    // MARK: Snapshots

    /// Starts the next run from `snapshot`, which this member took of its own state, and lets the log go up to `base`.
    /// Older snapshots stay as long as they reach back to the log: somebody may be pulling one.
    mutating func adopt(_ snapshot: Snapshot, compactingThrough base: LogIndex) {
        self.snapshots.append(snapshot)
        self.staged.snapshot = snapshot
        guard base > self.log.base.index, let position = self.log.position(at: base) else { return }
        self.log.compact(through: base)
        self.memberships.compact(through: base)
        self.staged.base = position
        self.retire { $0.index < base }
    }

    /// Replaces the whole log by `snapshot`, which contains entries this log lacks.
    mutating func install(_ snapshot: Snapshot) {
        self.dropCandidacies()
        self.log = LogView(base: snapshot.position)
        self.memberships = MembershipHistory(snapshot.membership, at: snapshot.index)
        self.retire { _ in true }
        self.snapshots.append(snapshot)
        self.commit = snapshot.index
        self.durable = .zero
        for place in self.pending.indices { self.pending[place].end = .zero }
        self.staged.truncateFrom = nil
        self.staged.entries = []
        self.staged.snapshot = snapshot
        self.staged.replacesLog = true
        self.staged.base = snapshot.position
    }

    private mutating func retire(_ isNeedless: (Snapshot) -> Bool) {
        for snapshot in self.snapshots where isNeedless(snapshot) { self.retiring.append((self.staged.id, snapshot)) }
        self.snapshots.removeAll(where: isNeedless)
    }

    /// The snapshots whose chunks must stay.
    var neededSnapshots: [Snapshot] { self.retiring.map(\.snapshot) + self.snapshots }

    // MARK: Promises and receipts

    /// Sends `message` once everything this member has decided so far is durable.
    mutating func promise(_ message: Message, to addressee: NodeID, _ out: inout Effects) {
        let envelope = Envelope(from: self.id, to: addressee, message: message)
        let write = self.newestWrite
        if self.promises.isEmpty && self.isDurable(write) {
            out.messages.append(envelope)
        } else {
            self.promises.append((write, envelope))
        }
    }

    /// Sends a message that promises nothing.
    func send(_ message: Message, to addressee: NodeID, _ out: inout Effects) {
        out.messages.append(Envelope(from: self.id, to: addressee, message: message))
    }

    /// A candidacy that was not announced yet names a log that is about to go: it is over, and nobody hears of it.
    private mutating func dropCandidacies() {
        self.promises.removeAll { promise in
            if case .voteRequest = promise.envelope.message { true } else { false }
        }
    }

    mutating func persisted(_ receipt: Receipt, _ out: inout Effects) {
        while let oldest = self.pending.first, oldest.id <= receipt.write {
            self.durable = oldest.end
            self.pending.removeFirst()
        }
        while let first = self.retiring.first, first.after <= receipt.write { self.retiring.removeFirst() }
        while let first = self.promises.first, self.isDurable(first.after) {
            out.messages.append(first.envelope)
            self.promises.removeFirst()
        }
    }

    /// The step is over: what it staged goes to the disk.
    mutating func flush(_ now: Instant, _ out: inout Effects) {
        guard !self.staged.isEmpty else { return }
        self.pending.append((self.staged.id, self.log.last.index, now))
        out.writes.append(self.staged)
        self.staged = Write(id: WriteID(self.staged.id.rawValue + 1))
    }
}
