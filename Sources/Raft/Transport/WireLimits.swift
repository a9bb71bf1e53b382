import RaftCore

/// Bounds of what a peer may make us hold or count. Every decoder checks against them before it believes a length.
enum WireLimits {
    /// A frame before the handshake is done: nothing longer is ever read from a stranger.
    static let handshakeFrameBytes = 512
    /// Connections whose peer has not proved who it is, all together. More are closed at once.
    static let strangersMax = 64
    /// Of those, from one host that is no member's: so that one stranger does not keep members out.
    static let strangersOfOneHostMax = 8
    /// Connections accepted and proved, all together: three lanes of all the members there may be, and as many again
    /// of members this one does not know yet.
    static let acceptedMax = 2 * 3 * Membership.membersMax
    /// A frame between members: one large entry, or an API request or answer, with room to spare.
    static let frameBytes = 24 << 20
    /// A frame with a chunk of a snapshot.
    static let chunkFrameBytes = Snapshot.chunkBytes + 128
    /// Entries in one message.
    static let entries = 4_096
    /// Calls on one connection that wait for their answers.
    static let openCalls = 1_024
    /// Chunks on one connection that are asked for and not there yet.
    static let openChunks = 64
    /// Terms and indexes stay far from the end of their integers, so that adding one never overflows.
    static let number = UInt64(1) << 62
}
