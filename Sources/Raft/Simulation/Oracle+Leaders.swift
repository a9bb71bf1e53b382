import RaftCore

// What must hold of a leader and of the memberships it writes.

extension Oracle {
    /// A leader's knowledge of the others only grows, its windows are bounded, and it leads only a cluster it belongs to.
    func checkLeader(_ after: Status, _ before: Status) throws(Violation) {
        func broken(_ invariant: String, _ detail: String) -> Violation {
            Violation(invariant: invariant, detail: "member \(after.id) in \(after.term): \(detail)")
        }
        let isOutside = !after.membership.isVoter(after.id)
        if isOutside && after.membershipIndex <= after.commit {
            throw broken("a removed leader goes", "\(after.membership.voters)")
        }
        let isSameOffice = before.role == .leader && before.term == after.term
        for follower in after.followers {
            if follower.appendsInFlight > self.settings.appendsInFlightMax
                || follower.bytesInFlight > self.settings.bytesInFlightMax + self.settings.appendBytesMax
            {
                throw broken("limits", "\(follower.appendsInFlight) appends under way to \(follower.id)")
            }
            guard isSameOffice, let known = before.followers.first(where: { $0.id == follower.id }) else { continue }
            if follower.match < known.match {
                throw broken("match only grows", "\(follower.id) from \(known.match) to \(follower.match)")
            }
        }
    }

    /// One change after the other, and none before the leader has committed in its own term. The first entry of all is
    /// the exception: it changes nothing.
    func checkTurn(_ entry: Entry, _ core: Consensus, _ after: Status, _ before: Status) throws(Violation) {
        guard entry.index > LogIndex(1) else { return }
        guard before.membershipIndex <= after.commit, core.term(at: after.commit) == after.term else {
            throw Violation(
                invariant: "changes one by one",
                detail:
                    "member \(after.id) at \(entry.position), the last one at \(before.membershipIndex), commit \(after.commit)"
            )
        }
    }

    /// The membership in force is the latest in the log.
    func checkInForce(_ core: Consensus, _ status: Status) throws(Violation) {
        var index = status.last.index
        while index > status.base.index, core.entry(at: index)?.kind != .membership { index = index.previous }
        let latest: Membership?
        if index > status.base.index, let entry = core.entry(at: index) {
            latest = Membership(decoding: entry.payload)
        } else if index == .zero {
            return  // what a member believes before it has received anything is its own business
        } else {
            latest = self.memberships.last { $0.index <= index }?.membership
        }
        guard latest == status.membership else {
            throw Violation(
                invariant: "in force is the latest in the log",
                detail:
                    "member \(status.id): \(status.membership.voters), the log says \(latest.map { "\($0.voters)" } ?? "?")"
            )
        }
    }
}

extension Write {
    var changesMembership: Bool {
        self.truncateFrom != nil || self.replacesLog || self.base != nil
            || self.entries.contains { $0.kind == .membership }
    }
}
