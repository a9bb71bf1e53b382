public import RaftCore
public import RaftStorage

/// What the log is applied to. A value: copying it is cheap, and a copy is a consistent picture of the moment.
///
/// `apply` is called in log order on the node's event loop. It is total and deterministic: the same payloads give the
/// same state and the same responses on every member.
public protocol StateMachine: Sendable {
    associatedtype Response: Sendable
    /// Applies a committed command. `time` is its leader's stamp, and never goes back from one call to the next.
    mutating func apply(_ payload: [UInt8], at index: LogIndex, time: LogTime) -> Response

    /// Writes the whole state, in pieces of any size. Equal states give equal bytes, on every member and in every
    /// process. Called on a thread of its own, on a copy.
    func encode(into snapshot: inout SnapshotWriter) throws

    /// Reads a state back, from the bytes that `encode` wrote, cut in pieces of any size. Called on a thread of its own.
    init(restoring pieces: [[UInt8]]) throws
}

/// A copy of the state, and how far the log had been applied to it.
public struct Applied<Machine: StateMachine>: Sendable {
    public var machine: Machine
    /// The last entry in it, and that entry's term.
    public var index: LogIndex
    public var term: Term
    /// How long ago a leader was last heard from; zero on the leader. Nil if none was since the start.
    public var staleness: Duration?
}
