/// What an entry's payload is. Open-ended on disk and on the wire: a member that meets a kind it does not know keeps
/// and replicates the entry, and its driver refuses to apply it.
public struct EntryKind: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// Appended by each new leader: committing it commits everything before it (Raft paper, section 8).
    public static let noop = EntryKind(rawValue: 0)
    /// A command for the state machine.
    public static let command = EntryKind(rawValue: 1)
    /// A membership, in force from the moment it is in a log.
    public static let membership = EntryKind(rawValue: 2)
}

/// One entry of the replicated log.
public struct Entry: Hashable, Sendable {
    /// Where it stands in the log, and the term of the leader that appended it.
    public var position: LogPosition
    /// The leader's stamp, never before that of the entry before.
    public var time: LogTime
    public var kind: EntryKind
    /// At most `payloadBytesMax` bytes. The core reads those of memberships only.
    public var payload: [UInt8]

    public init(position: LogPosition, time: LogTime, kind: EntryKind, payload: [UInt8]) {
        self.position = position
        self.time = time
        self.kind = kind
        self.payload = payload
    }

    public var index: LogIndex { self.position.index }
    public var term: Term { self.position.term }

    /// The most a payload may have. Members refuse longer ones from each other, so nobody may append one.
    public static let payloadBytesMax = 2 << 20

    /// What the entry weighs against limits in bytes: its payload and a fixed share for the rest.
    public var weight: Int { self.payload.count + 64 }
}
