import Logging
import Synchronization

/// What stands between a pipeline and one of its sinks: the circuit breaker, and the dead letters of what it does not take.
final class SinkGuard: Sendable {
    let connector: String
    private let deadLetters: DeadLetters?
    private let progress: PipelineProgress
    private let logger: Logger

    private struct Contents {
        var breaker = CircuitBreaker()
        var lastError: String?
    }

    private let contents = Mutex(Contents())
    /// False while nothing has failed since the last success, which is nearly always: then nobody needs the lock.
    private let isTroubled = Atomic(false)

    init(connector: String, deadLetters: DeadLetters?, progress: PipelineProgress, logger: Logger) {
        self.connector = connector
        self.deadLetters = deadLetters
        self.progress = progress
        self.logger = logger
    }

    /// Whether a delivery may be tried now. If not, it is a dead letter already.
    func admits(_ payload: [UInt8], for sink: String) -> Bool {
        guard self.isTroubled.load(ordering: .acquiring) else { return true }
        let (admits, lastError) = self.contents.withLock { ($0.breaker.admits(at: .now), $0.lastError) }
        if !admits { self.bury(payload, sink, "the circuit is open: \(lastError ?? "")") }
        return admits
    }

    func succeeded() {
        guard self.isTroubled.load(ordering: .acquiring) else { return }
        self.contents.withLock { contents in
            contents.breaker.succeeded()
            contents.lastError = nil
            self.isTroubled.store(false, ordering: .releasing)
        }
    }

    /// A delivery has failed for good. `opensCircuit` says that it counts against those that follow.
    func failed(_ reason: String, _ payload: [UInt8], for sink: String, opensCircuit: Bool = true) {
        if opensCircuit {
            self.contents.withLock { contents in
                contents.breaker.failed(at: .now)
                contents.lastError = reason
                self.isTroubled.store(true, ordering: .releasing)
            }
        }
        self.bury(payload, sink, reason)
    }

    /// A delivery has failed for now: its event comes again, so it is no dead letter.
    func postponed(_ reason: String, for sink: String) {
        _ = self.countFailure(reason, sink)
    }

    /// A delivery has gone with its connection, which says nothing about the sink. Its event is a dead letter, unless
    /// another owner may have taken the connection over.
    func lost(_ reason: String, _ payload: [UInt8], for sink: String, isDeadLetter: Bool) {
        self.abandoned()
        if isDeadLetter {
            self.bury(payload, sink, reason)
        } else {
            _ = self.progress.countFailure(\.deliveriesFailed)
        }
    }

    /// A delivery was given up, but the sink had no part in it.
    func abandoned() {
        guard self.isTroubled.load(ordering: .acquiring) else { return }
        self.contents.withLock { $0.breaker.abandoned(at: .now) }
    }

    /// For the connector's health: what keeps the circuit from being closed.
    var trouble: String? {
        self.contents.withLock { contents in
            switch contents.breaker.state {
            case .closed: nil
            case .open: "circuit open: \(contents.lastError ?? "")"
            case .halfOpen: "circuit half open: \(contents.lastError ?? "")"
            }
        }
    }

    /// Counts it, and says whether it was told of in the log.
    private func countFailure(_ reason: String, _ sink: String) -> Bool {
        guard let count = self.progress.countFailure(\.deliveriesFailed) else { return false }
        self.logger.warning(
            "delivery failed",
            metadata: ["sink": "\(sink)", "reason": "\(reason)", "count": "\(count)"]
        )
        return true
    }

    private func bury(_ payload: [UInt8], _ sink: String, _ reason: String) {
        let isTold = self.countFailure(reason, sink)
        guard let deadLetters = self.deadLetters else { return }
        if let why = deadLetters.write(connector: self.connector, sink: sink, error: reason, event: payload) {
            guard isTold else { return }
            self.logger.error("dead letter not written", metadata: ["sink": "\(sink)", "reason": "\(why)"])
        } else {
            self.progress.count { $0.deadLetters += 1 }
        }
    }
}
