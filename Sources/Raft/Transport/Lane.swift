import RaftCore

/// What a connection between two members carries. Each lane is a connection of its own, so that nothing large is ever
/// in front of a heartbeat.
enum Lane: UInt8, Hashable, Sendable, CaseIterable {
    /// Raft messages, in either direction.
    case consensus = 0
    /// Requests that one member passes on to another, and their answers.
    case calls = 1
    /// Requests for chunks of a snapshot, and the chunks. Dialed when the first chunk is asked for.
    case snapshots = 2

    /// The longest frame that is taken on this lane.
    var frameBytesMax: Int {
        switch self {
        case .consensus, .calls: WireLimits.frameBytes
        case .snapshots: WireLimits.chunkFrameBytes
        }
    }

    /// The longest body of a call or of an answer.
    var bodyBytesMax: Int { self.frameBytesMax - 64 }

    /// Calls on one connection that wait for their answers.
    var openCallsMax: Int { self == .snapshots ? WireLimits.openChunks : WireLimits.openCalls }
}

/// A lane between this member and another.
struct LaneKey: Hashable, Sendable {
    var member: NodeID
    var lane: Lane
}
