import DequeModule

/// What outlives a change of role: term, vote, log, commit index, the writes under way and the promises that wait
/// for them.
///
/// During a step changes are staged; the step's end hands them to the disk as one `Write`. A message that promises
/// something (a granted vote, an accepted append, a candidacy) is held until every write issued so far is durable.
struct Ledger: Sendable {
    let id: NodeID
    let settings: Settings
    let membership: Membership
    private(set) var hardState: HardState
    private(set) var log: LogView
    private(set) var commit: LogIndex
    /// The end of the log that is known to be on this member's disk.
    private(set) var durable: LogIndex

    private var staged: Write
    /// Writes without a receipt, and where the durable log ends once each has one. A later truncation lowers the
    /// earlier ends: their entries will be on disk, but they are not the log's entries any more.
    private var pending: Deque<(id: WriteID, end: LogIndex)> = []
    private var promises: Deque<(after: WriteID, envelope: Envelope)> = []

    init(id: NodeID, settings: Settings, recovered: Recovered) {
        self.id = id
        self.settings = settings
        self.membership = recovered.membership
        self.hardState = recovered.hardState
        self.log = LogView(entries: recovered.entries)
        self.commit = .zero
        self.durable = self.log.last.index
        self.staged = Write(id: WriteID(1))
    }

    var term: Term { self.hardState.term }
    var peers: [NodeID] { self.membership.voters.filter { $0 != self.id } }

    /// The write that this step's changes, or else the last ones issued, go to disk with.
    var newestWrite: WriteID { self.isStaging ? self.staged.id : WriteID(self.staged.id.rawValue - 1) }

    /// Whether everything up to `write` has its receipt.
    func isDurable(_ write: WriteID) -> Bool {
        if let oldest = self.pending.first { return write < oldest.id }
        return !self.isStaging || write < self.staged.id
    }

    private var isStaging: Bool {
        self.staged.hardState != nil || self.staged.truncateFrom != nil || !self.staged.entries.isEmpty
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
    }

    /// Drops the entries from `index` on. Committed ones never go: false says that somebody asked for it.
    mutating func truncate(from index: LogIndex) -> Bool {
        guard index > self.commit else { return false }
        self.log.truncate(from: index)
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

    mutating func persisted(_ receipt: Receipt, _ out: inout Effects) {
        while let oldest = self.pending.first, oldest.id <= receipt.write {
            self.durable = oldest.end
            self.pending.removeFirst()
        }
        while let first = self.promises.first, self.isDurable(first.after) {
            out.messages.append(first.envelope)
            self.promises.removeFirst()
        }
    }

    /// The step is over: what it staged goes to the disk.
    mutating func flush(_ out: inout Effects) {
        guard self.isStaging else { return }
        self.pending.append((self.staged.id, self.log.last.index))
        out.writes.append(self.staged)
        self.staged = Write(id: WriteID(self.staged.id.rawValue + 1))
    }
}
