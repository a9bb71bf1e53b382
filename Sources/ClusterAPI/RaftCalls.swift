// The old system's calls to change the members.

/// Body of `POST /raft/add-learner`.
public struct RaftAddLearnerRequest: Hashable, Sendable, Codable {
    public var nodeID: UInt32
    public var address: String

    public init(nodeID: UInt32, address: String) {
        self.nodeID = nodeID
        self.address = address
    }

    enum CodingKeys: String, CodingKey {
        case nodeID = "node_id"
        case address = "addr"
    }
}

/// Body of `POST /raft/change-membership`: who shall vote.
public struct RaftChangeMembershipRequest: Hashable, Sendable, Codable {
    public var members: [UInt32]
    public init(members: [UInt32]) { self.members = members }
}

/// Their answer, always with status 200 where the leader could be asked.
public struct RaftCallResponse: Hashable, Sendable, Codable {
    /// `ok` or `error`.
    public var status: String
    public var response: RaftChange?
    public var message: String?

    public init(response: RaftChange) {
        self.status = "ok"
        self.response = response
    }

    public init(message: String) {
        self.status = "error"
        self.message = message
    }
}
