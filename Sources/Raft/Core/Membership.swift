/// Who votes. Fixed at genesis for now: every member writes the same set into its empty database.
public struct Membership: Hashable, Sendable {
    /// In ascending order, without repetition.
    public let voters: [NodeID]

    public init(voters: [NodeID]) {
        self.voters = Set(voters).sorted()
    }

    public func isVoter(_ member: NodeID) -> Bool { self.voters.contains(member) }

    /// Whether the members that `holds` picks out are a majority of the voters.
    /// Counted anew each time: with at most nine members a cache would only be a place for mistakes.
    func hasQuorum(where holds: (NodeID) -> Bool) -> Bool {
        var count = 0
        for voter in self.voters where holds(voter) { count += 1 }
        return count > self.voters.count / 2
    }

    /// The greatest index that a majority of the voters has reached.
    func quorumIndex(_ reached: (NodeID) -> LogIndex) -> LogIndex {
        let sorted = self.voters.map(reached).sorted(by: >)
        return sorted.isEmpty ? .zero : sorted[sorted.count / 2]
    }
}
