import Synchronization

/// Requests that the open connection is busy with. It belongs to the client's thread.
final class OpenRequests {
    private let shared: MQTTClient.Shared
    private let clientID: String
    private var reads: [Read] = []
    private var publishes: [CInt: ConnectionRequest] = [:]
    /// Tells the marker of one reading from a late one of another.
    private var markerCount: UInt64 = 0

    private struct Read {
        let request: ConnectionRequest
        let topic: String
        let markerTopic: String
        let marker: [UInt8]
        /// Subscribe packets that the broker has not acknowledged; the marker leaves when there are none.
        var unanswered: Set<CInt>
        var retained: [UInt8]?

        func end(_ result: Result<[UInt8]?, MQTTError>) {
            guard case .readRetained(_, let completion) = self.request.kind else { return }
            completion(result)
        }
    }

    init(_ shared: MQTTClient.Shared, clientID: String) {
        self.shared = shared
        self.clientID = clientID
    }

    func connectionOpened() {
        self.shared.requests.withLock { $0.open() }
    }

    /// Gives new requests to the connection, and up those whose time has come.
    func advance(_ handle: borrowing MosquittoHandle) throws(MQTTError) {
        for request in self.shared.requests.withLock({ $0.take() }) {
            switch request.kind {
            case .readRetained(let topic, _): try self.begin(request, topic, handle)
            case .publish(let message, _):
                do throws(MQTTError) {
                    self.publishes[try handle.publish(message)] = request
                } catch {
                    request.fail(error)
                }
            }
        }
        guard !self.reads.isEmpty || !self.publishes.isEmpty else { return }
        let now = ContinuousClock.now
        let late = MQTTError(.timedOut, "The broker does not answer in time.")
        for place in self.reads.indices.reversed() where self.reads[place].request.deadline <= now {
            try self.end(place, .failure(late), handle)
        }
        for (id, request) in self.publishes where request.deadline <= now {
            self.publishes[id] = nil
            request.fail(late)
        }
    }

    /// When `advance` must be called at the latest.
    var deadline: ContinuousClock.Instant? {
        (self.reads.map(\.request.deadline) + self.publishes.values.map(\.deadline)).min()
    }

    // MARK: - Reading what is retained

    private func begin(
        _ request: ConnectionRequest,
        _ topic: String,
        _ handle: borrowing MosquittoHandle
    ) throws(MQTTError) {
        let markerTopic = "\(topic)/read-by/\(self.clientID)"
        var unanswered: Set<CInt> = []
        for filter in [topic, markerTopic] {
            let subscription = MQTTSubscription(topicFilter: filter, qos: .atLeastOnce)
            unanswered.insert(try handle.subscribe(to: subscription, asksForRetained: true))
        }
        self.markerCount += 1
        self.reads.append(
            Read(
                request: request,
                topic: topic,
                markerTopic: markerTopic,
                marker: Array("\(self.markerCount)".utf8),
                unanswered: unanswered
            )
        )
    }

    /// Takes the answer to a subscribe packet, if it is one of these.
    func subscribed(_ id: CInt, _ reason: CInt, _ handle: borrowing MosquittoHandle) throws(MQTTError) -> Bool {
        guard let place = self.reads.firstIndex(where: { $0.unanswered.contains(id) }) else { return false }
        guard reason < 128 else {
            try self.end(place, .failure(.refusal(of: "'\(self.reads[place].topic)'", reason)), handle)
            return true
        }
        self.reads[place].unanswered.remove(id)
        if self.reads[place].unanswered.isEmpty {
            let read = self.reads[place]
            // Of QoS 1 as what is retained is at most: brokers keep the order of a topic's messages for each QoS.
            _ = try handle.publish(MQTTMessage(topic: read.markerTopic, payload: read.marker, qos: .atLeastOnce))
        }
        return true
    }

    /// Takes what belongs to readings out of received messages.
    func take(_ messages: inout [MQTTMessage], _ handle: borrowing MosquittoHandle) throws(MQTTError) {
        guard !self.reads.isEmpty else { return }
        var rest: [MQTTMessage] = []
        for message in messages {
            if let place = self.reads.firstIndex(where: { $0.topic == message.topic }) {
                self.reads[place].retained = message.payload.isEmpty ? nil : message.payload
            } else if let place = self.reads.firstIndex(where: {
                $0.markerTopic == message.topic && $0.marker == message.payload
            }) {
                try self.end(place, .success(self.reads[place].retained), handle)
            } else {
                rest.append(message)
            }
        }
        messages = rest
    }

    private func end(
        _ place: Int,
        _ result: Result<[UInt8]?, MQTTError>,
        _ handle: borrowing MosquittoHandle
    ) throws(MQTTError) {
        let read = self.reads.remove(at: place)
        read.end(result)
        try handle.unsubscribe(from: read.topic)
        try handle.unsubscribe(from: read.markerTopic)
    }

    // MARK: - Publishing

    func settle(_ published: [(id: CInt, reason: CInt)]) {
        guard !self.publishes.isEmpty else { return }
        for (id, reason) in published {
            guard case .publish(_, let completion)? = self.publishes.removeValue(forKey: id)?.kind else { continue }
            guard reason >= 128 else {
                completion(nil)
                continue
            }
            completion(.refusal(of: "the message", reason))
        }
    }

    func connectionEnded(_ failure: MQTTError) {
        let waiting = self.shared.requests.withLock { $0.close() }
        let open = self.reads.map(\.request) + self.publishes.values
        self.reads = []
        self.publishes = [:]
        for request in open + waiting { request.fail(failure) }
    }
}
