import RaftCore

/// Where the other members are reached.
struct PeerDirectory: Sendable {
    let own: NodeID
    /// For members whose address the cluster's log does not say, and for a member that knows no cluster yet.
    let configured: [NodeID: PeerAddress]

    /// - Parameter offered: the membership of a snapshot that is being pulled. A member that was away for long may know
    ///   nobody of those who lead now, except from there.
    func addresses(of membership: Membership, offered: Membership? = nil) -> [NodeID: PeerAddress] {
        guard !membership.members.isEmpty || offered != nil else { return self.configured }
        var found: [NodeID: PeerAddress] = [:]
        for member in (offered?.members ?? []) + membership.members where member.id != self.own {
            found[member.id] = member.address ?? found[member.id] ?? self.configured[member.id]
        }
        return found
    }
}
