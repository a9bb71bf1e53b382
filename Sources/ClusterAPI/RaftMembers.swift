/// Answer of `GET ~/raft/members`: who belongs to the cluster of coordinators, as its leader knows them. Numbers of 64
/// bits are written as text where clients may lose digits of them.
public struct RaftMembers: Hashable, Sendable, Codable {
    public struct Member: Hashable, Sendable, Codable {
        public struct Role: RawRepresentable, Hashable, Sendable, Codable {
            public var rawValue: String
            public init(rawValue: String) { self.rawValue = rawValue }

            public static let voter = Role(rawValue: "voter")
            /// Receives everything and decides nothing.
            public static let learner = Role(rawValue: "learner")
            /// A voter of the change under way, and not before it.
            public static let joining = Role(rawValue: "joining")
            /// A voter until the change under way is over.
            public static let leaving = Role(rawValue: "leaving")
        }

        public var id: UInt32
        /// Where the others reach it; nil if nobody knows.
        public var address: String?
        public var role: Role
        /// Which disk it lives on, in 16 hexadecimal digits; nil until the cluster has met it.
        public var incarnation: String?
        /// Whether a learner is to vote, once it has caught up.
        public var promotes: Bool
        /// The voter whose place it takes then.
        public var replaces: UInt32?
        public var isLeader: Bool
        /// How far its disk holds the leader's log; like the next three, nil where the leader does not say.
        public var match: UInt64?
        /// How many entries it is behind.
        public var lag: UInt64?
        /// How long ago it last answered the leader.
        public var lastHeardMilliseconds: UInt64?
        /// Whether it is receiving a snapshot, because the log no longer has what it lacks.
        public var isFetchingSnapshot: Bool?

        public init(
            id: UInt32,
            address: String?,
            role: Role,
            incarnation: String? = nil,
            promotes: Bool = false,
            replaces: UInt32? = nil,
            isLeader: Bool = false
        ) {
            self.id = id
            self.address = address
            self.role = role
            self.incarnation = incarnation
            self.promotes = promotes
            self.replaces = replaces
            self.isLeader = isLeader
        }

        enum CodingKeys: String, CodingKey {
            case id, address, role, incarnation, promotes, replaces, match, lag
            case isLeader = "is_leader"
            case lastHeardMilliseconds = "last_heard_ms"
            case isFetchingSnapshot = "fetching_snapshot"
        }
    }

    /// The cluster's id, in 32 hexadecimal digits.
    public var cluster: String
    public var term: UInt64
    public var leaderID: UInt32?
    /// Whether the voters are being changed: both sets must agree until that is over.
    public var joint: Bool
    public var members: [Member]

    public init(cluster: String, term: UInt64, leaderID: UInt32?, joint: Bool, members: [Member]) {
        self.cluster = cluster
        self.term = term
        self.leaderID = leaderID
        self.joint = joint
        self.members = members
    }

    public func member(_ id: UInt32) -> Member? { self.members.first { $0.id == id } }

    enum CodingKeys: String, CodingKey {
        case cluster, term, joint, members
        case leaderID = "leader_id"
    }
}

/// Body of `POST ~/raft/members`.
public struct RaftAddRequest: Hashable, Sendable, Codable {
    public var address: String
    /// The new member's disk, in up to 16 hexadecimal digits. The same one again is the member that was added.
    public var incarnation: String?
    /// Whether it is to vote once it has caught up; it is unless this is false.
    public var voter: Bool?
    public var replaces: UInt32?

    public init(address: String, incarnation: String? = nil, voter: Bool? = nil, replaces: UInt32? = nil) {
        self.address = address
        self.incarnation = incarnation
        self.voter = voter
        self.replaces = replaces
    }
}

/// Body of `POST ~/raft/members/{id}/replace`; the address is the replaced member's if none is given.
public struct RaftReplaceRequest: Hashable, Sendable, Codable {
    public var address: String?
    public var incarnation: String?

    public init(address: String? = nil, incarnation: String? = nil) {
        self.address = address
        self.incarnation = incarnation
    }
}

/// Answer to every change of the members.
public struct RaftChange: Hashable, Sendable, Codable {
    /// Whom it concerns: the new member, or the one that was named.
    public var id: UInt32
    /// False while it goes on by itself: a newcomer catches up, or the voters have not changed over yet.
    public var done: Bool
    public var members: RaftMembers

    public init(id: UInt32, done: Bool, members: RaftMembers) {
        self.id = id
        self.done = done
        self.members = members
    }
}

/// Body of `POST ~/raft/transfer`; without a member the one that is furthest takes over.
public struct RaftTransferRequest: Hashable, Sendable, Codable {
    public var to: UInt32?
    public init(to: UInt32? = nil) { self.to = to }
}

/// Answer of `POST ~/raft/transfer`: who leads now.
public struct RaftLeader: Hashable, Sendable, Codable {
    public var leaderID: UInt32
    public var address: String?

    public init(leaderID: UInt32, address: String?) {
        self.leaderID = leaderID
        self.address = address
    }

    enum CodingKeys: String, CodingKey {
        case address
        case leaderID = "leader_id"
    }
}
