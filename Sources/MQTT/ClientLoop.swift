import Synchronization

/// What a client's thread does from its start to its end: connect, carry packets both ways, pause, connect again.
///
/// The order inside one turn is the point of it: read and collect, let the consumer take the batch, and only then write,
/// because writing sends the acknowledgements of what was read.
final class ClientLoop {
    private let configuration: MQTTConfiguration
    private let shared: MQTTClient.Shared
    private let onStatus: @Sendable (MQTTStatus) -> Void
    private let onBatch: @Sendable ([MQTTMessage]) -> MQTTBatchOutcome

    private let inbox: CallbackInbox
    private var backoff = Backoff()
    private var generator = SystemRandomNumberGenerator()
    private let unsettled: UnsettledMessages
    /// Subscribe packets of this connection that the broker has not answered.
    private var unansweredSubscriptions: [CInt: MQTTSubscription] = [:]
    private var isConnected = false

    init(
        _ configuration: MQTTConfiguration,
        shared: MQTTClient.Shared,
        onStatus: @escaping @Sendable (MQTTStatus) -> Void,
        onBatch: @escaping @Sendable ([MQTTMessage]) -> MQTTBatchOutcome
    ) {
        self.configuration = configuration
        self.shared = shared
        self.onStatus = onStatus
        self.onBatch = onBatch
        self.inbox = CallbackInbox(configuration)
        self.unsettled = UnsettledMessages(shared)
    }

    func run() {
        // The handle is released at the end of this scope, before the box its callbacks write into.
        while !self.isTimeToEnd {
            do throws(MQTTError) {
                let handle = try MosquittoHandle(self.configuration, inbox: self.inbox)
                try self.keepConnected(handle)
            } catch {
                // Only `mosquitto_new` gets here, for want of memory.
                self.report { $0.lastError = error }
                self.pause()
            }
        }
        self.unsettled.close()
        self.report {
            $0.isConnected = false
            $0.isSubscribed = false
            $0.isClosed = true
        }
    }

    // MARK: - Connections

    private func keepConnected(_ handle: borrowing MosquittoHandle) throws(MQTTError) {
        while !self.isTimeToEnd {
            let started = ContinuousClock.now
            do throws(MQTTError) {
                try self.connect(handle)
                try self.carryPackets(handle)
                return
            } catch {
                handle.drop()
                self.connectionEnded(error)
            }
            // Two clients of one id throw each other out at once: only a connection that lasted is a success.
            if ContinuousClock.now - started > .seconds(10) {
                self.backoff.reset()
            }
            self.pause()
        }
    }

    private func connect(_ handle: borrowing MosquittoHandle) throws(MQTTError) {
        self.inbox.connectAnswer = nil
        self.inbox.disconnectReason = nil
        let address = try Dial.address(
            of: self.configuration.host,
            port: self.configuration.port,
            timeout: self.configuration.connectTimeout,
            wake: self.shared.wake,
            isClosing: { self.isTimeToEnd }
        )
        try handle.connect(to: address, self.configuration)
    }

    /// Carries packets until the connection fails, by throwing, or the client is closed, by returning.
    private func carryPackets(_ handle: borrowing MosquittoHandle) throws(MQTTError) {
        let answerDeadline = ContinuousClock.now + self.configuration.connectTimeout
        while true {
            if self.isTimeToEnd {
                return self.disconnect(handle)
            }
            if self.isConnected {
                self.unsettled.handOver(to: handle)
            } else if ContinuousClock.now > answerDeadline {
                throw MQTTError(.unreachable, "The broker does not answer the connect packet.")
            }
            if handle.wantsToWrite {
                try handle.write()
                self.unsettled.settle(self.inbox.takePublished())
            }
            let readiness = self.shared.wake.poll(
                handle.descriptor,
                forWriting: handle.wantsToWrite,
                atMost: self.pollTimeout
            )
            if readiness.isReadable {
                try self.read(handle)
            }
            guard handle.descriptor != nil else {
                throw self.endReported()
            }
            try handle.keepAlive()
        }
    }

    /// libmosquitto counts in seconds; shorter while the end of a drain is awaited.
    private var pollTimeout: Duration {
        guard let deadline = self.shared.closing.withLock({ $0 }) else {
            return .seconds(1)
        }
        return min(.seconds(1), max(.zero, deadline - .now))
    }

    private func read(_ handle: borrowing MosquittoHandle) throws(MQTTError) {
        var failure: MQTTError?
        do throws(MQTTError) {
            while try handle.readPacket(), !self.isBatchFull {}
        } catch {
            failure = error
        }
        if let reason = self.inbox.connectAnswer.take() {
            try self.connectAnswered(reason, handle)
        }
        try self.subscriptionsAnswered()
        self.unsettled.settle(self.inbox.takePublished())
        try self.deliverBatch()
        if failure != nil {
            throw self.endReported()
        }
    }

    private var isBatchFull: Bool {
        self.inbox.messages.count >= self.configuration.batchMessagesMax
            || self.inbox.messageBytes >= self.configuration.batchBytesMax
    }

    private func connectAnswered(_ reason: CInt, _ handle: borrowing MosquittoHandle) throws(MQTTError) {
        guard reason == 0 else {
            throw MQTTError(.refused, "The broker refuses the connection: \(MQTTError.sentence(for: reason)).")
        }
        self.isConnected = true
        for subscription in self.configuration.subscriptions {
            self.unansweredSubscriptions[try handle.subscribe(to: subscription)] = subscription
        }
        self.report {
            $0.isConnected = true
            $0.isSubscribed = self.unansweredSubscriptions.isEmpty
            $0.connectCount += 1
        }
    }

    private func subscriptionsAnswered() throws(MQTTError) {
        guard !self.inbox.subscribed.isEmpty else { return }
        for (id, reason) in self.inbox.subscribed {
            guard let subscription = self.unansweredSubscriptions.removeValue(forKey: id) else { continue }
            guard reason < 128 else {
                let sentence = MQTTError.sentence(for: reason)
                throw MQTTError(.refused, "The broker refuses '\(subscription.topicFilter)': \(sentence).")
            }
        }
        self.inbox.subscribed.removeAll()
        if self.unansweredSubscriptions.isEmpty {
            self.report { $0.isSubscribed = true }
        }
    }

    private func deliverBatch() throws(MQTTError) {
        let unwanted = self.inbox.unwantedCount
        self.inbox.unwantedCount = 0
        let messages = self.inbox.takeMessages()
        guard !messages.isEmpty || unwanted > 0 else { return }
        self.shared.status.withLock {
            $0.receivedCount += UInt64(messages.count)
            $0.unwantedCount += unwanted
            $0.lastMessageAt = .now
        }
        if !messages.isEmpty, self.onBatch(messages) == .refused {
            throw MQTTError(.batchRefused, "The consumer refused \(messages.count) messages.")
        }
    }

    // MARK: - Ends

    /// Why libmosquitto closed the socket.
    private func endReported() -> MQTTError {
        if let reason = self.inbox.connectAnswer, reason != 0 {
            return MQTTError(.refused, "The broker refuses the connection: \(MQTTError.sentence(for: reason)).")
        }
        let sentence = self.inbox.disconnectReason.map { MQTTError.sentence(for: $0) } ?? "no reason given"
        return MQTTError(.connectionLost, "The connection ended: \(sentence).")
    }

    private func connectionEnded(_ failure: MQTTError) {
        self.isConnected = false
        self.unansweredSubscriptions = [:]
        self.inbox.subscribed = []
        _ = self.inbox.takeMessages()
        self.unsettled.settle(self.inbox.takePublished())
        self.unsettled.connectionEnded(failure)
        self.report {
            $0.isConnected = false
            $0.isSubscribed = false
            $0.lastError = failure
        }
    }

    private func disconnect(_ handle: borrowing MosquittoHandle) {
        if self.isConnected {
            handle.disconnect(atMost: .milliseconds(500), wake: self.shared.wake)
            self.unsettled.settle(self.inbox.takePublished())
        }
        handle.drop()
    }

    /// Whether `close` was called and nothing is worth waiting for any more.
    private var isTimeToEnd: Bool {
        guard let deadline = self.shared.closing.withLock({ $0 }) else { return false }
        return ContinuousClock.now >= deadline || self.shared.outgoing.unsettledCount == 0
    }

    private func pause() {
        let deadline = ContinuousClock.now + self.backoff.next(using: &self.generator)
        while !self.isTimeToEnd {
            let remaining = deadline - ContinuousClock.now
            guard remaining > .zero else { return }
            _ = self.shared.wake.poll(nil, forWriting: false, atMost: min(remaining, self.pollTimeout))
        }
    }

    private func report(_ change: (inout MQTTStatus) -> Void) {
        let status = self.shared.status.withLock { status in
            change(&status)
            return status
        }
        self.onStatus(status)
    }
}
