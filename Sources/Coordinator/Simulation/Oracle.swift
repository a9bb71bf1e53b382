import ClusterState

/// Remembers, apart from everybody, what must not change.
struct Oracle {
    /// The digest of the state after each entry, from the first on; absent where no command was applied.
    private var digests: [UInt64: UInt64] = [:]
    /// The newest epoch at which each pipeline without a broker has published.
    var newest: [PlacementKey: Epoch] = [:]

    /// A member has applied an entry. True if it is the first to do so.
    mutating func check(_ state: ClusterState, at index: UInt64, by member: Int) throws(Violation) -> Bool {
        let digest = state.digest
        if let known = self.digests[index] {
            guard known == digest else {
                throw Violation(.equalStates, "coordinator \(member) at \(index)")
            }
            return false
        }
        self.digests[index] = digest
        if let broken = state.violatedInvariant { throw Violation(.soundState, "at \(index): \(broken)") }
        return true
    }
}
