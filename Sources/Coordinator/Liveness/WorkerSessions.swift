import ClusterAPI
import ClusterState
import Logging
import NIOCore
import NIOWebSocket
import Raft
import RaftCore
import Security
import ServiceLifecycle
import Synchronization
import WebSocket

/// Speaks with workers over their sessions, at any member. What a worker says counts only while it is registered.
struct WorkerSessions: Sendable {
    let plane: ControlPlane
    let gate: Gate

    static let path = "/\(Routes.prefix)/ws"
    /// How long a connection may take to say who it is.
    private static let identifyPatience = TimeAmount.seconds(5)

    private struct Guest {
        var worker: WorkerID
        var incarnation: WorkerIncarnation
        var terms: SessionTerms
        /// The key that it showed: it may be revoked while the session lasts.
        var key: [UInt8]?
    }

    /// Holds one session, from its upgrade to its end.
    func serve(_ session: WebSocketSession) async {
        // Says more than the error does that the end of a connection may come as.
        let found = Mutex<Guest?>(nil)
        do {
            try await session.run { messages, sender in
                let channel = session.channel
                let timer = channel.eventLoop.scheduleTask(in: Self.identifyPatience) { channel.close(promise: nil) }
                defer { timer.cancel() }
                for try await text in messages {
                    if let guest = found.withLock({ $0 }) {
                        guard let guest = try await self.hear(text, from: guest, sender) else { return }
                        found.withLock { $0 = guest }
                    } else {
                        guard let guest = try await self.identify(text, sender) else { return }
                        timer.cancel()
                        self.plane.sessions.open(
                            SessionTable.Entry(incarnation: guest.incarnation, channel: channel),
                            of: guest.worker
                        )
                        found.withLock { $0 = guest }
                    }
                }
                if found.withLock({ $0 == nil }) { self.plane.sessions.refuse(.unidentified) }
            }
        } catch {
            self.plane.logger.debug("session ended", metadata: ["error": "\(error)"])
        }
        guard let guest = found.withLock({ $0 }) else { return }
        await self.ended(guest, session)
    }

    // MARK: Identification

    /// Nothing but one message is decoded before the key in it was accepted. Nil if the connection is to end.
    private func identify(_ text: ByteBuffer, _ sender: WebSocketSession.Sender) async throws -> Guest? {
        guard case .identify(let identification) = Self.message(text) else {
            return try await self.refuse(.unidentified, "Identify comes first", sender)
        }
        let key = identification.apiKey.map { Array($0.utf8) }
        guard let caller = await self.caller(showing: key) else {
            return try await self.refuse(.unauthorized, "Invalid API key, or one whose role does not suffice", sender)
        }
        let worker = WorkerID(identification.workerID)
        let named = identification.incarnation.map { WorkerIncarnation($0) }
        let state: ClusterState
        do { state = try await self.state(knowing: worker, as: named) } catch {
            return try await self.refuse(.noLeader, "Nobody can tell now whether the worker is registered", sender)
        }
        guard let known = state.worker(worker), known.incarnation == named ?? known.incarnation else {
            return try await self.refuse(.unknownWorker, "Worker not found", code: .workerNotFound, sender)
        }
        guard caller.maySpeak(for: known) else {
            self.gate.counters.count(.forbidden)
            return try await self.refuse(.unauthorized, "The worker was registered with another API key", sender)
        }
        let terms = self.plane.sessionTerms(state)
        try await sender.send(.identifyAck(terms))
        return Guest(worker: worker, incarnation: known.incarnation, terms: terms, key: key)
    }

    /// Nil, and counted, unless the key lets its holder speak as a worker at all.
    private func caller(showing key: [UInt8]?) async -> Caller? {
        let caller = await self.gate.keys.caller(showing: key, in: self.gate.state)
        if let caller, caller.role >= .operator { return caller }
        self.gate.counters.count(caller == nil ? .unauthorized : .forbidden)
        return nil
    }

    /// This member may not have heard yet of a process that has just registered; then the leader can tell.
    private func state(knowing worker: WorkerID, as named: WorkerIncarnation?) async throws -> ClusterState {
        let own = await self.plane.node.local().machine.state
        if let known = own.worker(worker)?.incarnation, known == named ?? known { return own }
        return try await self.plane.state()
    }

    private func refuse(
        _ reason: SessionTable.Refusal,
        _ message: String,
        code: ErrorCode? = nil,
        _ sender: WebSocketSession.Sender
    ) async throws -> Guest? {
        self.plane.sessions.refuse(reason)
        try await sender.send(.error(SessionError(message, code: code)))
        try await sender.close(.policyViolation)
        return nil
    }

    // MARK: Heartbeats

    /// Nil if the session is to end.
    private func hear(_ text: ByteBuffer, from guest: Guest, _ sender: WebSocketSession.Sender) async throws -> Guest? {
        var guest = guest
        guard let caller = await self.caller(showing: guest.key) else {
            return try await self.refuse(.unauthorized, "The API key is not good any more", sender)
        }
        guard case .heartbeat(var heartbeat) = Self.message(text) else {
            try await sender.send(.error(SessionError("Not a heartbeat")))
            return guest
        }
        let state = await self.plane.node.local().machine.state
        guard let known = state.worker(guest.worker), known.incarnation == guest.incarnation,
            heartbeat.incarnation.map({ WorkerIncarnation($0) == known.incarnation }) ?? true,
            caller.maySpeak(for: known)
        else {
            return try await self.refuse(.unknownWorker, "Worker not found", code: .workerNotFound, sender)
        }
        heartbeat.incarnation = guest.incarnation.rawValue
        let isConfirmed = await self.plane.hear(heartbeat, from: guest.worker)
        // Read once the leader has confirmed the worker: what it may rely on is what holds since then. Said before the
        // acknowledgement, to workers that know of no lease in it.
        let terms = self.plane.sessionTerms(await self.plane.node.local().machine.state)
        if terms != guest.terms {
            guest.terms = terms
            try await sender.send(.identifyAck(terms))
        }
        let answer = HeartbeatResponse(confirmed: isConfirmed, leaseMilliseconds: terms.leaseMilliseconds)
        try await sender.send(.heartbeatAck(answer))
        return guest
    }

    private static func message(_ text: ByteBuffer) -> WorkerMessage? {
        try? APIJSON.decode(WorkerMessage.self, from: text.readableBytesView)  // nil: no message, and answered as such
    }

    // MARK: The end

    private func ended(_ guest: Guest, _ session: WebSocketSession) async {
        let ending = await session.ending
        let isNewest = self.plane.sessions.close(session.channel, of: guest.worker)
        self.plane.logger.info(
            "WebSocket disconnected",
            metadata: ["worker": "\(guest.worker)", "ending": "\(ending)"]
        )
        // A session that this side closed says nothing of the worker, nor does one whose worker has another by now.
        if case .closedHere = ending { return }
        guard isNewest else { return }
        self.plane.sessions.noteLoss()
        // The server waits for its connections when it ends; by then nobody may lead who could be told.
        await cancelWhenGracefulShutdown {
            await SessionLossCall.tell(of: guest.worker, guest.incarnation, self.plane)
        }
    }
}

extension WebSocketSession.Sender {
    fileprivate func send(_ message: CoordinatorMessage) async throws {
        try await self.send(ByteBuffer(bytes: try APIJSON.encode(message)))
    }
}
