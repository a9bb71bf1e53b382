/// A member of the cluster, as the log knows it.
public struct Member: Hashable, Sendable {
    public var id: NodeID
    /// Which disk the member lives on; nil until the cluster has met it. Whoever comes with another one is somebody
    /// else, though it may carry the same id.
    public var incarnation: Incarnation?
    /// Where the others reach it; nil where only their configuration says so.
    public var address: PeerAddress?
    /// What a learner is to become once it has caught up; nil if it stays one.
    public var promotion: Promotion?

    /// The promise that a learner will vote.
    public struct Promotion: Hashable, Sendable {
        /// The voter that leaves in the same change.
        public var replaces: NodeID?
        public init(replaces: NodeID? = nil) { self.replaces = replaces }
    }

    public init(
        id: NodeID,
        incarnation: Incarnation? = nil,
        address: PeerAddress? = nil,
        promotion: Promotion? = nil
    ) {
        self.id = id
        self.incarnation = incarnation
        self.address = address
        self.promotion = promotion
    }
}

/// Whose word counts in elections and for commitment.
public enum Voters: Hashable, Sendable {
    case stable([NodeID])
    /// On the way from one set to the next both must agree (Raft paper, section 6).
    case joint(old: [NodeID], new: [NodeID])
}

/// Who belongs to the cluster. Voters decide; learners receive the log and decide nothing.
///
/// A membership is in force on a member from the moment it is in its log, committed or not, and until it is truncated.
public struct Membership: Hashable, Sendable {
    /// In ascending order of their ids.
    public private(set) var members: [Member]
    /// Each list ascending, not empty, and of members only.
    public private(set) var voters: Voters
    /// The greatest id ever given to a member. Ids are not used twice, so one up to here that is not among `members`
    /// belongs to somebody who was removed.
    public private(set) var greatestID: NodeID

    /// In either half of a joint phase. More would make commits slower and nothing safer.
    public static let votersMax = 9
    /// Voters and learners. All of them have to fit into the description of a snapshot.
    public static let membersMax = 32

    /// What a member knows before it has received anything from its cluster.
    public static let unknown = Membership(members: [], voters: .stable([]), greatestID: NodeID(0))

    /// The members a cluster begins with: all vote.
    public init(members: [Member]) {
        self.members = members.sorted { $0.id < $1.id }
        self.voters = .stable(self.members.map(\.id))
        self.greatestID = self.members.last?.id ?? NodeID(0)
    }

    /// The same where nobody needs addresses, as in a simulation.
    public init(voters: [NodeID]) { self.init(members: Set(voters).map { Member(id: $0) }) }

    init(members: [Member], voters: Voters, greatestID: NodeID) {
        self.members = members
        self.voters = voters
        self.greatestID = greatestID
    }

    // MARK: Looking

    /// Nil for a member that was removed, as for one that never was.
    public func member(_ id: NodeID) -> Member? { self.members.first { $0.id == id } }

    /// Whether the member's word counts now. In a joint phase that of both halves does.
    public func isVoter(_ id: NodeID) -> Bool {
        switch self.voters {
        case .stable(let voters): voters.contains(id)
        case .joint(let old, let new): old.contains(id) || new.contains(id)
        }
    }

    /// Whether the voters are changing, so that majorities of the old and of the new ones are needed.
    public var isJoint: Bool {
        if case .joint = self.voters { return true }
        return false
    }

    /// The voters of the change's outcome; without a change under way simply the voters.
    public var futureVoters: [NodeID] {
        switch self.voters {
        case .stable(let voters): voters
        case .joint(_, let new): new
        }
    }

    /// The members whose word does not count, in ascending order of their ids.
    public var learners: [Member] { self.members.filter { !self.isVoter($0.id) } }

    /// Whether that id was given to a member that has been removed since.
    public func isRemoved(_ id: NodeID) -> Bool {
        id <= self.greatestID && !self.members.contains { $0.id == id }
    }

    // MARK: Changing

    /// The outcome of the joint phase: the old voters that are not among the new ones leave the cluster.
    func leavingJoint() -> Membership? {
        guard case .joint(let old, let new) = self.voters else { return nil }
        let stay = self.members.filter { new.contains($0.id) || !old.contains($0.id) }
        return Membership(members: stay, voters: .stable(new), greatestID: self.greatestID)
    }

    /// The same voters with the incarnations of the members the cluster has met; nil if none is new.
    func binding(_ incarnations: (NodeID) -> Incarnation?) -> Membership? {
        var changed = self
        for place in changed.members.indices where changed.members[place].incarnation == nil {
            changed.members[place].incarnation = incarnations(changed.members[place].id)
        }
        return changed == self ? nil : changed
    }
}
