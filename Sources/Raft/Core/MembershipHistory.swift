/// The memberships a log contains, oldest first: the one in force before its first entry, and one for each entry that
/// changed it. A truncated log takes its memberships back.
struct MembershipHistory: Sendable {
    private var steps: [(index: LogIndex, membership: Membership)]

    init(_ first: Membership, at index: LogIndex) { self.steps = [(index, first)] }

    var latest: Membership { self.steps[self.steps.count - 1].membership }
    /// Where the latest came with: the index of its entry.
    var latestIndex: LogIndex { self.steps[self.steps.count - 1].index }

    /// The membership in force at `index`, as this log has it.
    func inForce(at index: LogIndex) -> Membership {
        self.steps[self.steps.lastIndex { $0.index <= index } ?? 0].membership
    }

    /// Whether the member votes in a membership that is in force for somebody, as far as a member that has committed
    /// up to `commit` can tell.
    func mayVote(_ id: NodeID, committed commit: LogIndex) -> Bool {
        let start = self.steps.lastIndex { $0.index <= commit } ?? 0
        return self.steps[start...].contains { $0.membership.isVoter(id) }
    }

    /// Whether any of them says that the member lives on another disk.
    func binds(_ id: NodeID, otherThan incarnation: Incarnation) -> Bool {
        self.steps.contains { step in
            guard let bound = step.membership.member(id)?.incarnation else { return false }
            return bound != incarnation
        }
    }

    mutating func append(_ membership: Membership, at index: LogIndex) {
        guard index > self.latestIndex else { return }  // a snapshot at hand already has it
        self.steps.append((index, membership))
    }

    mutating func truncate(from index: LogIndex) {
        while self.steps.count > 1, self.latestIndex >= index { self.steps.removeLast() }
    }

    mutating func compact(through index: LogIndex) {
        while self.steps.count > 1, self.steps[1].index <= index { self.steps.removeFirst() }
    }
}
