/// The driver's name for a proposal, unique while it is open. It never leaves the process.
public struct ProposalID: Hashable, Sendable {
    public var rawValue: UInt64
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// The driver's name for a read, unique while it is open.
public struct ReadID: Hashable, Sendable {
    public var rawValue: UInt64
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// A command somebody wants in the log.
public struct Proposal: Sendable {
    public var id: ProposalID
    /// At most `Entry.payloadBytesMax` bytes. The driver sees to that: other members would refuse a longer entry.
    public var payload: [UInt8]
    public init(id: ProposalID, payload: [UInt8]) {
        self.id = id
        self.payload = payload
    }
}

/// Everything that can happen to a member.
public enum Input: Sendable {
    /// From the member that the transport has found it to come from.
    case message(Envelope)
    /// `time` is the driver's wall clock; the log's own time never goes back, whatever the clock does.
    case proposals([Proposal], time: LogTime)
    /// A linearizable read wants to begin.
    case read(ReadID, ReadMode)
    /// Somebody wants the membership changed. Answered under that id, as a proposal is.
    case change(MembershipChange, ProposalID, time: LogTime)
    /// The leader is to hand its office over: to that voter, or to the one that is furthest.
    case transfer(to: NodeID?)
    case persisted(Receipt)
    /// A snapshot of this member's own state is durable.
    case captured(Snapshot)
    /// A snapshot that was pulled is durable and whole, and can be restored at once.
    case fetched(Snapshot)
    /// That member is connected, and this is its disk.
    case met(NodeID, Incarnation)
    /// The connection from that member was closed by its host: its process has ended.
    case lost(NodeID)
    /// The deadline has passed (or may have: a timer that fires early does no harm).
    case timer
}

/// How a linearizable read makes sure that it sees the newest state.
public enum ReadMode: Hashable, Sendable {
    /// A majority confirms that the leader still leads (ReadIndex: dissertation, section 6.4).
    case index
    /// The leader trusts that nobody can have been elected since a majority last answered it. Needs clocks that run at
    /// nearly the same rate; where `Settings.allowsLeases` is off, it is the same as `index`.
    case lease
}

/// Why a proposal did not go through. Two classes, and no third: definite (in no log, safe to try anywhere) and
/// indefinite (it may yet be committed).
public enum ProposalError: Error, Hashable, Sendable {
    /// Definite. This member is not the leader; perhaps that one is.
    case notAccepted(leader: NodeID?)
    /// Definite. Too many bytes are waiting to be committed.
    case overloaded
    /// Definite. The command is longer than an entry may be.
    case tooLarge
    /// Definite. The membership can't be changed like that, or not now.
    case changeRefused(ChangeRefusal)
    /// Indefinite. Leadership was lost while the entry was on its way.
    case outcomeUnknown
}
