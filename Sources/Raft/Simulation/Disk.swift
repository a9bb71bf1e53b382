import RaftCore

/// A member's disk: one batch of writes at a time goes to it as a whole; what was not synced is lost at a crash.
///
/// Twin of the real store: a commit is atomic, commits are in order, and a receipt follows the sync. The chunks of
/// snapshots lie apart, and are durable before anybody hears of them.
struct Disk: Sendable {
    private(set) var hardState = HardState()
    private(set) var base = LogPosition.zero
    private(set) var entries: [Entry] = []
    /// The snapshots that the log's database names, oldest first.
    private(set) var pointers: [Snapshot] = []
    /// The chunks of whole snapshots: what restoring one gives.
    private(set) var contents: [(snapshot: Snapshot, state: Registers)] = []
    /// The transfer under way: how many chunks are here.
    private(set) var partial: (snapshot: Snapshot, held: UInt32)?
    /// Under way: after a crash all of it is there, or nothing.
    private(set) var syncing: [Write] = []
    private var queue: [Write] = []
    /// Whether it does nothing for now. A restart of the member ends that, too.
    var isStalled = false
    let batchMax = 64

    mutating func enqueue(_ writes: [Write]) { self.queue.append(contentsOf: writes) }

    /// Whether it owes somebody a receipt.
    var isBusy: Bool { !self.queue.isEmpty || !self.syncing.isEmpty }

    /// Takes the next batch. False if the disk is busy or has nothing to do.
    mutating func start() -> Bool {
        guard self.syncing.isEmpty, !self.queue.isEmpty, !self.isStalled else { return false }
        swap(&self.syncing, &self.queue)
        if self.syncing.count > self.batchMax {
            self.queue.append(contentsOf: self.syncing[self.batchMax...])
            self.syncing.removeSubrange(self.batchMax...)
        }
        return true
    }

    /// The batch is durable. `onLoss` sees the entries that are about to go, and up to where a snapshot stands for them.
    mutating func finish(_ onLoss: (ArraySlice<Entry>, LogIndex) -> Void) -> Receipt? {
        guard let last = self.syncing.last else { return nil }
        let batch = self.syncing
        self.syncing = []
        for write in batch { self.carryOut(write, onLoss) }
        return Receipt(write: last.id)
    }

    /// Power is lost. True if anything was lost with it.
    mutating func crash(keepingBatch: Bool, _ onLoss: (ArraySlice<Entry>, LogIndex) -> Void) -> Bool {
        let lost = !self.queue.isEmpty || (!self.syncing.isEmpty && !keepingBatch)
        if keepingBatch { _ = self.finish(onLoss) }
        self.syncing = []
        self.queue = []
        self.isStalled = false
        return lost
    }

    func term(at index: LogIndex) -> Term? {
        if index == self.base.index { return self.base.term }
        guard index > self.base.index, index <= self.last.index else { return nil }
        return self.entries[Int(index.rawValue - self.base.index.rawValue) - 1].term
    }

    /// Whether the entry at `position`, which is committed, would survive a crash here.
    func holds(_ position: LogPosition) -> Bool {
        self.term(at: position.index) == position.term || position.index <= self.pointers.last?.index ?? .zero
    }

    var last: LogPosition { self.entries.last?.position ?? self.base }

    func recovered(_ membership: Membership, _ incarnation: Incarnation) -> Recovered {
        Recovered(
            hardState: self.hardState,
            entries: self.entries,
            base: self.base,
            snapshots: self.pointers,
            fetching: self.partial?.snapshot,
            membership: membership,
            incarnation: incarnation
        )
    }

    private mutating func carryOut(_ write: Write, _ onLoss: (ArraySlice<Entry>, LogIndex) -> Void) {
        if let hardState = write.hardState { self.hardState = hardState }
        if let from = write.truncateFrom, from <= self.last.index {
            let start = Int(from.rawValue - self.base.index.rawValue) - 1
            onLoss(self.entries[start...], .zero)
            self.entries.removeSubrange(start...)
        }
        if let snapshot = write.snapshot {
            if write.replacesLog {
                onLoss(self.entries[...], snapshot.index)
                self.entries = []
                self.base = snapshot.position
                self.pointers = []
            }
            self.pointers.append(snapshot)
        }
        if let base = write.base, base.index > self.base.index {
            self.entries.removeSubrange(..<Int(base.index.rawValue - self.base.index.rawValue))
            self.base = base
            self.pointers.removeAll { $0.index < base.index }
        }
        self.entries.append(contentsOf: write.entries)
    }
}

// MARK: - Chunks

extension Disk {
    var holdsChunks: Bool { !self.contents.isEmpty || self.partial != nil }

    func content(_ id: Snapshot.ID) -> Registers? { self.contents.first { $0.snapshot.id == id }?.state }

    mutating func store(_ snapshot: Snapshot, _ state: Registers) {
        if self.content(snapshot.id) == nil { self.contents.append((snapshot, state)) }
    }

    /// Gives up the chunks of all other snapshots, and of every transfer but this one.
    mutating func keep(only needed: [Snapshot], fetching: Snapshot?) {
        self.contents.removeAll { held in
            !needed.contains { $0.id == held.snapshot.id } && held.snapshot.id != fetching?.id
        }
        if self.partial?.snapshot.id != fetching?.id { self.partial = nil }
    }

    /// The number of the first chunk that is not here.
    mutating func begin(_ snapshot: Snapshot) -> UInt32 {
        if let partial = self.partial, partial.snapshot.id == snapshot.id { return partial.held }
        self.partial = (snapshot, 0)
        return 0
    }

    /// Keeps the chunk if it is the next one.
    mutating func storeChunk(_ number: UInt32, of id: Snapshot.ID) {
        guard let partial = self.partial, partial.snapshot.id == id, partial.held == number else { return }
        self.partial = (partial.snapshot, number + 1)
    }
}
