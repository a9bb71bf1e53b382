// What passes between the core and its disk. The core says what to write, the disk answers with receipts, and
// nothing that promises durability leaves the core before the receipt is in.

/// A member's vote and term: the part of its state that must survive a crash besides the log (Raft paper, figure 2).
public struct HardState: Hashable, Sendable {
    public var term: Term
    /// Whom this member voted for in `term`.
    public var vote: NodeID?
    public init(term: Term = .zero, vote: NodeID? = nil) {
        self.term = term
        self.vote = vote
    }
}

/// Numbers a member's writes since it started, from 1 upwards.
public struct WriteID: Hashable, Comparable, Sendable {
    public var rawValue: UInt64
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
    public static func < (a: WriteID, b: WriteID) -> Bool { a.rawValue < b.rawValue }
}

/// One step's changes to durable state. Writes are carried out in order; one is on disk as a whole or not at all.
///
/// Within a write the order is that of the properties: the snapshot replaces the log before entries follow it.
public struct Write: Hashable, Sendable {
    /// One more than that of the write before.
    public var id: WriteID
    /// Nil where term and vote stay as they are.
    public var hardState: HardState?
    /// Delete this index and everything after it, before appending.
    public var truncateFrom: LogIndex?
    /// From here on this snapshot is the one to start from. Its chunks are durable already.
    public var snapshot: Snapshot?
    /// Together with `snapshot`: all entries go, and the log goes on after the snapshot's position.
    public var replacesLog: Bool
    /// Entries up to here will not be asked for again. They count as gone at once; deleting them may take its time.
    public var base: LogPosition?
    /// Follow the log's end without a gap.
    public var entries: [Entry]

    public init(
        id: WriteID,
        hardState: HardState? = nil,
        truncateFrom: LogIndex? = nil,
        snapshot: Snapshot? = nil,
        replacesLog: Bool = false,
        base: LogPosition? = nil,
        entries: [Entry] = []
    ) {
        self.id = id
        self.hardState = hardState
        self.truncateFrom = truncateFrom
        self.snapshot = snapshot
        self.replacesLog = replacesLog
        self.base = base
        self.entries = entries
    }

    /// Whether there is nothing to write.
    public var isEmpty: Bool {
        self.hardState == nil && self.truncateFrom == nil && self.snapshot == nil && self.base == nil
            && self.entries.isEmpty
    }
}

/// Storage's word that everything up to and including `write` survives a crash.
public struct Receipt: Hashable, Sendable {
    public var write: WriteID
    public init(write: WriteID) { self.write = write }
}

/// What a member finds in its database when it starts.
public struct Recovered: Sendable {
    public var hardState: HardState
    /// The log after `base`, without a gap.
    public var entries: [Entry]
    /// The position before the first entry held.
    public var base: LogPosition
    /// Snapshots that are whole and reach back to the log, the oldest first. The last is the one to start from.
    public var snapshots: [Snapshot]
    /// The snapshot whose transfer was under way.
    public var fetching: Snapshot?
    /// The membership before the first entry of the log, if there is no snapshot.
    public var membership: Membership
    /// Which disk this is; nil where disks have no names.
    public var incarnation: Incarnation?

    public init(
        hardState: HardState,
        entries: [Entry],
        base: LogPosition = .zero,
        snapshots: [Snapshot] = [],
        fetching: Snapshot? = nil,
        membership: Membership,
        incarnation: Incarnation? = nil
    ) {
        self.hardState = hardState
        self.entries = entries
        self.base = base
        self.snapshots = snapshots
        self.fetching = fetching
        self.membership = membership
        self.incarnation = incarnation
    }
}
