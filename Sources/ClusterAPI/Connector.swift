/// A named way to the outside (a broker, an HTTP endpoint), shared by the pipelines that name it.
public struct Connector: Hashable, Sendable, Codable, Listed {
    public static let listKey = "connectors"

    public var name: String
    public var connectorType: String
    /// May hold passwords: shown only to those who may change it.
    public var params: [String: String]
    public var description: String?

    public init(name: String, connectorType: String, params: [String: String], description: String? = nil) {
        self.name = name
        self.connectorType = connectorType
        self.params = params
        self.description = description
    }

    enum CodingKeys: String, CodingKey {
        case name
        case connectorType = "connector_type"
        case params, description
    }
}
