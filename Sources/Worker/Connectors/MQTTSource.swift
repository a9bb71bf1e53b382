import ClusterAPI
import Engine
import Logging
import MQTT
import Synchronization

/// Feeds a pipeline from a broker.
///
/// QoS 1 messages are acknowledged when the engine has processed them and what came of them has been acknowledged by the
/// brokers of its sinks: a worker that dies in between leaves them to its successor. Others are as safe as their
/// place in the inbox.
final class MQTTSource: Sendable {
    private let wiring: Wiring.Source
    let client: MQTTClient

    init(
        _ wiring: Wiring.Source,
        index: Int,
        inbox: EventInbox,
        progress: PipelineProgress,
        onConnection: (@Sendable (MQTTConnectionEvent) -> Void)?,
        logger: Logger
    ) throws(MQTTError) {
        self.wiring = wiring
        let connector = wiring.connector
        let lastError = Mutex<MQTTError?>(nil)
        var configuration = wiring.configuration
        configuration.opening = onConnection == nil ? .byItself : .whenTold
        self.client = try MQTTClient(
            configuration,
            onStatus: { status in
                progress.source(index, reports: status)
                ConnectionLog.note(status, since: lastError, clientID: wiring.configuration.clientID, logger)
            },
            onBatch: { messages in
                let needsReceipt = messages.contains { $0.qos == .atLeastOnce }
                let receipt = needsReceipt ? BatchReceipt() : nil
                let batch = EventBatch(
                    content: .payloads(Self.payloads(of: messages), connector: connector),
                    receipt: receipt
                )
                guard inbox.add(batch) else { return .refused }
                return receipt?.wait() ?? true ? .accepted : .refused
            },
            onConnection: onConnection ?? { _ in }
        )
    }

    /// A message that names no type has that of its topic's last level.
    private static func payloads(of messages: [MQTTMessage]) -> EventPayloads {
        var payloads = EventPayloads(arrival: WallClock.nanoseconds())
        // Most messages repeat the topic.
        var (topic, lastLevel) = ("", "")
        for message in messages {
            if message.topic != topic {
                topic = message.topic
                lastLevel = topic.split(separator: "/").last.map(String.init) ?? topic
            }
            payloads.append(message.payload, defaultType: lastLevel)
        }
        return payloads
    }

    /// Asks for the end: no batch after the present one.
    func beginClose() {
        self.client.beginClose()
    }

    func close() {
        self.client.close()
    }

    var health: ConnectorHealth {
        ConnectorHealth(connector: self.wiring.connector, self.client.status)
    }
}
