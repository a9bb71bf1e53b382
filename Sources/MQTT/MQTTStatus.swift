/// How a client is doing.
public struct MQTTStatus: Sendable, Equatable {
    /// The broker has accepted the connection that is open now.
    public internal(set) var isConnected = false
    /// The broker has also acknowledged every subscription on this connection. True at once when there are none.
    public internal(set) var isSubscribed = false
    /// The client was closed, and will not connect again.
    public internal(set) var isClosed = false
    /// The last failure, kept after the connection is back.
    public internal(set) var lastError: MQTTError?
    /// Connections that the broker accepted.
    public internal(set) var connectCount: UInt64 = 0
    public internal(set) var receivedCount: UInt64 = 0
    /// Messages of a kept session that no present subscription asks for; they are acknowledged and dropped.
    public internal(set) var unwantedCount: UInt64 = 0
    /// Messages handed to the broker, and acknowledged by it where QoS 1 was asked.
    public internal(set) var publishedCount: UInt64 = 0
    public internal(set) var publishFailedCount: UInt64 = 0
    /// Messages not taken because the outgoing queue was full.
    public internal(set) var publishRefusedCount: UInt64 = 0
    public internal(set) var lastMessageAt: ContinuousClock.Instant?

    init() {}
}
