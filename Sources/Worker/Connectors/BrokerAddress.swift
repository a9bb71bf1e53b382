import MQTT
import VPL

/// Where an MQTT connector's broker is, from whichever of the equivalent parameters names it.
struct BrokerAddress: Hashable {
    var host: String
    var port: UInt16
    var username: String?
    var password: String?
    var tls: MQTTConfiguration.TLS?

    private static let hostParameters: Set = ["host", "url", "brokers", "servers"]

    /// - Parameter directory: Where the files of certificates must be; nil for anywhere on the machine.
    init(_ connector: ConnectorDeclaration, filesIn directory: WorkDirectory?) throws(PipelineRefusal) {
        guard let text = connector.parameters.last(where: { Self.hostParameters.contains($0.name) })?.value.string
        else { throw .connector("Connector '\(connector.name)' does not say where its broker is: host.") }
        var rest = Substring(text)
        (self.host, self.port) = (text, 1883)
        if let scheme = rest.firstRange(of: "://") {
            switch rest[..<scheme.lowerBound] {
            case "mqtt", "tcp": break
            case "mqtts", "ssl", "tls": self.tls = MQTTConfiguration.TLS()
            default: throw .connector("Connector '\(connector.name)' cannot use \(rest[..<scheme.lowerBound])://.")
            }
            rest = rest[scheme.upperBound...]
        }
        try self.addTLS(connector, directory)
        if self.tls != nil { self.port = 8883 }
        // A single colon separates a port; several belong to an IPv6 address.
        if let colon = rest.firstIndex(of: ":"), colon == rest.lastIndex(of: ":") {
            self.port = try Self.port(Int64(rest[rest.index(after: colon)...]), connector)
            rest = rest[..<colon]
        }
        if let port = connector.parameter("port") {
            self.port = try Self.port(port.int, connector)
        }
        self.host = String(rest)
        self.username = connector.parameter("username")?.string
        self.password = connector.parameter("password")?.string
    }

    /// Files of certificates ask for TLS as `tls: true` does; with `tls: false` beside them the program contradicts itself.
    private mutating func addTLS(
        _ connector: ConnectorDeclaration,
        _ directory: WorkDirectory?
    ) throws(PipelineRefusal) {
        guard connector.parameter("tls_insecure") == nil else {
            throw .connector("Connector '\(connector.name)': a broker's certificate is always verified (tls_insecure).")
        }
        let files = try ["ca_file", "cert_file", "key_file"].map { parameter throws(PipelineRefusal) in
            try Self.file(parameter, of: connector, in: directory)
        }
        var isWanted = self.tls != nil || files.contains { $0 != nil }
        if let parameter = connector.parameter("tls") {
            guard let answer = parameter.bool, answer || !isWanted else {
                throw .connector("Connector '\(connector.name)': tls is true, or false without certificates.")
            }
            isWanted = answer
        }
        guard (files[1] == nil) == (files[2] == nil) else {
            throw .connector("Connector '\(connector.name)': cert_file and key_file go together.")
        }
        guard isWanted else { return }
        self.tls = MQTTConfiguration.TLS(authorityFile: files[0], certificateFile: files[1], keyFile: files[2])
    }

    private static func file(
        _ parameter: String,
        of connector: ConnectorDeclaration,
        in directory: WorkDirectory?
    ) throws(PipelineRefusal) -> String? {
        let name = connector.parameter(parameter)?.string
        guard let name, let directory else { return name }
        guard let path = directory.file(name) else {
            throw .connector(
                "Connector '\(connector.name)': a tenant's \(parameter) must be in the work directory, not '\(name)'."
            )
        }
        return path
    }

    private static func port(
        _ number: Int64?,
        _ connector: ConnectorDeclaration
    ) throws(PipelineRefusal) -> UInt16 {
        guard let number, let port = UInt16(exactly: number), port > 0 else {
            throw .connector("Connector '\(connector.name)' has no usable port.")
        }
        return port
    }
}
