import VPL

/// Where an MQTT connector's broker is, from whichever of the equivalent parameters names it.
struct BrokerAddress: Hashable {
    var host: String
    var port: UInt16
    var username: String?
    var password: String?

    private static let hostParameters: Set = ["host", "url", "brokers", "servers"]

    init(_ connector: ConnectorDeclaration) throws(PipelineRefusal) {
        guard let text = connector.parameters.last(where: { Self.hostParameters.contains($0.name) })?.value.string
        else { throw .connector("Connector '\(connector.name)' does not say where its broker is: host.") }
        var rest = Substring(text)
        if let scheme = rest.firstRange(of: "://") {
            guard ["mqtt", "tcp"].contains(rest[..<scheme.lowerBound]) else {
                throw .connector("Connector '\(connector.name)' cannot use \(rest[..<scheme.lowerBound])://.")
            }
            rest = rest[scheme.upperBound...]
        }
        self.port = 1883
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
