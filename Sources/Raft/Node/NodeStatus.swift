public import RaftCore

/// What a node knows of itself, readable at any time without waiting for it.
public struct NodeStatus: Sendable {
    public var consensus: Status
    public var applied: LogPosition
    /// Times this node became leader since it started.
    public var electionsWon: UInt64 = 0
    /// Proposals waiting for their commit.
    public var openProposals = 0
}

/// Why a linearizable read was not served here.
public enum ReadError: Error, Hashable, Sendable {
    /// This member does not lead; perhaps that one does.
    case notLeader(NodeID?)
    /// No majority answered in time.
    case timedOut
}
