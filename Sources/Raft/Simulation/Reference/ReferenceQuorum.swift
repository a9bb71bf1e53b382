import RaftCore

// Majorities as the paper words them, counted once more without the core's help.

extension Membership {
    /// Whether the members that `holds` picks out can decide: more than half of the voters, and in a joint phase more
    /// than half of the old ones and more than half of the new ones.
    func canDecide(_ holds: (NodeID) -> Bool) -> Bool {
        func most(of voters: [NodeID]) -> Bool {
            var yes = 0
            for voter in voters where holds(voter) { yes += 1 }
            return 2 * yes > voters.count
        }
        return switch self.voters {
        case .stable(let voters): most(of: voters)
        case .joint(let old, let new): most(of: old) && most(of: new)
        }
    }

    /// Whether that member's word counts.
    func counts(_ id: NodeID) -> Bool {
        switch self.voters {
        case .stable(let voters): voters.contains(id)
        case .joint(let old, let new): old.contains(id) || new.contains(id)
        }
    }

    /// Who votes once the change under way is over.
    var finalVoters: [NodeID] {
        switch self.voters {
        case .stable(let voters): voters
        case .joint(_, let new): new
        }
    }

    /// Whether that id belonged to a member that was removed.
    func hasRemoved(_ id: NodeID) -> Bool {
        id.rawValue <= self.greatestID.rawValue && !self.members.contains { $0.id == id }
    }
}
