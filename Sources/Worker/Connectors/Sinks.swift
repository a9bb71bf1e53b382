import ClusterAPI
import Engine
import Logging
import MQTT
import Synchronization

/// Everything a pipeline writes into. Used by its engine thread; `close` by the one that stops it.
final class Sinks: Sendable {
    private let sinks: [Wiring.Sink]
    let connections: [(connector: String, client: MQTTClient)]
    private let console: ConsoleWriter
    /// By sink id, for those that are files.
    private let files: [Int: FileSink]
    private let progress: PipelineProgress
    private let logger: Logger

    init(
        _ wiring: Wiring,
        workDirectory: WorkDirectory,
        console: ConsoleWriter,
        progress: PipelineProgress,
        owner: SessionOwner?,
        logger: Logger
    ) throws(MQTTError) {
        self.sinks = wiring.sinks
        self.console = console
        self.progress = progress
        self.logger = logger
        var connections: [(connector: String, client: MQTTClient)] = []
        for connection in wiring.sinkConnections {
            let lastError = Mutex<MQTTError?>(nil)
            var configuration = connection.configuration
            configuration.opening = owner == nil ? .byItself : .whenTold
            let clientID = configuration.clientID
            let onStatus: @Sendable (MQTTStatus) -> Void = { status in
                ConnectionLog.note(status, since: lastError, clientID: clientID, logger)
            }
            let client: MQTTClient
            if let owner {
                let onConnection = owner.onConnection(connections.count)
                client = try MQTTClient(configuration, onStatus: onStatus, onConnection: onConnection)
            } else {
                client = try MQTTClient(configuration, onStatus: onStatus)
            }
            connections.append((connection.connector, client))
        }
        self.connections = connections
        var files: [Int: FileSink] = [:]
        for (id, sink) in wiring.sinks.enumerated() {
            guard case .file(let path) = sink else { continue }
            files[id] = FileSink(path: path, in: workDirectory)
        }
        self.files = files
    }

    /// Hands an event to a sink, blocking while the way to its broker is full.
    func deliver(_ delivery: Delivery, receipt: BatchReceipt?) {
        let id = delivery.sink.rawValue
        switch self.sinks[id] {
        case .mqtt(let connection, let topic, let qos):
            self.publish(delivery.payload, to: self.connections[connection].client, topic, qos, receipt)
        case .console:
            self.console.writeLine(delivery.payload)
        case .file(let path):
            if let reason = self.files[id]?.writeLine(delivery.payload) {
                self.failed(reason, sink: path)
            }
        }
    }

    private func publish(
        _ payload: [UInt8],
        to client: MQTTClient,
        _ topic: String,
        _ qos: MQTTQoS,
        _ receipt: BatchReceipt?
    ) {
        receipt?.addShare()
        let message = MQTTMessage(topic: topic, payload: payload, qos: qos)
        let settle: MQTTPublishCompletion = { failure in
            // Only what the end of this pipeline cut off is worth repeating; what a broker refuses, it refuses again.
            receipt?.settle(isLost: failure?.code == .closed)
            if let failure { self.failed(failure.message, sink: topic) }
        }
        do throws(MQTTError) {
            try client.publish(message, whenFull: .wait, completion: settle)
        } catch {
            settle(error)
        }
    }

    private func failed(_ reason: String, sink: String) {
        guard let count = self.progress.countFailure(\.deliveriesFailed) else { return }
        self.logger.warning(
            "delivery failed",
            metadata: ["sink": "\(sink)", "reason": "\(reason)", "count": "\(count)"]
        )
    }

    /// Gives each connection up to this long to deliver what it has.
    func close(drainingAtMost drainTimeout: Duration) {
        for connection in self.connections { connection.client.beginClose(drainingAtMost: drainTimeout) }
        for connection in self.connections { connection.client.close(drainingAtMost: drainTimeout) }
    }

    var health: [ConnectorHealth] {
        self.connections.map { ConnectorHealth(connector: $0.connector, $0.client.status) }
    }
}
