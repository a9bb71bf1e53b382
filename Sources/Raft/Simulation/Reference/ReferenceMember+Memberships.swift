import RaftCore

// Changes of the membership (paper, section 6; dissertation, chapter 4). When to make one is the leader's choice; which
// one may follow which is not.

extension ReferenceMember {
    /// The leader has appended a membership: one at a time, after something of its own term is committed, and not while
    /// it hands over; and it must be a step that is allowed from the one in force.
    mutating func follow(_ entry: Entry, _ input: Input) throws(Violation) {
        func broken(_ why: String) -> Violation {
            Violation(invariant: "refinement: membership", detail: "member \(self.id) at \(entry.position): \(why)")
        }
        guard let office = self.office, entry == self.nextEntry(.membership, entry.payload, entry.time),
            entry.time >= self.time, let next = Membership(decoding: entry.payload)
        else { throw broken("it may append nothing like that") }
        guard self.log.term(at: self.commit) == self.term else { throw broken("nothing of its term is committed") }
        guard self.membershipIndex <= self.commit else { throw broken("the one before is not committed") }
        guard office.handover == nil else { throw broken("it is handing over") }
        guard self.isStep(to: next, input) else {
            throw broken("\(next.voters) of \(next.members.map(\.id)) after \(self.membership.voters)")
        }
        if case .change(_, let proposal, _) = input {
            self.office?.open.append((proposal, entry.position))
            self.office?.openBytes += entry.weight
        }
        self.append(entry)
        self.alignFollowers()
    }

    private func isStep(to next: Membership, _ input: Input) -> Bool {
        if case .change(let change, _, _) = input { return self.begins(change, next) && self.hasQuorum(of: next) }
        guard next.greatestID == self.membership.greatestID else { return false }
        return self.leavesJoint(next) || self.binds(next) || (self.promotes(next) && self.hasQuorum(of: next))
    }

    /// Members get the next free id; voters leave by way of a joint phase.
    private func begins(_ change: MembershipChange, _ next: Membership) -> Bool {
        let now = self.membership
        guard case .stable(let voters) = now.voters else { return false }
        switch change {
        case .add(let address, let incarnation, let asVoter, let replaced):
            let id = NodeID(now.greatestID.rawValue + 1)
            let promotion = asVoter ? Member.Promotion(replaces: replaced) : nil
            let member = Member(id: id, incarnation: incarnation, address: address, promotion: promotion)
            return next.members == now.members + [member] && next.voters == now.voters && next.greatestID == id
        case .remove(let id):
            guard now.members.contains(where: { $0.id == id }), next.greatestID == now.greatestID else { return false }
            if voters.contains(id) {
                let rest = voters.filter { $0 != id }
                return next.members == now.members && next.voters == .joint(old: voters, new: rest) && !rest.isEmpty
            }
            return next.members == now.members.filter { $0.id != id } && next.voters == now.voters
        case .promote(let id):
            guard let place = now.members.firstIndex(where: { $0.id == id }), !voters.contains(id) else { return false }
            var members = now.members
            members[place].promotion = Member.Promotion()
            return next.members == members && next.voters == now.voters && next.greatestID == now.greatestID
        }
    }

    /// The new voters alone, and without those who voted only before.
    private func leavesJoint(_ next: Membership) -> Bool {
        guard case .joint(let old, let new) = self.membership.voters else { return false }
        let stay = self.membership.members.filter { new.contains($0.id) || !old.contains($0.id) }
        return next.voters == .stable(new) && next.members == stay
    }

    /// Members that have no disk yet are tied to the one they were met on; nobody is tied anew.
    private func binds(_ next: Membership) -> Bool {
        let now = self.membership
        guard next.voters == now.voters, next.members.map(\.id) == now.members.map(\.id), next != now else {
            return false
        }
        return zip(now.members, next.members).allSatisfy { before, after in
            let disk = before.id == self.id ? self.incarnation : self.met[before.id]
            return after == before
                || (before.incarnation == nil && after.incarnation == disk && after.address == before.address
                    && after.promotion == before.promotion)
        }
    }

    /// A learner that has caught up becomes a voter, and takes the place of the one it replaces, by way of a joint phase.
    private func promotes(_ next: Membership) -> Bool {
        let now = self.membership
        guard case .stable(let voters) = now.voters, case .joint(voters, let new) = next.voters else { return false }
        return (self.office?.followers ?? []).contains { follower in
            guard follower.catchUp?.isReady == true,
                let place = now.members.firstIndex(where: { $0.id == follower.id }),
                let promotion = now.members[place].promotion
            else { return false }
            var members = now.members
            members[place].promotion = nil
            let voters = voters.filter { $0 != promotion.replaces } + [follower.id]
            return new == voters.sorted() && next.members == members
        }
    }

    /// Newcomers have accepted nothing, and have a timeout's time to answer; whoever left is forgotten.
    mutating func alignFollowers() {
        let known = self.office?.followers ?? []
        let followers = self.membership.members.filter { $0.id != self.id }.map { member in
            var follower =
                known.first { $0.id == member.id }
                ?? ReferenceOffice.Follower(id: member.id, lastReply: self.step.now)
            if member.promotion == nil {
                follower.catchUp = nil
            } else if follower.catchUp == nil {
                follower.catchUp = ReferenceOffice.CatchUp(target: self.log.last.index, began: self.step.now)
            }
            return follower
        }
        self.office?.followers = followers
    }
}
