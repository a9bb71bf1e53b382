import ClusterAPI

/// What a pipeline was deployed with: all that is needed to run it again.
struct PipelineSpec: Hashable, Sendable, Codable {
    /// Names the place of a pipeline in the cluster, which one worker at a time holds.
    struct Place: Hashable, Sendable {
        let groupID: String
        let name: String
    }

    let id: String
    let name: String
    let source: String
    /// Absent for a pipeline that was deployed at the worker itself.
    let groupID: String?
    /// The number of the assignment; a higher one replaces a lower one.
    let epoch: UInt64
    let connectors: [Connector]
    /// Whose it is; nil for the worker's own tenant.
    var tenantID: String?

    func belongs(to tenant: Tenant) -> Bool { (self.tenantID ?? Tenant.ownID) == tenant.id }

    /// The same with another program.
    func replacing(source: String) -> PipelineSpec {
        PipelineSpec(
            id: self.id,
            name: self.name,
            source: source,
            groupID: self.groupID,
            epoch: self.epoch,
            connectors: self.connectors,
            tenantID: self.tenantID
        )
    }

    var place: Place? { self.groupID.map { Place(groupID: $0, name: self.name) } }

    enum CodingKeys: String, CodingKey {
        case id, name, source
        case groupID = "group_id"
        case epoch, connectors
        case tenantID = "tenant_id"
    }
}
