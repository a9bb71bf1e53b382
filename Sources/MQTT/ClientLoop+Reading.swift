import Synchronization

extension ClientLoop {
    /// Reads what has come, up to a batch, and lets everyone concerned know.
    ///
    /// - Parameter isFlowing: Messages may be processed now.
    func read(_ handle: borrowing MosquittoHandle, isFlowing: Bool) throws(MQTTError) {
        var failure: MQTTError?
        do throws(MQTTError) {
            self.mayHaveMore = true
            // What follows the connection's answer may be messages that are not to be read yet.
            while self.mayHaveMore, !self.isBatchFull, self.inbox.connectAnswer == nil {
                self.mayHaveMore = try handle.readPacket()
            }
        } catch {
            failure = error
        }
        if let reason = self.inbox.connectAnswer.take() {
            try self.connectAnswered(reason, handle)
        }
        try self.subscriptionsAnswered(handle)
        self.settlePublished()
        // Read behind the pause because the connection has ended: they are not acknowledged, and come again.
        guard isFlowing || self.inbox.messages.isEmpty else { throw self.endReported(failure) }
        try self.deliverBatch(handle)
        if failure != nil {
            throw self.endReported(failure)
        }
    }

    private var isBatchFull: Bool {
        self.inbox.messages.count >= self.configuration.batchMessagesMax
            || self.inbox.messageBytes >= self.configuration.batchBytesMax
    }

    func settlePublished() {
        let published = self.inbox.takePublished()
        self.requests.settle(published)
        self.unsettled.settle(published)
    }

    private func connectAnswered(_ reason: CInt, _ handle: borrowing MosquittoHandle) throws(MQTTError) {
        guard reason == 0 else {
            throw .refusal(of: "the connection", reason)
        }
        self.isConnected = true
        self.requests.connectionOpened()
        if self.configuration.opening == .byItself { try self.subscribe(handle) }
        self.report {
            $0.isConnected = true
            $0.isSubscribed = self.configuration.subscriptions.isEmpty
            $0.connectCount += 1
        }
        if self.configuration.opening == .whenTold { self.onConnection(.opened) }
    }

    /// Queues the subscribe packets, once for each connection.
    func subscribe(_ handle: borrowing MosquittoHandle) throws(MQTTError) {
        guard !self.hasSubscribed else { return }
        self.hasSubscribed = true
        for subscription in self.configuration.subscriptions {
            self.unansweredSubscriptions[try handle.subscribe(to: subscription)] = subscription
        }
    }

    private func subscriptionsAnswered(_ handle: borrowing MosquittoHandle) throws(MQTTError) {
        guard !self.inbox.subscribed.isEmpty else { return }
        let answers = self.inbox.subscribed
        self.inbox.subscribed.removeAll()
        for (id, reason) in answers {
            if try self.requests.subscribed(id, reason, handle) { continue }
            guard let subscription = self.unansweredSubscriptions.removeValue(forKey: id) else { continue }
            guard reason < 128 else {
                throw .refusal(of: "'\(subscription.topicFilter)'", reason)
            }
            if self.unansweredSubscriptions.isEmpty { self.report { $0.isSubscribed = true } }
        }
    }

    private func deliverBatch(_ handle: borrowing MosquittoHandle) throws(MQTTError) {
        let unwanted = self.inbox.unwantedCount
        self.inbox.unwantedCount = 0
        var messages = self.inbox.takeMessages()
        try self.requests.take(&messages, handle)
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
}
