import RaftCore

// What members must not believe, or believe no longer.

extension World {
    /// Whether a message of somebody who was removed is heard nevertheless: its connection is closed soon, not at once.
    mutating func isHeardStill(_ sender: NodeID, at place: Int, _ admission: Admission) -> Bool {
        guard admission == .removed, self.members[place].hasMet(sender.place), !self.members[sender.place].isGhost
        else {
            return false
        }
        return UInt64.random(in: 0...999, using: &self.spare) < 300
    }

    /// A leader that has lost what was committed, as with a disk that lied about its syncs, wants to put something else
    /// in its place. Whoever holds what is committed stops rather than give it up.
    ///
    /// Each member is asked when all is over, in a copy of it.
    func checkSteadfastness() throws(Violation) {
        var effects = Effects()
        for member in self.members {
            guard var core = member.process?.running.core, let status = member.process?.status,
                status.commit > status.base.index,
                let leader = status.membership.members.first(where: { $0.id != status.id })?.id,
                let committed = core.term(at: status.commit), let previous = core.term(at: status.commit.previous)
            else { continue }
            let other = Entry(
                position: LogPosition(index: status.commit, term: status.term.next),
                time: .zero,
                kind: .noop,
                payload: []
            )
            let append = AppendRequest(
                term: status.term.next,
                previous: LogPosition(index: status.commit.previous, term: previous),
                entries: [other],
                commit: status.commit,
                round: 1
            )
            effects.removeAll()
            let envelope = Envelope(from: leader, to: status.id, message: .append(append))
            core.handle(.message(envelope), now: member.clock.instant(self.now), into: &effects)
            guard effects.violation != nil, core.term(at: status.commit) == committed else {
                throw Violation(
                    invariant: "committed stays",
                    detail: "member \(status.id) gives up \(status.commit)@\(committed) for \(other.position)"
                )
            }
        }
    }
}
