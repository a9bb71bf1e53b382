/// One message, received or to be published.
public struct MQTTMessage: Sendable, Equatable {
    public var topic: String
    public var payload: [UInt8]
    public var qos: MQTTQoS
    /// Received: the broker had kept it. To publish: the broker is to keep it for later subscribers.
    public var isRetained: Bool

    public init(topic: String, payload: [UInt8], qos: MQTTQoS = .atMostOnce, isRetained: Bool = false) {
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.isRetained = isRetained
    }
}

/// The consumer's answer to a batch of received messages.
public enum MQTTBatchOutcome: Sendable {
    /// The messages are in good hands: they are acknowledged now.
    case accepted
    /// They are not: the connection is dropped without acknowledging them, and the broker sends those of QoS 1 again
    /// to whoever continues the session.
    case refused
}

/// What `publish` does when the outgoing queue is full.
public enum MQTTFullQueueRule: Sendable {
    /// Blocks the calling thread until there is room or the client is closed.
    case wait
    /// Throws `queueFull`, which is counted in the status.
    case refuse
}

/// Called once for each message that `publish` took: nil when the broker has it (QoS 1: has acknowledged it; QoS 0: it was
/// written to the connection), else why not.
public typealias MQTTPublishCompletion = @Sendable (MQTTError?) -> Void
