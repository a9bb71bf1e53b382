import Engine
import MQTT
import VPL

/// The connections of a pipeline, worked out from its plan before anything is started.
struct Wiring: Sendable {
    struct Source: Sendable {
        let connector: String
        let configuration: MQTTConfiguration
        /// Nil where every message is the pipeline's own.
        var intake: Intake?
    }

    struct SinkConnection: Sendable {
        let connector: String
        let configuration: MQTTConfiguration
    }

    /// What one `.to` of the program sends into.
    enum Sink: Sendable {
        /// A connection, by its place in `sinkConnections`.
        case mqtt(connection: Int, topic: String, qos: MQTTQoS)
        case console
        case file(path: String, connector: String)
        /// A poster, by its place in `posters`.
        case http(poster: Int)
    }

    struct Poster: Sendable {
        let connector: String
        let url: String
    }

    private(set) var sources: [Source] = []
    private(set) var sinkConnections: [SinkConnection] = []
    private(set) var posters: [Poster] = []
    /// By sink id.
    private(set) var sinks: [Sink] = []
    private(set) var routeOutputs: [RouteOutput] = []

    /// How long brokers keep the sessions of sources that asked for QoS 1, for the successor of a worker that died.
    static let sessionExpiry: Duration = .seconds(3600)

    /// Whether a stream reads from a `stdin` connector.
    private(set) var readsStandardInput = false

    /// Where the files of certificates must be; nil for anywhere on the machine.
    private let certificates: WorkDirectory?

    /// - Parameters:
    ///   - workDirectory: A tenant's program uses no files outside of it.
    ///   - hasStandardInput: The program may read the process's standard input: it runs in the foreground.
    init(
        _ plan: Plan,
        spec: PipelineSpec,
        prefix: String,
        workDirectory: WorkDirectory,
        hasStandardInput: Bool = false
    ) throws(PipelineRefusal) {
        self.certificates = spec.tenantID == nil ? nil : workDirectory
        try self.addSources(plan, spec, prefix, hasStandardInput)
        try self.addSinks(plan, spec, prefix)
        let routes = try RouteWiring(
            spec,
            prefix: prefix,
            filesIn: self.certificates,
            after: self.sinkConnections.count
        )
        for place in self.sources.indices { self.sources[place].intake = Intake(spec.replica) }
        self.sources += routes.sources
        self.sinkConnections += routes.connections
        self.routeOutputs = routes.outputs
    }

    // MARK: - Sources

    /// One connection per connector, or per connector and `client_id` where a stream gives one.
    private mutating func addSources(
        _ plan: Plan,
        _ spec: PipelineSpec,
        _ prefix: String,
        _ hasStandardInput: Bool
    ) throws(PipelineRefusal) {
        var drafts: [Source] = []
        for binding in plan.sources {
            let connector = binding.connector
            if connector.type == "stdin" {
                guard hasStandardInput else {
                    throw .connector("Streams cannot read from '\(connector.name)': only `varpulis run` has a stdin.")
                }
                self.readsStandardInput = true
                continue
            }
            guard connector.type == "mqtt" else {
                throw .connector("Streams cannot read from '\(connector.name)', which is of type \(connector.type).")
            }
            let prefix = ClientID.prefix(binding.parameters, connector, stream: binding.stream) ?? prefix
            let clientID = ClientID.source(prefix: prefix, spec: spec, connector: connector.name)
            let topic = binding.parameter("topic")?.string ?? "varpulis/events/#"
            let qos = Self.qos(binding.parameter("qos"))
            guard MQTTTopic.isFilter(topic) else {
                throw .connector("Stream '\(binding.stream)' cannot subscribe to '\(topic)'.")
            }
            if let known = drafts.firstIndex(where: { $0.configuration.clientID == clientID }) {
                var configuration = drafts[known].configuration
                Self.subscribe(&configuration, to: topic, qos)
                drafts[known] = Source(connector: connector.name, configuration: configuration)
            } else {
                var configuration = try Self.configuration(connector, clientID: clientID, filesIn: self.certificates)
                Self.subscribe(&configuration, to: topic, qos)
                drafts.append(Source(connector: connector.name, configuration: configuration))
            }
        }
        self.sources = drafts
    }

    /// The same filter twice is one subscription at the higher QoS.
    private static func subscribe(_ configuration: inout MQTTConfiguration, to topic: String, _ qos: MQTTQoS) {
        if let known = configuration.subscriptions.firstIndex(where: { $0.topicFilter == topic }) {
            configuration.subscriptions[known].qos = max(qos, configuration.subscriptions[known].qos)
        } else {
            configuration.subscriptions.append(MQTTSubscription(topicFilter: topic, qos: qos))
        }
        if qos == .atLeastOnce { configuration.session = .persistent(expiry: Self.sessionExpiry) }
    }

    // MARK: - Sinks

    private mutating func addSinks(_ plan: Plan, _ spec: PipelineSpec, _ prefix: String) throws(PipelineRefusal) {
        for binding in plan.sinks {
            let connector = binding.connector
            switch connector.type {
            case "mqtt":
                let topic = binding.parameter("topic")?.string ?? "\(connector.name)-output"
                guard MQTTTopic.isName(topic) else {
                    throw .connector("Stream '\(binding.stream)' cannot publish to '\(topic)'.")
                }
                let prefix = ClientID.prefix(binding.parameters, connector, stream: binding.stream) ?? prefix
                let clientID = ClientID.sink(prefix: prefix, spec: spec, connector: connector.name)
                let connection = try self.sinkConnection(connector, clientID: clientID)
                self.sinks.append(
                    .mqtt(connection: connection, topic: topic, qos: Self.qos(binding.parameter("qos")))
                )
            case "console", "stdout":
                self.sinks.append(.console)
            case "file":
                guard let path = binding.parameter("path")?.string else {
                    throw .connector("Connector '\(connector.name)' does not name its file: path.")
                }
                self.sinks.append(.file(path: path, connector: connector.name))
            case "http":
                self.sinks.append(.http(poster: try self.poster(connector)))
            default:
                throw .connector("Streams cannot write to '\(connector.name)', which is of type \(connector.type).")
            }
        }
    }

    private mutating func sinkConnection(
        _ connector: ConnectorDeclaration,
        clientID: String
    ) throws(PipelineRefusal) -> Int {
        if let known = self.sinkConnections.firstIndex(where: { $0.configuration.clientID == clientID }) {
            return known
        }
        let configuration = try Self.configuration(connector, clientID: clientID, filesIn: self.certificates)
        self.sinkConnections.append(SinkConnection(connector: connector.name, configuration: configuration))
        return self.sinkConnections.count - 1
    }

    private mutating func poster(_ connector: ConnectorDeclaration) throws(PipelineRefusal) -> Int {
        if let known = self.posters.firstIndex(where: { $0.connector == connector.name }) { return known }
        guard let url = connector.parameter("url")?.string, url.hasPrefix("http://") || url.hasPrefix("https://") else {
            throw .connector("Connector '\(connector.name)' does not say where to post, as http:// or https://: url.")
        }
        self.posters.append(Poster(connector: connector.name, url: url))
        return self.posters.count - 1
    }

    // MARK: - Parameters

    static func configuration(
        _ connector: ConnectorDeclaration,
        clientID: String,
        filesIn directory: WorkDirectory?
    ) throws(PipelineRefusal) -> MQTTConfiguration {
        let address = try BrokerAddress(connector, filesIn: directory)
        var configuration = MQTTConfiguration(
            host: address.host,
            port: address.port,
            clientID: clientID,
            username: address.username,
            password: address.password
        )
        configuration.tls = address.tls
        do {
            try configuration.validate()
        } catch {
            throw .connector("Connector '\(connector.name)': \(error.message)")
        }
        return configuration
    }

    /// What asks for delivery exactly once gets it at least once.
    private static func qos(_ parameter: ConnectorParameter.Value?) -> MQTTQoS {
        (parameter?.int ?? 0) > 0 ? .atLeastOnce : .atMostOnce
    }
}
