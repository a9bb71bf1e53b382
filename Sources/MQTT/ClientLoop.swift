import OpenSSL
import Synchronization

/// What a client's thread does from its start to its end: connect, carry packets both ways, pause, connect again.
///
/// The order inside one turn is the point of it: read and collect, let the consumer take the batch, and only then write,
/// because writing sends the acknowledgements of what was read.
final class ClientLoop {
    let configuration: MQTTConfiguration
    let shared: MQTTClient.Shared
    private let onStatus: @Sendable (MQTTStatus) -> Void
    let onConnection: @Sendable (MQTTConnectionEvent) -> Void
    let onBatch: @Sendable ([MQTTMessage]) -> MQTTBatchOutcome

    let inbox: CallbackInbox
    private var backoff = Backoff()
    private var generator = SystemRandomNumberGenerator()
    let unsettled: UnsettledMessages
    let requests: OpenRequests
    /// Subscribe packets of this connection that the broker has not answered.
    var unansweredSubscriptions: [CInt: MQTTSubscription] = [:]
    var isConnected = false
    /// The last reading left off before the connection had nothing more. What TLS has decrypted does not show in the socket.
    var mayHaveMore = false
    /// Of the present handle.
    private var tls: TLSClientContext?
    /// The subscribe packets of this connection have been queued.
    var hasSubscribed = false

    init(
        _ configuration: MQTTConfiguration,
        shared: MQTTClient.Shared,
        onStatus: @escaping @Sendable (MQTTStatus) -> Void,
        onConnection: @escaping @Sendable (MQTTConnectionEvent) -> Void,
        onBatch: @escaping @Sendable ([MQTTMessage]) -> MQTTBatchOutcome
    ) {
        self.configuration = configuration
        self.shared = shared
        self.onStatus = onStatus
        self.onConnection = onConnection
        self.onBatch = onBatch
        self.inbox = CallbackInbox(configuration)
        self.unsettled = UnsettledMessages(shared)
        self.requests = OpenRequests(shared, clientID: configuration.clientID)
    }

    func run() {
        // The handle is released at the end of each turn, before the box its callbacks write into.
        while !self.isTimeToEnd {
            guard self.configuration.opening == .byItself || self.waitForOrder() else { break }
            do throws(MQTTError) {
                self.tls = try self.configuration.tls.map { tls throws(MQTTError) in
                    try self.context(tls)
                }
                let handle = try MosquittoHandle(self.configuration, inbox: self.inbox, tls: self.tls)
                switch self.configuration.opening {
                case .byItself: try self.keepConnected(handle)
                case .whenTold: try self.connectOnce(handle)
                }
            } catch {
                // Certificates that cannot be used, `mosquitto_new` for want of memory, or the end of a single connection.
                self.report { $0.lastError = error }
                switch self.configuration.opening {
                case .byItself: self.pause()
                case .whenTold: self.onConnection(.ended(error))
                }
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

    /// Waits until the owner wants a connection; false when the client is closed first.
    private func waitForOrder() -> Bool {
        while !self.isTimeToEnd {
            if self.shared.steering.withLock({ $0.takeConnect() }) { return true }
            _ = self.shared.wake.poll(nil, forWriting: false, atMost: self.pollTimeout)
        }
        return false
    }

    /// One connection, from its opening to its end, which it throws. What it had not settled is left to the next one.
    private func connectOnce(_ handle: borrowing MosquittoHandle) throws(MQTTError) {
        do throws(MQTTError) {
            try self.connect(handle)
            try self.carryPackets(handle)
        } catch {
            handle.drop()
            self.connectionEnded(error)
            throw error
        }
    }

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
        // With TLS the library must know the name, to tell it the broker, and resolves it once more.
        let isProtected = self.tls != nil
        do throws(MQTTError) {
            try handle.connect(to: isProtected ? self.configuration.host : address, self.configuration)
        } catch {
            throw self.certificateRefused ?? error
        }
    }

    /// The files are read for each handle.
    private func context(_ tls: MQTTConfiguration.TLS) throws(MQTTError) -> TLSClientContext {
        do throws(OpenSSLError) {
            return try TLSClientContext(
                host: self.configuration.host,
                authorityFile: tls.authorityFile,
                certificateFile: tls.certificateFile,
                keyFile: tls.keyFile
            )
        } catch {
            throw MQTTError(.invalid, "\(error)")
        }
    }

    /// Why the broker's certificate was not taken, if that was it.
    private var certificateRefused: MQTTError? {
        (self.tls?.takeFailure()).map { MQTTError(.refused, "The broker's certificate is refused: \($0).") }
    }

    /// Carries packets until the connection fails, by throwing, or the client is closed, by returning.
    private func carryPackets(_ handle: borrowing MosquittoHandle) throws(MQTTError) {
        let answerDeadline = ContinuousClock.now + self.configuration.connectTimeout
        while true {
            if self.isTimeToEnd {
                return self.disconnect(handle)
            }
            // Nothing comes without subscriptions but what requests have asked for.
            let isFlowing = self.isFlowing
            let isReading = isFlowing || self.configuration.subscriptions.isEmpty
            if self.isConnected {
                try self.requests.advance(handle)
                if isFlowing {
                    try self.subscribe(handle)
                    self.unsettled.handOver(to: handle)
                }
            } else if ContinuousClock.now > answerDeadline {
                throw MQTTError(.unreachable, "The broker does not answer the connect packet.")
            }
            if handle.wantsToWrite {
                try handle.write()
                self.settlePublished()
            }
            // Messages that may not be processed now stay in the socket, and with them everything else; its end shows.
            let readiness = self.shared.wake.poll(
                handle.descriptor,
                forReading: !self.isConnected || isReading,
                forWriting: handle.wantsToWrite,
                atMost: self.mayHaveMore && isReading ? .zero : self.pollTimeout
            )
            if readiness.isReadable || (self.mayHaveMore && isReading) {
                try self.read(handle, isFlowing: isReading)
            }
            guard handle.descriptor != nil else {
                throw self.endReported(nil)
            }
            try handle.keepAlive()
        }
    }

    /// libmosquitto counts in seconds; shorter while the end of a drain or the answer to a request is awaited.
    private var pollTimeout: Duration {
        let deadlines = [self.shared.closing.withLock { $0 }, self.requests.deadline].compactMap { $0 }
        return deadlines.reduce(.seconds(1)) { min($0, max(.zero, $1 - .now)) }
    }

    private var isFlowing: Bool {
        self.configuration.opening == .byItself || self.shared.steering.withLock { $0.isFlowing }
    }

    // MARK: - Ends

    /// Why libmosquitto closed the socket.
    func endReported(_ failure: MQTTError?) -> MQTTError {
        if let refused = self.certificateRefused { return refused }
        if let reason = self.inbox.connectAnswer, reason != 0 {
            return .refusal(of: "the connection", reason)
        }
        let reason = self.inbox.disconnectReason
        if reason == nil, let failure { return failure }
        let sentence = reason.map { MQTTError.sentence(for: $0) } ?? "no reason given"
        let isTakenOver = reason == MosquittoHandle.takenOverReason
        return MQTTError(isTakenOver ? .takenOver : .connectionLost, "The connection ended: \(sentence).")
    }

    private func connectionEnded(_ failure: MQTTError) {
        self.isConnected = false
        self.mayHaveMore = false
        self.hasSubscribed = false
        self.unansweredSubscriptions = [:]
        self.inbox.subscribed = []
        _ = self.inbox.takeMessages()
        self.settlePublished()
        self.requests.connectionEnded(failure)
        self.unsettled.connectionEnded(failure, isHandleDone: self.configuration.opening == .whenTold)
        self.report {
            $0.isConnected = false
            $0.isSubscribed = false
            $0.lastError = failure
        }
    }

    private func disconnect(_ handle: borrowing MosquittoHandle) {
        if self.isConnected {
            handle.disconnect(atMost: .milliseconds(500), wake: self.shared.wake)
            self.settlePublished()
        }
        handle.drop()
        self.requests.connectionEnded(MQTTError(.closed, "The client is closed."))
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

    func report(_ change: (inout MQTTStatus) -> Void) {
        let status = self.shared.status.withLock { status in
            change(&status)
            return status
        }
        self.onStatus(status)
    }
}
