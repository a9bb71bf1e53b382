import ClusterAPI
import MQTT
import VPL

extension Wiring {
    /// A route that leaves the pipeline.
    struct RouteOutput: Sendable {
        enum Target: Sendable {
            /// A connection, by its place in `sinkConnections`.
            case broker(connection: Int, topic: String)
            /// Pipelines of this worker: one, or replicas that share events by the value of a field.
            case peers([PipelineSpec.Place], key: [UInt8]?)
        }

        var eventTypes: EventTypePatterns
        let target: Target
    }
}

/// The connections that a pipeline's routes need, worked out with those of its program.
///
/// Routes have connections of their own, one for each connector and direction, known to brokers as those of the program
/// are, with `-route` or `-route-in` at the end.
struct RouteWiring {
    private(set) var sources: [Wiring.Source] = []
    private(set) var connections: [Wiring.SinkConnection] = []
    private(set) var outputs: [Wiring.RouteOutput] = []

    private let spec: PipelineSpec
    private let prefix: String
    private let certificates: WorkDirectory?

    /// - Parameters:
    ///   - directory: Where the files of certificates must be; nil for anywhere on the machine.
    ///   - connectionCount: How many connections sinks have already.
    init(
        _ spec: PipelineSpec,
        prefix: String,
        filesIn directory: WorkDirectory?,
        after connectionCount: Int
    ) throws(PipelineRefusal) {
        self.spec = spec
        self.prefix = prefix
        self.certificates = directory
        for output in spec.outputs ?? [] { try self.add(output, connectionCount) }
        try self.addSources()
    }

    // MARK: - Outputs

    private mutating func add(_ output: ClusterAPI.RouteOutput, _ connectionCount: Int) throws(PipelineRefusal) {
        guard let name = output.connector else { return try self.add(peersOf: output) }
        guard MQTTTopic.isName(output.topic) else { throw .connector("Routes cannot publish to '\(output.topic)'.") }
        let connector = try self.broker(name)
        let clientID = self.clientID(connector, "-route")
        let known = self.connections.firstIndex { $0.configuration.clientID == clientID }
        if known == nil {
            let configuration = try Wiring.configuration(connector, clientID: clientID, filesIn: self.certificates)
            self.connections.append(Wiring.SinkConnection(connector: name, configuration: configuration))
        }
        let connection = connectionCount + (known ?? self.connections.count - 1)
        // Routes that share a topic share the message.
        let same = self.outputs.firstIndex {
            if case .broker(connection, output.topic) = $0.target { true } else { false }
        }
        if let same {
            self.outputs[same].eventTypes.add(output.eventTypes)
        } else {
            self.outputs.append(
                Wiring.RouteOutput(
                    eventTypes: EventTypePatterns(output.eventTypes),
                    target: .broker(connection: connection, topic: output.topic)
                )
            )
        }
    }

    private mutating func add(peersOf output: ClusterAPI.RouteOutput) throws(PipelineRefusal) {
        guard let groupID = self.spec.groupID else { return }
        let count = output.peerReplicas?.count ?? 1
        let names = count > 1 ? (0..<count).map { "\(output.peer)#\($0)" } : [output.peer]
        self.outputs.append(
            Wiring.RouteOutput(
                eventTypes: EventTypePatterns(output.eventTypes),
                target: .peers(
                    names.map { PipelineSpec.Place(groupID: groupID, name: $0) },
                    key: output.peerReplicas?.partitionKey.map { Array($0.utf8) }
                )
            )
        )
    }

    // MARK: - Inputs

    private mutating func addSources() throws(PipelineRefusal) {
        let inputs = (self.spec.inputs ?? []).filter { $0.connector != nil }
        var names: [String] = []
        for case let name? in inputs.map(\.connector) where !names.contains(name) { names.append(name) }
        for name in names {
            let connector = try self.broker(name)
            var configuration = try Wiring.configuration(
                connector,
                clientID: self.clientID(connector, "-route-in"),
                filesIn: self.certificates
            )
            configuration.session = .persistent(expiry: Wiring.sessionExpiry)
            var types: [String: EventTypePatterns] = [:]
            for input in inputs where input.connector == name {
                guard MQTTTopic.isName(input.topic) else {
                    throw .connector("Routes cannot subscribe to '\(input.topic)'.")
                }
                if types[input.topic] == nil {
                    configuration.subscriptions.append(.init(topicFilter: input.topic, qos: .atLeastOnce))
                }
                types[input.topic, default: EventTypePatterns([])].add(input.eventTypes)
            }
            self.sources.append(
                Wiring.Source(
                    connector: name,
                    configuration: configuration,
                    intake: Intake(self.spec.replica, typesByTopic: types)
                )
            )
        }
    }

    // MARK: - Connectors

    private func broker(_ name: String) throws(PipelineRefusal) -> ConnectorDeclaration {
        guard let connector = self.spec.connectorDeclarations.first(where: { $0.name == name }) else {
            throw .connector("Routes need connector '\(name)', which is not there.")
        }
        guard connector.type == "mqtt" else {
            throw .connector("Routes cannot go over '\(name)', which is of type \(connector.type).")
        }
        return connector
    }

    private func clientID(_ connector: ConnectorDeclaration, _ suffix: String) -> String {
        let prefix = connector.parameter("client_id")?.string ?? self.prefix
        return ClientID.source(prefix: prefix, spec: self.spec, connector: connector.name) + suffix
    }
}
