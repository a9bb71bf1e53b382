public import RaftCore

/// How this member gets on with the others.
public struct TransportStatus: Hashable, Sendable {
    /// Members this one dialed and is connected to.
    public var connected: [NodeID] = []
    /// Members whose connections were accepted here and are open.
    public var accepted: [NodeID] = []
    /// Members that say that this one does not belong to them.
    public var refusedBy: [NodeID: Admission] = [:]
    /// Members that were turned away here, and not let in since.
    public var turnedAway: [NodeID: Admission] = [:]
    /// Handshakes that failed, for whatever reason.
    public var failedHandshakes = 0
    /// Messages that were dropped because no connection would take them.
    public var messagesDropped = 0

    public init() {}
}
