public import RaftCore

/// What the log is applied to. A value: copying it is cheap, and a copy is a consistent picture of the moment.
///
/// `apply` is called in log order on the node's event loop. It is total and deterministic: the same payloads give the
/// same state and the same responses on every member.
public protocol StateMachine: Sendable {
    associatedtype Response: Sendable
    mutating func apply(_ payload: [UInt8], at index: LogIndex, time: LogTime) -> Response
}

/// A copy of the state, and how far the log had been applied to it.
public struct Applied<Machine: StateMachine>: Sendable {
    public var machine: Machine
    public var index: LogIndex
    public var term: Term
    /// How long ago a leader was last heard from; zero on the leader. Nil if none was since the start.
    public var staleness: Duration?
}
