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
    private let posters: [HTTPSink]
    /// By connection.
    private let connectionGuards: [SinkGuard]
    /// By sink id, one for each connection, poster and file; nil for the console.
    private let guards: [SinkGuard?]
    /// Another worker may take the connections over.
    private let isFenced: Bool

    init(
        _ wiring: Wiring,
        surroundings: PipelineSurroundings,
        progress: PipelineProgress,
        owner: SessionOwner?,
        logger: Logger
    ) throws(MQTTError) {
        self.sinks = wiring.sinks
        self.console = surroundings.console
        self.isFenced = owner != nil
        self.connections = try Self.connections(wiring, owner, logger)
        var files: [Int: FileSink] = [:]
        for (id, sink) in wiring.sinks.enumerated() {
            guard case .file(let path, _) = sink else { continue }
            files[id] = FileSink(path: path, in: surroundings.workDirectory)
        }
        self.files = files
        self.posters = wiring.posters.map { HTTPSink(url: $0.url, name: $0.connector) }
        func newGuard(_ connector: String) -> SinkGuard {
            SinkGuard(
                connector: connector,
                deadLetters: surroundings.deadLetters,
                progress: progress,
                logger: logger
            )
        }
        let connectionGuards = wiring.sinkConnections.map { newGuard($0.connector) }
        self.connectionGuards = connectionGuards
        let posterGuards = wiring.posters.map { newGuard($0.connector) }
        self.guards = wiring.sinks.map { sink in
            switch sink {
            case .mqtt(let connection, _, _): connectionGuards[connection]
            case .http(let poster): posterGuards[poster]
            case .file(_, let connector): newGuard(connector)
            case .console: nil
            }
        }
    }

    private static func connections(
        _ wiring: Wiring,
        _ owner: SessionOwner?,
        _ logger: Logger
    ) throws(MQTTError) -> [(connector: String, client: MQTTClient)] {
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
        return connections
    }

    /// Hands an event to a sink, blocking while the way to it is full.
    func deliver(_ delivery: Delivery, receipt: BatchReceipt?) {
        let id = delivery.sink.rawValue
        guard let sinkGuard = self.guards[id] else { return self.console.writeLine(delivery.payload) }
        switch self.sinks[id] {
        case .mqtt(let connection, let topic, let qos):
            guard sinkGuard.admits(delivery.payload, for: topic) else { return }
            let message = MQTTMessage(topic: topic, payload: delivery.payload, qos: qos)
            self.publish(message, to: self.connections[connection].client, sinkGuard, receipt)
        case .http(let poster):
            guard sinkGuard.admits(delivery.payload, for: sinkGuard.connector) else { return }
            self.post(delivery.payload, to: self.posters[poster], sinkGuard, receipt)
        case .file(let path, _):
            guard sinkGuard.admits(delivery.payload, for: path) else { return }
            if let reason = self.files[id]?.writeLine(delivery.payload) {
                sinkGuard.failed(reason, delivery.payload, for: path)
            } else {
                sinkGuard.succeeded()
            }
        case .console: break
        }
    }

    private func publish(
        _ message: MQTTMessage,
        to client: MQTTClient,
        _ sinkGuard: SinkGuard,
        _ receipt: BatchReceipt?
    ) {
        receipt?.addShare()
        let isFenced = self.isFenced
        Self.publish(message, to: client) { failure in
            // Only what the end of this pipeline cut off is worth repeating; what a broker refuses, it refuses again.
            receipt?.settle(isLost: failure?.code == .closed)
            guard let failure else { return sinkGuard.succeeded() }
            switch failure.code {
            case .closed: sinkGuard.abandoned()
            case .connectionLost, .takenOver:
                sinkGuard.lost(failure.message, message.payload, for: message.topic, isDeadLetter: !isFenced)
            default: sinkGuard.failed(failure.message, message.payload, for: message.topic)
            }
        }
    }

    /// The completion is called in any case.
    private static func publish(
        _ message: MQTTMessage,
        to client: MQTTClient,
        completion: @escaping MQTTPublishCompletion
    ) {
        do throws(MQTTError) {
            try client.publish(message, whenFull: .wait, completion: completion)
        } catch {
            completion(error)
        }
    }

    /// Sends an event on a route, blocking while the way to its broker is full. No circuit keeps it away: routes promise
    /// each event at least once.
    func route(_ payload: [UInt8], over connection: Int, to topic: String, receipt: BatchReceipt?) {
        receipt?.addShare()
        let sinkGuard = self.connectionGuards[connection]
        let comesAgain = receipt?.comesAgain ?? false
        let message = MQTTMessage(topic: topic, payload: payload, qos: .atLeastOnce)
        Self.publish(message, to: self.connections[connection].client) { failure in
            let outcome = RouteOutcome(failure, comesAgain: comesAgain)
            switch outcome {
            case .arrived, .cutOff: break
            case .postponed(let reason): sinkGuard.postponed(reason, for: topic)
            case .refused(let reason): sinkGuard.failed(reason, payload, for: topic, opensCircuit: false)
            }
            // Last, so that nothing is acknowledged before it is where it stays.
            receipt?.settle(isLost: outcome.isLost)
        }
    }

    private func post(
        _ payload: [UInt8],
        to poster: HTTPSink,
        _ sinkGuard: SinkGuard,
        _ receipt: BatchReceipt?
    ) {
        receipt?.addShare()
        poster.post(payload) { failure in
            switch failure {
            case nil:
                sinkGuard.succeeded()
                receipt?.settle()
            case .closed:
                sinkGuard.abandoned()
                receipt?.settle(isLost: true)
            case .failed(let reason):
                sinkGuard.failed(reason, payload, for: sinkGuard.connector)
                receipt?.settle()
            }
        }
    }

    /// Gives each connection up to this long to deliver what it has, all at the same time.
    func close(drainingAtMost drainTimeout: Duration) {
        for connection in self.connections { connection.client.beginClose(drainingAtMost: drainTimeout) }
        for poster in self.posters { poster.beginClose(drainingAtMost: drainTimeout) }
        for poster in self.posters { poster.close(drainingAtMost: drainTimeout) }
        for connection in self.connections { connection.client.close(drainingAtMost: drainTimeout) }
    }

    var health: [ConnectorHealth] {
        func trouble(_ connector: String) -> String? {
            self.guards.lazy.compactMap { $0 }.filter { $0.connector == connector }.compactMap(\.trouble).first
        }
        let brokers = self.connections.map { connection in
            var health = ConnectorHealth(connector: connection.connector, connection.client.status)
            if let trouble = trouble(connection.connector) {
                (health.connected, health.lastError) = (false, trouble)
            }
            return health
        }
        var others: [ConnectorHealth] = []
        for sink in self.guards.compactMap({ $0 })
        where !(brokers + others).contains(where: { $0.connectorName == sink.connector }) {
            guard let kind = self.kind(of: sink) else { continue }
            others.append(
                ConnectorHealth(
                    connectorName: sink.connector,
                    connectorType: kind,
                    connected: sink.trouble == nil,
                    lastError: sink.trouble,
                    messagesReceived: 0,
                    secondsSinceLastMessage: 0
                )
            )
        }
        return brokers + others
    }

    private func kind(of sink: SinkGuard) -> String? {
        guard let id = self.guards.firstIndex(where: { $0 === sink }) else { return nil }
        return switch self.sinks[id] {
        case .http: "http"
        case .file: "file"
        case .mqtt, .console: nil
        }
    }
}
