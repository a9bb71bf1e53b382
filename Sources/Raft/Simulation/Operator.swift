import RaftCore

/// Who looks after the cluster: adds members, removes and replaces them, hands the leader's office over.
struct Operator: Sendable {
    enum Act: String, Sendable, CaseIterable {
        case addVoter
        case addLearner
        case promote
        case remove
        case replace
        case transfer
    }

    private var nextID: UInt64 = 1 << 62
    fileprivate var open: Set<ProposalID> = []

    fileprivate mutating func newProposal() -> ProposalID {
        self.nextID += 1
        self.open.insert(ProposalID(self.nextID))
        return ProposalID(self.nextID)
    }

    /// Whether the proposal was the operator's; it is over now.
    mutating func closes(_ proposal: ProposalID) -> Bool { self.open.remove(proposal) != nil }
}

extension World {
    /// As many members as a world ever has.
    private var membersMax: Int { 14 }

    mutating func operatorActs() throws(Violation) {
        self.agenda.plan(.operate, at: self.now + self.draw(1...self.faults.operateInterval * 2))
        let leaders = self.members.indices.filter { self.members[$0].process?.status.role == .leader }
        guard let place = leaders.last, self.members[place].pausedUntil <= self.now,
            let membership = self.members[place].process?.status.membership
        else { return }
        // Whoever lost its disk is replaced first, whatever else the operator had in mind.
        if let ghost = self.members.first(where: { $0.isGhost && membership.isVoter($0.id) }) {
            return try self.request(.add(nil, incarnation: nil, asVoter: true, replacing: ghost.id), of: place)
        }
        guard !self.faults.operateClasses.isEmpty else { return }
        let act = self.faults.operateClasses[Int(self.draw(0...UInt64(self.faults.operateClasses.count - 1)))]
        let chosen = membership.members[Int(self.draw(0...UInt64(membership.members.count - 1)))].id
        if self.strikes(act.rawValue) { return try self.request(act, of: place, membership, chosen) }
        self.forgo { (world: inout World) throws(Violation) in try world.request(act, of: place, membership, chosen) }
    }

    private mutating func request(
        _ act: Operator.Act,
        of place: Int,
        _ membership: Membership,
        _ chosen: NodeID
    ) throws(Violation) {
        let hasRoom = self.members.count < self.membersMax
        switch act {
        case .addVoter where hasRoom:
            try self.request(.add(nil, incarnation: nil, asVoter: true, replacing: nil), of: place)
        case .addLearner where hasRoom:
            try self.request(.add(nil, incarnation: nil, asVoter: false, replacing: nil), of: place)
        case .replace where hasRoom && membership.isVoter(chosen):
            try self.request(.add(nil, incarnation: nil, asVoter: true, replacing: chosen), of: place)
        case .promote:
            try self.request(.promote(chosen), of: place)
        case .remove where membership.futureVoters.count > 1:
            try self.request(.remove(chosen), of: place)
        case .transfer:
            self.report.transfers += 1
            try self.step(place, .transfer(to: self.chance(500) ? chosen : nil))
        default:
            return
        }
    }

    private mutating func request(_ change: MembershipChange, of place: Int) throws(Violation) {
        self.report.changes += 1
        try self.step(place, .change(change, self.operation.newProposal(), time: .zero))
    }

    /// Machines are set up for the members that the cluster has been given, and put away when it has let them go.
    mutating func furnish() throws(Violation) {
        while self.members.count < Int(self.oracle.membership.greatestID.rawValue) {
            self.addMember(.unknown)
            try self.powerUp(self.members.count - 1)
        }
    }

    /// After the faults, some members may stay off for good, as long as a quorum is up.
    mutating func chooseSurvivors() throws(Violation) {
        for place in self.members.indices where self.members[place].process == nil && !self.members[place].isRetired {
            try self.powerUp(place)
        }
        let membership = self.oracle.membership
        let isSettled = self.members.allSatisfy {
            $0.isGhost || $0.isRetired || $0.process?.status.membership == membership
        }
        // A promotion that is due may yet make a quorum need somebody who was sent away.
        guard isSettled, !membership.isJoint, membership.members.allSatisfy({ $0.promotion == nil }) else { return }
        for place in self.members.indices where !self.members[place].isRetired && self.chance(300) {
            let isNeeded = !membership.hasQuorum { other in
                other.place != place && !self.members[other.place].isGhost && !self.members[other.place].isRetired
            }
            if isNeeded { continue }
            self.members[place].isRetired = true
            try self.crash(place)
        }
    }
}
