// Majorities. Counted anew each time: with at most nine voters a cache would only be a place for mistakes. In the
// joint phase of a change a majority of the old voters and one of the new ones are needed.

extension Membership {
    /// Whether the members that `holds` picks out are a quorum.
    public func hasQuorum(where holds: (NodeID) -> Bool) -> Bool {
        switch self.voters {
        case .stable(let voters): Self.hasMajority(voters, holds)
        case .joint(let old, let new): Self.hasMajority(old, holds) && Self.hasMajority(new, holds)
        }
    }

    /// The greatest value that a quorum has reached.
    func quorumValue<Value: Comparable>(_ reached: (NodeID) -> Value) -> Value? {
        switch self.voters {
        case .stable(let voters): return Self.majorityValue(voters, reached)
        case .joint(let old, let new):
            guard let one = Self.majorityValue(old, reached), let other = Self.majorityValue(new, reached) else {
                return nil
            }
            return min(one, other)
        }
    }

    private static func hasMajority(_ voters: [NodeID], _ holds: (NodeID) -> Bool) -> Bool {
        var count = 0
        for voter in voters where holds(voter) { count += 1 }
        return count > voters.count / 2
    }

    private static func majorityValue<Value: Comparable>(_ voters: [NodeID], _ reached: (NodeID) -> Value) -> Value? {
        var values = voters.map(reached)
        values.sort(by: >)
        return values.isEmpty ? nil : values[values.count / 2]
    }
}
