import ClusterAPI
import Logging
import NIOCore
import Synchronization
import WebSocket

/// What is said over one session: who this is, then heartbeats, one after the other, each answered.
struct SessionConversation: Sendable {
    let session: WebSocketSession
    let coordinator: String
    let list: CoordinatorList
    let report: WorkerReport
    let attention: Attention
    let confirmations: Confirmations
    let logger: Logger

    /// How long a coordinator may take to know this worker, and to answer a heartbeat.
    private static let identifyPatience = TimeAmount.seconds(5)
    private static let heartbeatPatience = TimeAmount.seconds(2)

    enum Ending: Sendable {
        case unknownWorker
        case notIdentified(String)
        case ended(String)
    }

    /// What the two halves of the conversation share.
    private final class Shared: Sendable {
        struct State {
            var terms: SessionTerms?
            /// When the heartbeat was sent that is to be answered.
            var sent = ContinuousClock.now
            var isUnknown = false
            var refusal: String?
            var deadline: Scheduled<Void>?
        }

        let state = Mutex(State())
        /// One for each thing that was said and has been answered.
        let answers: AsyncStream<Void>
        let answered: AsyncStream<Void>.Continuation

        init() { (self.answers, self.answered) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }
    }

    func run() async -> Ending {
        let shared = Shared()
        // Failing to send and failing to receive mean the same here: the session is over.
        try? await self.session.run { messages, sender in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.speak(sender, shared) }
                for try await text in messages { self.listen(to: text, shared) }
                group.cancelAll()
            }
        }
        let ending = await self.session.ending
        return shared.state.withLock { state in
            state.deadline?.cancel()
            if state.isUnknown { return .unknownWorker }
            let reason = state.refusal ?? "\(ending)"
            return state.terms == nil ? .notIdentified(reason) : .ended(reason)
        }
    }

    // MARK: Speaking

    /// Says who this is, sends a heartbeat at once, then at the interval and whenever something changed.
    private func speak(_ sender: WebSocketSession.Sender, _ shared: Shared) async throws {
        var answers = shared.answers.makeAsyncIterator()
        self.expectAnswer(within: Self.identifyPatience, shared)
        try await sender.send(.identify(self.report.identification))
        guard await answers.next() != nil else { return }
        while !Task.isCancelled, let terms = shared.state.withLock({ $0.terms }) {
            self.expectAnswer(within: Self.heartbeatPatience, shared)
            let heartbeat = await self.report.heartbeat()
            shared.state.withLock { $0.sent = .now }
            try await sender.send(.heartbeat(heartbeat))
            guard await answers.next() != nil else { return }
            try await Task.sleep(for: CoordinatorLink.gap)
            await self.attention.next(within: terms.heartbeatInterval)
        }
    }

    /// Ends the session if nothing comes back in time: a stopped coordinator keeps its connections.
    private func expectAnswer(within time: TimeAmount, _ shared: Shared) {
        let channel = self.session.channel
        let deadline = channel.eventLoop.scheduleTask(in: time) {
            shared.state.withLock { $0.refusal = "no answer in time" }
            channel.close(promise: nil)
        }
        shared.state.withLock { $0.deadline = deadline }
    }

    // MARK: Listening

    private func listen(to text: ByteBuffer, _ shared: Shared) {
        // What can't be read says nothing; a coordinator that says nothing else is left in time.
        guard let message = try? APIJSON.decode(CoordinatorMessage.self, from: text.readableBytesView) else { return }
        switch message {
        case .identifyAck(let terms): self.take(terms, shared)
        case .heartbeatAck(let answer):
            if answer.confirmed == true { self.confirm(shared, for: answer.leaseMilliseconds) }
            self.noteAnswer(shared)
        case .error(let error):
            self.logger.debug("refused over the session", metadata: ["reason": "\(error.message)"])
            shared.state.withLock { state in
                state.refusal = error.message
                if error.code == .workerNotFound { state.isUnknown = true }
            }
        }
    }

    private func take(_ terms: SessionTerms, _ shared: Shared) {
        if let coordinators = terms.coordinators { self.list.refresh(coordinators) }
        let earlier = shared.state.withLock { state in
            defer { state.terms = terms }
            return state.terms
        }
        if earlier == nil {
            self.list.prefer(self.coordinator)
            self.logger.info("session", metadata: ["coordinator": "\(self.coordinator)"])
            self.noteAnswer(shared)
        } else if earlier?.heartbeatInterval != terms.heartbeatInterval {
            self.attention.call()  // the old interval is not waited for
        }
    }

    /// What the answer itself says of the lease counts before what was said earlier.
    private func confirm(_ shared: Shared, for leaseMilliseconds: UInt32?) {
        let (sent, terms) = shared.state.withLock { ($0.sent, $0.terms) }
        let lease = (leaseMilliseconds ?? terms?.leaseMilliseconds).map { Duration.milliseconds(Int64($0)) }
        self.confirmations.confirmed(sentAt: sent, lease: lease)
    }

    private func noteAnswer(_ shared: Shared) {
        shared.state.withLock { $0.deadline.take()?.cancel() }
        shared.answered.yield()
    }
}

extension WebSocketSession.Sender {
    fileprivate func send(_ message: WorkerMessage) async throws {
        try await self.send(ByteBuffer(bytes: try APIJSON.encode(message)))
    }
}
