import Synchronization
import Threads

/// A connection to an MQTT broker that comes back by itself, or when its owner says so, and the thread that drives it.
///
/// Received messages reach `onBatch` in batches, on the client's thread. While it runs nothing is read or sent, so a slow
/// consumer holds the broker back; and the acknowledgements of a batch leave only after it has returned `accepted`.
/// What was not acknowledged when a connection ended comes again, if the session is persistent. A consumer that
/// takes longer than one and a half keep-alives loses the connection, and gets its batch again.
public final class MQTTClient: Sendable {
    let shared: Shared
    private let thread: NamedThread

    /// What the client's thread and its users both reach.
    final class Shared: Sendable {
        let outgoing: OutgoingQueue
        let wake: WakePipe
        let status = Mutex(MQTTStatus())
        let requests = Mutex(RequestQueue())
        let steering = Mutex(Steering())
        /// Set by `close`: when the thread must end, even with messages unsettled.
        let closing = Mutex<ContinuousClock.Instant?>(nil)

        init(_ configuration: MQTTConfiguration) throws(MQTTError) {
            self.outgoing = OutgoingQueue(capacity: configuration.outgoingMessagesMax)
            self.wake = try WakePipe()
        }
    }

    /// Starts the thread, which connects and, whenever the connection is lost, connects again until `close`; or waits for
    /// `connect`, if the configuration says so.
    ///
    /// - Parameters:
    ///   - onStatus: Called on the client's thread when the connection or the subscriptions change.
    ///   - onBatch: Takes received messages, on the client's thread. It may block; whoever closes the client sees to it
    ///     that it returns.
    ///   - onConnection: Called on the client's thread for each connection that was asked for with `connect`.
    public init(
        _ configuration: MQTTConfiguration,
        onStatus: @escaping @Sendable (MQTTStatus) -> Void = { _ in },
        onBatch: @escaping @Sendable ([MQTTMessage]) -> MQTTBatchOutcome = { _ in .accepted },
        onConnection: @escaping @Sendable (MQTTConnectionEvent) -> Void = { _ in }
    ) throws(MQTTError) {
        try configuration.validate()
        let shared = try Shared(configuration)
        self.shared = shared
        self.thread = NamedThread(name: "mqtt-\(configuration.clientID)") {
            ClientLoop(
                configuration,
                shared: shared,
                onStatus: onStatus,
                onConnection: onConnection,
                onBatch: onBatch
            ).run()
        }
    }

    deinit {
        // Nobody waits here: the thread holds what it needs and ends by itself.
        self.beginClose()
    }

    public var status: MQTTStatus {
        var status = self.shared.status.withLock { $0 }
        status.publishRefusedCount = self.shared.outgoing.refusedCount
        return status
    }

    /// Messages taken by `publish` that the broker has not settled.
    public var unsettledCount: Int {
        self.shared.outgoing.unsettledCount
    }

    /// Queues a message; while the broker is away it waits here for the connection to come back. `completion` is called
    /// once, on the client's thread. A QoS 0 message that was being written when the connection ended is not repeated.
    public func publish(
        _ message: MQTTMessage,
        whenFull rule: MQTTFullQueueRule,
        completion: @escaping MQTTPublishCompletion = { _ in }
    ) throws(MQTTError) {
        guard MQTTTopic.isName(message.topic) else {
            throw MQTTError(.invalid, "Not a topic to publish to: '\(message.topic)'.")
        }
        let entry = OutgoingQueue.Entry(message: message, completion: completion)
        if try self.shared.outgoing.append(entry, whenFull: rule) {
            self.shared.wake.wake()
        }
    }

    /// Asks the thread to end, and returns at once: no batch is read after the present one, and up to `drainTimeout`
    /// is spent on what was published and not settled.
    public func beginClose(drainingAtMost drainTimeout: Duration = .zero) {
        let deadline = ContinuousClock.now + drainTimeout
        self.shared.closing.withLock { $0 = min($0 ?? deadline, deadline) }
        self.shared.wake.wake()
    }

    /// `beginClose`, and then waits until the thread has disconnected and ended. Not to be called from the client's own
    /// callbacks, nor on the cooperative pool.
    public func close(drainingAtMost drainTimeout: Duration = .zero) {
        self.beginClose(drainingAtMost: drainTimeout)
        self.thread.join()
    }
}
