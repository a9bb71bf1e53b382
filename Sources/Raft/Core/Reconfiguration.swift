// The leader's side of membership changes (Raft paper, section 6; dissertation, chapter 4): learners catch up in rounds,
// voters change by joint consensus, a change is in force from the moment it is appended, and none begins before the
// one before it is committed.

/// How a learner that is to vote catches up: a round replicates what the log held when the round began. Once a round
/// was short, what is still missing is too little to delay a commit.
struct CatchUp: Sendable {
    private(set) var target: LogIndex
    private(set) var began: Instant
    private(set) var isReady = false

    init(target: LogIndex, now: Instant) {
        self.target = target
        self.began = now
    }

    mutating func reached(_ match: LogIndex, _ ledger: Ledger, now: Instant) {
        guard match >= self.target, !self.isReady else { return }
        if now.since(self.began) <= ledger.settings.electionTimeoutMin.coreNanoseconds {
            self.isReady = true
        } else {
            self = CatchUp(target: ledger.log.last.index, now: now)
        }
    }
}

extension Leadership.Follower {
    /// Whether it has answered lately.
    func isAlive(_ ledger: Ledger, now: Instant) -> Bool {
        now.since(self.progress.lastReply) <= ledger.settings.electionTimeoutMax.coreNanoseconds
    }

    mutating func noteCatchUp(_ ledger: Ledger, now: Instant) {
        self.catchUp?.reached(self.progress.match, ledger, now: now)
    }
}

extension Leadership {
    /// Whether the membership may change: nothing of it is open, and this leader has committed in its own term (the
    /// flaw of the single-server change, found in 2015, was to do without that).
    private func canReconfigure(_ ledger: Ledger) -> Bool {
        self.isOfOwnTerm(ledger) && ledger.memberships.latestIndex <= ledger.commit && self.transfer == nil
    }

    mutating func change(
        _ change: MembershipChange,
        for proposal: ProposalID,
        time: LogTime,
        _ ledger: inout Ledger,
        now: Instant,
        _ out: inout Effects
    ) {
        do throws(ChangeRefusal) {
            guard self.canReconfigure(ledger) else { throw .underWay }
            let next = try ledger.membership.beginning(change)
            guard self.hasQuorum(of: next, ledger, now: now) else { throw .wouldLoseQuorum }
            let time = self.clock.stamp(time, after: ledger.time, now: now)
            self.append(Self.entry(next, time: time, ledger), for: proposal, &ledger)
        } catch {
            out.refused.append(.init(proposal: proposal, error: .changeRefused(error)))
            return
        }
        self.membershipChanged(&ledger, now: now, &out)
    }

    /// Takes the next step of what is under way: a joint phase is left, members met for the first time are tied to
    /// their disks, learners that have caught up are promoted.
    mutating func reconfigure(_ ledger: inout Ledger, now: Instant, _ out: inout Effects) {
        guard self.canReconfigure(ledger), let next = self.nextMembership(ledger, now: now) else { return }
        ledger.append(Self.entry(next, time: ledger.time, ledger))
        self.membershipChanged(&ledger, now: now, &out)
    }

    private func nextMembership(_ ledger: Ledger, now: Instant) -> Membership? {
        let membership = ledger.membership
        if membership.isJoint { return membership.leavingJoint() }
        let met = ledger.incarnations
        if let bound = membership.binding({ id in id == ledger.id ? ledger.incarnation : met[id] }) { return bound }
        for follower in self.followers where follower.catchUp?.isReady == true && follower.isAlive(ledger, now: now) {
            if let promoted = membership.promoting(follower.id), self.hasQuorum(of: promoted, ledger, now: now) {
                return promoted
            }
        }
        return nil
    }

    private static func entry(_ membership: Membership, time: LogTime, _ ledger: Ledger) -> Entry {
        Entry(
            position: LogPosition(index: ledger.log.last.index.next, term: ledger.term),
            time: time,
            kind: .membership,
            payload: membership.encoded()
        )
    }

    private mutating func membershipChanged(_ ledger: inout Ledger, now: Instant, _ out: inout Effects) {
        self.alignFollowers(ledger, now: now)
        for place in self.followers.indices { self.replicate(to: place, ledger, &out) }
    }

    /// Follows the membership in force: newcomers are probed from the log's end, who left is forgotten.
    mutating func alignFollowers(_ ledger: Ledger, now: Instant) {
        self.followers = ledger.membership.members.filter { $0.id != ledger.id }.map { member in
            var follower =
                self.place(of: member.id).map { self.followers[$0] }
                ?? Follower(id: member.id, progress: Progress(next: ledger.log.last.index.next, now: now))
            if member.promotion == nil {
                follower.catchUp = nil
            } else if follower.catchUp == nil {
                follower.catchUp = CatchUp(target: ledger.log.last.index, now: now)
            }
            return follower
        }
    }

    /// Whether the cluster has decided to go on without this member. It led the change to its end; now it goes.
    func isRemoved(_ ledger: Ledger) -> Bool {
        !ledger.membership.isVoter(ledger.id) && ledger.memberships.latestIndex <= ledger.commit
    }
}
