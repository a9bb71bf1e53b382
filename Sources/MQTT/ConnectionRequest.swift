import Synchronization

/// What is asked of one connection, and is not carried over to the next: it fails with it.
struct ConnectionRequest: Sendable {
    enum Kind: Sendable {
        /// The message that the broker retains for a topic; nil for none.
        case readRetained(topic: String, completion: @Sendable (Result<[UInt8]?, MQTTError>) -> Void)
        /// One message, whatever the queue holds.
        case publish(MQTTMessage, completion: MQTTPublishCompletion)
    }

    let kind: Kind
    let deadline: ContinuousClock.Instant

    func fail(_ error: MQTTError) {
        switch self.kind {
        case .readRetained(_, let completion): completion(.failure(error))
        case .publish(_, let completion): completion(error)
        }
    }
}

/// Requests on their way to the client's thread, taken only while a connection is open.
struct RequestQueue: Sendable {
    private var isOpen = false
    private var waiting: [ConnectionRequest] = []

    /// False when there is no connection to ask.
    mutating func add(_ request: ConnectionRequest) -> Bool {
        guard self.isOpen else { return false }
        self.waiting.append(request)
        return true
    }

    mutating func open() { self.isOpen = true }

    mutating func take() -> [ConnectionRequest] {
        defer { self.waiting = [] }
        return self.waiting
    }

    mutating func close() -> [ConnectionRequest] {
        self.isOpen = false
        return self.take()
    }
}

extension MQTTClient {
    /// Reads what the broker retains for a topic, over the connection that is open now. The completion is called once, on
    /// the client's thread or, without a connection, on the caller's.
    ///
    /// Brokers say nothing when they retain nothing. So a marker is published after the subscription was acknowledged, to a
    /// topic that is this client's own: what is retained arrives before it, or there is nothing.
    ///
    /// - Precondition: The client has a clean session and no subscriptions, which would be mixed with these.
    public func readRetained(
        _ topic: String,
        timeout: Duration,
        completion: @escaping @Sendable (Result<[UInt8]?, MQTTError>) -> Void
    ) {
        self.ask(.readRetained(topic: topic, completion: completion), timeout: timeout)
    }

    /// Publishes over the connection that is open now and over no other, before what waits in the queue.
    public func publishOnce(
        _ message: MQTTMessage,
        timeout: Duration,
        completion: @escaping MQTTPublishCompletion
    ) {
        self.ask(.publish(message, completion: completion), timeout: timeout)
    }

    private func ask(_ kind: ConnectionRequest.Kind, timeout: Duration) {
        let request = ConnectionRequest(kind: kind, deadline: .now + timeout)
        guard self.shared.requests.withLock({ $0.add(request) }) else {
            return request.fail(MQTTError(.connectionLost, "There is no connection."))
        }
        self.shared.wake.wake()
    }
}
