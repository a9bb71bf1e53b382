/// What the table may hold. The limits are rules of the replicated state: members that differ in them come to differ in
/// their state.
public struct SessionLimits: Hashable, Sendable {
    /// A session more than that takes the place of the one that was used least recently.
    public var sessionsMax = 1_024
    /// A session without a command for so long, by the log's time, is gone.
    public var sessionLifetimeMilliseconds: UInt64 = 3_600_000
    /// Replies a session may have waiting; a command more is refused.
    public var repliesPerSessionMax = 16_384
    /// The same by their bytes and `replyOverhead` for each.
    public var bytesPerSessionMax = 4 << 20
    /// Bytes of all sessions together. Beyond them, sessions go that were used least recently.
    public var bytesMax = 16 << 20
    /// Keys remembered; beyond them the oldest go, before their time.
    public var keysMax = 65_536
    /// A key is forgotten so long after its request's first command, by the log's time.
    public var keyLifetimeMilliseconds: UInt64 = 86_400_000
    /// Bytes of all keys' replies, with `replyOverhead` for each; beyond them the oldest keys go as well.
    public var keyBytesMax = 16 << 20

    /// What a reply weighs against the limits in bytes, besides its own: they bound the number of replies too.
    public static let replyOverhead = 64

    public init() {}
}
