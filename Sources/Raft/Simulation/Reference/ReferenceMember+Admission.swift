import RaftCore

// Who is listened to at all: members of the cluster on the disks they are known by, and those who are not known yet.

extension ReferenceMember {
    /// Who was removed is turned away once that is committed, and who comes on another disk once the log names one.
    fileprivate func admission(of sender: NodeID, on disk: Incarnation) -> Admission {
        if self.memberships[self.committedPlace].membership.hasRemoved(sender) { return .removed }
        for (_, membership) in self.memberships {
            for member in membership.members where member.id == sender {
                if let known = member.incarnation, known != disk { return .otherDisk }
            }
        }
        return .welcome
    }
}

extension Refinement {
    /// What the member at `place` says to somebody who wants to speak to it.
    func check(_ admission: Admission, of sender: NodeID, on disk: Incarnation, at place: Int) throws(Violation) {
        guard place < self.members.count, let own = self.members[place]?.admission(of: sender, on: disk) else { return }
        if admission != own {
            throw Violation(
                invariant: "refinement: admission",
                detail: "member \(place + 1) takes \(sender) for \(admission), by the rules \(own)"
            )
        }
    }
}
