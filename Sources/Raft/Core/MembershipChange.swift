/// What somebody asks of the membership. Voters change by joint consensus, one change at a time.
public enum MembershipChange: Hashable, Sendable {
    /// A new member, which gets the next free id and begins as a learner. As a voter it is promoted once it has caught
    /// up, and takes the place of `replacing` if there is one.
    case add(PeerAddress?, incarnation: Incarnation?, asVoter: Bool, replacing: NodeID?)
    case remove(NodeID)
    /// A learner is to vote, as soon as it has caught up.
    case promote(NodeID)
}

/// Why a change of the membership can't be made. Nothing has changed.
public enum ChangeRefusal: Error, Hashable, Sendable {
    /// Another one is under way, or the leader has not yet committed anything in its term.
    case underWay
    case unknownMember(NodeID)
    case isVoterAlready(NodeID)
    /// Nobody would be left to vote.
    case lastVoter
    /// Too few of the voters that would be left have answered lately.
    case wouldLoseQuorum
    case tooManyMembers
    /// Another member is reached at that address.
    case addressTaken(by: NodeID)
    /// A learner is on its way to take that voter's place.
    case isBeingReplaced(NodeID, by: NodeID)
}

extension Membership {
    /// The membership that begins the change.
    func beginning(_ change: MembershipChange) throws(ChangeRefusal) -> Membership {
        guard case .stable(let voters) = self.voters else { throw .underWay }
        switch change {
        case .add(let address, let incarnation, let asVoter, let replaced):
            return try self.adding(address, incarnation, asVoter: asVoter, replacing: replaced, among: voters)
        case .remove(let id):
            guard self.member(id) != nil else { throw .unknownMember(id) }
            let rest = self.members.filter { $0.id != id }
            guard voters.contains(id) else {
                return Membership(members: rest, voters: self.voters, greatestID: self.greatestID)
            }
            if voters == [id] { throw .lastVoter }
            return self.joint(voters, voters.filter { $0 != id })
        case .promote(let id):
            guard var member = self.member(id) else { throw .unknownMember(id) }
            if voters.contains(id) { throw .isVoterAlready(id) }
            guard self.promisedVoters < Self.votersMax else { throw .tooManyMembers }
            member.promotion = Member.Promotion()
            let members = self.members.map { $0.id == id ? member : $0 }
            return Membership(members: members, voters: self.voters, greatestID: self.greatestID)
        }
    }

    private func adding(
        _ address: PeerAddress?,
        _ incarnation: Incarnation?,
        asVoter: Bool,
        replacing replaced: NodeID?,
        among voters: [NodeID]
    ) throws(ChangeRefusal) -> Membership {
        if let replaced {
            guard voters.contains(replaced) else { throw .unknownMember(replaced) }
            if let other = self.members.first(where: { $0.promotion?.replaces == replaced }) {
                throw .isBeingReplaced(replaced, by: other.id)
            }
        } else if asVoter && self.promisedVoters >= Self.votersMax {
            throw .tooManyMembers
        }
        guard self.members.count < Self.membersMax else { throw .tooManyMembers }
        if let address,
            let other = self.members.first(where: { $0.address?.authority == address.authority && $0.id != replaced })
        {
            throw .addressTaken(by: other.id)
        }
        let (next, overflow) = self.greatestID.rawValue.addingReportingOverflow(1)
        if overflow { throw .tooManyMembers }
        let member = Member(
            id: NodeID(next),
            incarnation: incarnation,
            address: address,
            promotion: asVoter ? Member.Promotion(replaces: replaced) : nil
        )
        return Membership(members: self.members + [member], voters: self.voters, greatestID: member.id)
    }

    /// How many voters there will be once every learner votes that is to.
    private var promisedVoters: Int {
        let promotions = self.members.compactMap(\.promotion)
        let staying = self.futureVoters.filter { voter in !promotions.contains { $0.replaces == voter } }
        return staying.count + promotions.count
    }

    /// The joint phase that makes a learner the voter it is promised to be.
    func promoting(_ id: NodeID) -> Membership? {
        guard case .stable(let voters) = self.voters, let promotion = self.member(id)?.promotion else { return nil }
        let future = (voters.filter { $0 != promotion.replaces } + [id]).sorted()
        guard future.count <= Self.votersMax else { return nil }
        let members = self.members.map { member in
            guard member.id == id else { return member }
            return Member(id: id, incarnation: member.incarnation, address: member.address)
        }
        return Membership(members: members, voters: self.voters, greatestID: self.greatestID).joint(voters, future)
    }

    private func joint(_ old: [NodeID], _ new: [NodeID]) -> Membership {
        Membership(members: self.members, voters: .joint(old: old, new: new), greatestID: self.greatestID)
    }
}
