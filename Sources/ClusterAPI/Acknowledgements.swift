// The bodies that say only that it is done.

/// Answer to a `DELETE` of a worker, a connector or a worker's pipeline.
public struct DeletedResponse: Hashable, Sendable, Codable {
    public var deleted: Bool
    public init(deleted: Bool = true) { self.deleted = deleted }
}

/// Answer to a `DELETE` of a pipeline group.
public struct TornDownResponse: Hashable, Sendable, Codable {
    public var tornDown: Bool
    public init(tornDown: Bool = true) { self.tornDown = tornDown }

    enum CodingKeys: String, CodingKey {
        case tornDown = "torn_down"
    }
}
