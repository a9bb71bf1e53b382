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
public struct Write: Hashable, Sendable {
    public var id: WriteID
    public var hardState: HardState?
    /// Delete this index and everything after it, before appending.
    public var truncateFrom: LogIndex?
    /// Follow the log's end without a gap.
    public var entries: [Entry]

    public init(id: WriteID, hardState: HardState? = nil, truncateFrom: LogIndex? = nil, entries: [Entry] = []) {
        self.id = id
        self.hardState = hardState
        self.truncateFrom = truncateFrom
        self.entries = entries
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
    public var entries: [Entry]
    public var membership: Membership
    public init(hardState: HardState, entries: [Entry], membership: Membership) {
        self.hardState = hardState
        self.entries = entries
        self.membership = membership
    }
}
