/// Bounds of what a peer may make us hold or count. Every decoder checks against them before it believes a length.
enum WireLimits {
    /// A frame before the handshake is done: nothing longer is ever read from a stranger.
    static let handshakeFrameBytes = 512
    /// A frame between members: one large entry, or an API request or answer, with room to spare.
    static let frameBytes = 24 << 20
    /// The body of a call or of an answer.
    static let bodyBytes = Self.frameBytes - 64
    /// Entries in one message.
    static let entries = 4_096
    /// Calls on one connection that wait for their answers.
    static let openCalls = 1_024
    /// Terms and indexes stay far from the end of their integers, so that adding one never overflows.
    static let number = UInt64(1) << 62
}
