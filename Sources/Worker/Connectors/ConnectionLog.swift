import ClusterAPI
import Logging
import MQTT
import Synchronization

/// Says in the log when a connection comes and goes, and why; a reason that repeats is said once.
enum ConnectionLog {
    static func note(
        _ status: MQTTStatus,
        since lastError: borrowing Mutex<MQTTError?>,
        clientID: String,
        _ logger: Logger
    ) {
        if status.isClosed { return }
        if status.isConnected {
            guard status.isSubscribed else { return }
            lastError.withLock { $0 = nil }
            logger.info("connected to broker", metadata: ["client": "\(clientID)"])
        } else if let error = status.lastError {
            let isNew = lastError.withLock { last in
                defer { last = error }
                return last != error
            }
            guard isNew else { return }
            logger.warning(
                "no connection to broker",
                metadata: ["client": "\(clientID)", "reason": "\(error)"]
            )
        }
    }
}

extension ConnectorHealth {
    init(connector: String, _ status: MQTTStatus) {
        let silence = status.lastMessageAt.map { ContinuousClock.now - $0 } ?? .zero
        self.init(
            connectorName: connector,
            connectorType: "mqtt",
            connected: status.isSubscribed,
            lastError: status.isSubscribed ? nil : status.lastError?.message,
            messagesReceived: status.receivedCount,
            secondsSinceLastMessage: UInt64(clamping: silence.components.seconds)
        )
    }
}
