import ClusterAPI
import VPL

/// What a pipeline was deployed with: all that is needed to run it again.
struct PipelineSpec: Hashable, Sendable, Codable {
    /// Names the place of a pipeline in the cluster, which one worker at a time holds.
    struct Place: Hashable, Sendable {
        let groupID: String
        let name: String
    }

    let id: String
    let name: String
    private(set) var source: String
    /// Absent for a pipeline that was deployed at the worker itself.
    let groupID: String?
    /// The number of the assignment; a higher one replaces a lower one.
    let epoch: UInt64
    let connectors: [Connector]
    /// The ways to and from other pipelines of the group.
    var outputs: [RouteOutput]?
    var inputs: [RouteInput]?
    /// Absent for a pipeline that all events are for.
    var replica: ReplicaShare?
    /// Whose it is; nil for the worker's own tenant.
    var tenantID: String?

    func belongs(to tenant: Tenant) -> Bool { (self.tenantID ?? Tenant.ownID) == tenant.id }

    /// The same with another program.
    func replacing(source: String) -> PipelineSpec {
        var spec = self
        spec.source = source
        return spec
    }

    var place: Place? { self.groupID.map { Place(groupID: $0, name: self.name) } }

    enum CodingKeys: String, CodingKey {
        case id, name, source
        case groupID = "group_id"
        case epoch, connectors, outputs, inputs, replica
        case tenantID = "tenant_id"
    }

    /// The cluster's connectors as a program's own would be.
    var connectorDeclarations: [ConnectorDeclaration] {
        self.connectors.map { connector in
            ConnectorDeclaration(
                name: connector.name,
                type: connector.connectorType,
                parameters: connector.params.sorted { $0.key < $1.key }.map {
                    ConnectorParameter(name: $0.key, value: .string($0.value))
                }
            )
        }
    }
}
