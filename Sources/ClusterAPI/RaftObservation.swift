/// Answer of `GET /raft/metrics`: one member's own view of consensus.
public struct RaftMetrics: Hashable, Sendable, Codable {
    public struct State: RawRepresentable, Hashable, Sendable, Codable {
        public var rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        public static let leader = State(rawValue: "Leader")
        public static let follower = State(rawValue: "Follower")
        public static let candidate = State(rawValue: "Candidate")
        public static let learner = State(rawValue: "Learner")
        public static let shutdown = State(rawValue: "Shutdown")
    }

    /// An entry's place in the log, in the nesting that clients know.
    public struct Position: Hashable, Sendable, Codable {
        public struct LeaderID: Hashable, Sendable, Codable {
            public var term: UInt64
            public var nodeID: UInt32

            enum CodingKeys: String, CodingKey {
                case term
                case nodeID = "node_id"
            }
        }

        public var leaderID: LeaderID
        public var index: UInt64

        public init(term: UInt64, nodeID: UInt32, index: UInt64) {
            self.leaderID = LeaderID(term: term, nodeID: nodeID)
            self.index = index
        }

        enum CodingKeys: String, CodingKey {
            case leaderID = "leader_id"
            case index
        }
    }

    public var id: UInt32
    public var state: State
    public var currentTerm: UInt64
    /// Written as `null` while no leader is known; so are the next two before the first entry.
    public var currentLeader: UInt32?
    public var lastApplied: Position?
    public var lastLogIndex: UInt64?
    public var membership: String

    public init(
        id: UInt32,
        state: State,
        currentTerm: UInt64,
        currentLeader: UInt32?,
        lastApplied: Position?,
        lastLogIndex: UInt64?,
        membership: String
    ) {
        self.id = id
        self.state = state
        self.currentTerm = currentTerm
        self.currentLeader = currentLeader
        self.lastApplied = lastApplied
        self.lastLogIndex = lastLogIndex
        self.membership = membership
    }

    enum CodingKeys: String, CodingKey {
        case id, state
        case currentTerm = "current_term"
        case currentLeader = "current_leader"
        case lastApplied = "last_applied"
        case lastLogIndex = "last_log_index"
        case membership
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(self.id, forKey: .id)
        try container.encode(self.state, forKey: .state)
        try container.encode(self.currentTerm, forKey: .currentTerm)
        try container.encode(self.currentLeader, forKey: .currentLeader)
        try container.encode(self.lastApplied, forKey: .lastApplied)
        try container.encode(self.lastLogIndex, forKey: .lastLogIndex)
        try container.encode(self.membership, forKey: .membership)
    }
}

/// Answer of `GET ~/raft`: the members, as the answering one sees them.
public struct RaftStatus: Hashable, Sendable, Codable {
    public struct Node: Hashable, Sendable, Codable {
        public struct Role: RawRepresentable, Hashable, Sendable, Codable {
            public var rawValue: String
            public init(rawValue: String) { self.rawValue = rawValue }

            public static let leader = Role(rawValue: "leader")
            public static let follower = Role(rawValue: "follower")
            public static let unknown = Role(rawValue: "unknown")
        }

        public var id: UInt32
        public var address: String
        public var role: Role
        /// Whether this is the member that answers.
        public var isCurrent: Bool

        public init(id: UInt32, address: String, role: Role, isCurrent: Bool) {
            self.id = id
            self.address = address
            self.role = role
            self.isCurrent = isCurrent
        }

        enum CodingKeys: String, CodingKey {
            case id, address, role
            case isCurrent = "is_current"
        }
    }

    public var enabled: Bool
    public var thisNodeID: UInt32
    /// Written as `null` while no leader is known.
    public var leaderID: UInt32?
    public var term: UInt64
    public var commitIndex: UInt64
    public var nodes: [Node]

    public init(
        enabled: Bool,
        thisNodeID: UInt32,
        leaderID: UInt32?,
        term: UInt64,
        commitIndex: UInt64,
        nodes: [Node]
    ) {
        self.enabled = enabled
        self.thisNodeID = thisNodeID
        self.leaderID = leaderID
        self.term = term
        self.commitIndex = commitIndex
        self.nodes = nodes
    }

    /// What a coordinator that runs alone answers.
    public static let disabled = RaftStatus(
        enabled: false,
        thisNodeID: 0,
        leaderID: nil,
        term: 0,
        commitIndex: 0,
        nodes: []
    )

    enum CodingKeys: String, CodingKey {
        case enabled
        case thisNodeID = "this_node_id"
        case leaderID = "leader_id"
        case term
        case commitIndex = "commit_index"
        case nodes
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(self.enabled, forKey: .enabled)
        try container.encode(self.thisNodeID, forKey: .thisNodeID)
        try container.encode(self.leaderID, forKey: .leaderID)
        try container.encode(self.term, forKey: .term)
        try container.encode(self.commitIndex, forKey: .commitIndex)
        try container.encode(self.nodes, forKey: .nodes)
    }
}
