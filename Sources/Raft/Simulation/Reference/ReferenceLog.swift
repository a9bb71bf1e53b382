import RaftCore

/// A log as the paper draws it: a row of entries, from the position on that a snapshot stands for.
struct ReferenceLog: Sendable {
    struct Slot: Sendable {
        var entry: Entry
        /// The number of the write that puts it on disk; 0 if it was there at the start.
        var write: UInt64
    }

    /// The position before the first slot, and the write that put it on disk.
    private(set) var base: LogPosition
    private(set) var baseWrite: UInt64
    private(set) var slots: [Slot]
    private(set) var weight: Int
    /// How far the log has its receipts: through this index it is on disk as it stands here, and no write that is still
    /// under way takes any of it back. Nil while not even `base` is.
    private(set) var durable: LogIndex?

    init(base: LogPosition, entries: [Entry] = [], write: UInt64 = 0) {
        self.base = base
        self.baseWrite = write
        self.slots = entries.map { Slot(entry: $0, write: write) }
        self.weight = entries.reduce(0) { $0 + $1.weight }
        self.durable = write == 0 ? self.slots.last?.entry.index ?? base.index : nil
    }

    var last: LogPosition { self.slots.last?.entry.position ?? self.base }

    func entry(at index: LogIndex) -> Entry? { self.place(of: index).map { self.slots[$0].entry } }

    func term(at index: LogIndex) -> Term? {
        if index == self.base.index { return self.base.term }
        return self.place(of: index).map { self.slots[$0].entry.position.term }
    }

    func holds(_ position: LogPosition) -> Bool { self.term(at: position.index) == position.term }

    func place(of index: LogIndex) -> Int? {
        guard index > self.base.index, index <= self.last.index else { return nil }
        return Int(index.rawValue - self.base.index.rawValue) - 1
    }

    mutating func append(_ entry: Entry, write: UInt64) {
        self.slots.append(Slot(entry: entry, write: write))
        self.weight += entry.weight
    }

    mutating func truncate(from index: LogIndex) {
        guard let place = self.place(of: index) else { return }
        for slot in self.slots[place...] { self.weight -= slot.entry.weight }
        self.slots.removeSubrange(place...)
        if let durable = self.durable, durable >= index { self.durable = index.previous }
    }

    mutating func compact(through index: LogIndex) {
        guard let place = self.place(of: index) else { return }
        for slot in self.slots[...place] { self.weight -= slot.entry.weight }
        self.base = self.slots[place].entry.position
        self.baseWrite = self.slots[place].write
        self.slots.removeSubrange(...place)
        if let durable = self.durable, durable < index { self.durable = nil }
    }

    /// Everything up to `write` has its receipt.
    mutating func persisted(_ write: UInt64) {
        guard self.baseWrite <= write else { return }
        var durable = self.durable ?? self.base.index
        while let place = self.place(of: durable.next), self.slots[place].write <= write { durable = durable.next }
        self.durable = durable
    }
}

/// What a member's disk must give back after a crash: all writes that have their receipt, and perhaps some of the next.
struct ReferenceDisk: Sendable {
    private(set) var hardState = HardState()
    private(set) var base = LogPosition.zero
    private(set) var entries: [Entry] = []
    /// Snapshots the next start may begin with, oldest first.
    private(set) var snapshots: [Snapshot] = []

    mutating func carryOut(_ write: Write) {
        if let hardState = write.hardState { self.hardState = hardState }
        if let index = write.truncateFrom, index > self.base.index {
            self.entries.removeSubrange(min(self.entries.count, self.count(through: index.previous))...)
        }
        if let snapshot = write.snapshot, write.replacesLog {
            self.entries = []
            self.base = snapshot.position
            self.snapshots = [snapshot]
        } else if let snapshot = write.snapshot {
            self.snapshots.append(snapshot)
        }
        if let base = write.base, base.index > self.base.index {
            self.entries.removeSubrange(..<self.count(through: base.index))
            self.base = base
            self.snapshots.removeAll { $0.index < base.index }
        }
        self.entries.append(contentsOf: write.entries)
    }

    private func count(through index: LogIndex) -> Int { Int(index.rawValue - self.base.index.rawValue) }

    /// Whether a member that starts with what is here is that one.
    func isFound(by core: Consensus, _ status: Status) -> Bool {
        let last = self.entries.last?.position ?? self.base
        guard status.term == self.hardState.term, status.vote == self.hardState.vote, status.base == self.base,
            status.last == last, core.snapshots == self.snapshots
        else { return false }
        return core.entries(from: self.base.index.next, through: last.index)?.elementsEqual(self.entries) ?? false
    }
}
