import RaftCore

/// What belongs to a leader, and ends with its office.
struct ReferenceOffice: Sendable {
    struct Follower: Sendable {
        let id: NodeID
        /// What it has accepted in this term.
        var match = LogIndex.zero
        var lastReply: Instant
        /// The latest round it has answered, and when that began.
        var round: UInt64 = 0
        var answeredSince: Instant?
        /// The snapshot it is to pull, or pulls.
        var offered: Snapshot.ID?
        /// For a learner that is to vote: what it must have reached for its round of catching up to be over.
        var catchUp: CatchUp?
    }

    struct CatchUp: Sendable {
        var target: LogIndex
        var began: Instant
        var isReady = false
    }

    var followers: [Follower] = []
    /// The latest round that has begun, and when each one did.
    var round: UInt64 = 0
    var rounds: [(round: UInt64, at: Instant)] = []
    /// Rounds may have begun that went to nobody, because there was nobody: the next number seen need not be a new round's.
    var mayHaveMissedRounds = false
    var heartbeatDeadline: Instant
    /// Proposals that are not committed yet, in log order.
    var open: [(proposal: ProposalID, position: LogPosition)] = []
    var openBytes = 0
    /// The latest moment at which a round began that a quorum has answered.
    var leaseStart: Instant?
    /// A successor was told to stand: nothing is sure any more.
    var hasLeases = true
    var handover: (target: NodeID, deadline: Instant, isAsked: Bool)?
    /// The log's time and the clock when the office began.
    var start: (time: LogTime, moment: Instant)

    /// The follower has answered that round, perhaps after a later one.
    mutating func heard(from place: Int, _ round: UInt64, _ now: Instant) {
        self.followers[place].lastReply = max(self.followers[place].lastReply, now)
        guard round > self.followers[place].round else { return }
        self.followers[place].round = round
        self.followers[place].answeredSince = self.rounds.last { $0.round <= round }?.at
    }

    func place(of member: NodeID) -> Int? { self.followers.firstIndex { $0.id == member } }
}

extension ReferenceOffice.Follower {
    /// A learner has caught up once a round was short: it then lacks too little to delay a commit.
    mutating func accepted(_ match: LogIndex, last: LogIndex, _ now: Instant, _ pace: ReferencePace) {
        self.match = max(self.match, match)
        self.offered = nil
        guard let catchUp = self.catchUp, !catchUp.isReady, self.match >= catchUp.target else { return }
        if now.after(catchUp.began) <= pace.timeoutMin {
            self.catchUp?.isReady = true
        } else {
            self.catchUp = ReferenceOffice.CatchUp(target: last, began: now)
        }
    }
}
