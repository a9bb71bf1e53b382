// Who belongs to the cluster, as this member sees it: who may speak to it, who has come, and when to go itself.

/// What a member says to somebody who wants to speak to it.
public enum Admission: Hashable, Sendable {
    case welcome
    /// That id was removed from the cluster. Ids are not used again.
    case removed
    /// That member lives on another disk. The cluster counts on what that disk promised, so whoever comes with a new
    /// one must come as a new member.
    case otherDisk
}

/// Whom a member speaks to: a picture of the moment, which may be asked on any thread.
public struct Admissions: Sendable {
    private let memberships: MembershipHistory
    private let commit: LogIndex

    /// For a member that knows of nothing but that membership, which is committed.
    public init(_ membership: Membership) {
        self.init(MembershipHistory(membership, at: .zero), committedThrough: .zero)
    }

    init(_ memberships: MembershipHistory, committedThrough commit: LogIndex) {
        self.memberships = memberships
        self.commit = commit
    }

    private var committed: Membership { self.memberships.inForce(at: self.commit) }

    /// Whether to speak to the member of that id that lives on that disk. An id that is not known yet is welcome: this
    /// member may be late.
    public func admission(of id: NodeID, _ incarnation: Incarnation) -> Admission {
        if self.committed.isRemoved(id) { return .removed }
        // A disk stays bound to its id for ever, so whatever the log has said of it counts: after a restart a member
        // may not know yet that it is committed, and the binding may be older than the member's removal.
        if self.memberships.binds(id, otherThan: incarnation) { return .otherDisk }
        return .welcome
    }
}

extension Consensus {
    /// The newest membership that is known to be committed.
    public var committedMembership: Membership { self.ledger.memberships.inForce(at: self.ledger.commit) }

    /// Whom this member speaks to at the moment, for those who ask on other threads.
    public var admissions: Admissions { Admissions(self.ledger.memberships, committedThrough: self.ledger.commit) }

    /// Whether this member speaks to that one now: see `Admissions`.
    public func admission(of id: NodeID, _ incarnation: Incarnation) -> Admission {
        self.admissions.admission(of: id, incarnation)
    }

    mutating func met(_ member: NodeID, _ incarnation: Incarnation, now: Instant, _ out: inout Effects) {
        self.ledger.met(member, incarnation)
        self.role.withLeadership(&self.ledger) { leadership, ledger in
            leadership.reconfigure(&ledger, now: now, &out)
        }
        self.standSoonIfBack(now)
    }

    /// Where all members were started anew, nobody leads, and nobody need wait out a timeout to find that out: a member
    /// that has met all other voters asks them soon whether it could win. If somebody leads after all, they refuse.
    /// Leases count on the wait.
    private mutating func standSoonIfBack(_ now: Instant) {
        guard self.isBack, !self.ledger.settings.allowsLeases, case .follower = self.role,
            self.ledger.otherVoters.allSatisfy({ self.ledger.incarnations[$0] != nil })
        else { return }
        self.isBack = false
        self.standSoon(now)
    }

    /// At a moment drawn from the next heartbeat interval, so that two seldom stand at once.
    private mutating func standSoon(_ now: Instant) {
        let spread = self.ledger.settings.heartbeatInterval.coreNanoseconds
        let soon = now.advanced(by: UInt64.random(in: 0...spread, using: &self.random))
        self.electionDeadline = min(self.electionDeadline, soon)
    }

    /// The leader's process is gone: no use to wait for its next heartbeat. If it lives after all, the others still
    /// hear it and refuse the pre-vote. Leases count on the wait.
    mutating func lost(_ member: NodeID, now: Instant, _ out: inout Effects) {
        guard case .follower(let following) = self.role, following.leader == member,
            !self.ledger.settings.allowsLeases
        else { return }
        self.follow(nil, in: self.ledger.term, now: now, &out)
        self.leaderHeard = nil
        self.standSoon(now)
    }

    mutating func change(
        _ change: MembershipChange,
        _ proposal: ProposalID,
        time: LogTime,
        now: Instant,
        _ out: inout Effects
    ) {
        guard case .leader = self.role else {
            out.refused.append(.init(proposal: proposal, error: .notAccepted(leader: self.leader)))
            return
        }
        self.role.withLeadership(&self.ledger) { leadership, ledger in
            leadership.change(change, for: proposal, time: time, &ledger, now: now, &out)
        }
    }

    /// A leader that has led its own removal to the end hands over and goes.
    mutating func leaveIfRemoved(now: Instant, _ out: inout Effects) {
        guard case .leader(let leadership) = self.role, leadership.isRemoved(self.ledger) else { return }
        self.role.withLeadership(&self.ledger) { leadership, ledger in
            leadership.broadcast(ledger, now: now, &out)  // the others learn that it is committed
            leadership.transfer(to: nil, ledger, now: now, &out)
        }
        self.follow(nil, in: self.ledger.term, now: now, &out)
    }
}
