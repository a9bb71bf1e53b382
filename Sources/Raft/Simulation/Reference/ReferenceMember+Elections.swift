import RaftCore

// Elections (paper, sections 5.2 and 5.4.1; dissertation, 9.6 for pre-vote, 3.10 for transfer, 4.2.3 for disturbance).

extension ReferenceMember {
    /// The later term wins, then the longer log.
    private func isUpToDate(_ candidate: LogPosition) -> Bool {
        let own = self.log.last
        return candidate.term > own.term || (candidate.term == own.term && candidate.index >= own.index)
    }

    /// Only a voter stands, though it may be one only in a membership that is not yet known to be replaced.
    private var mayStand: Bool {
        self.memberships[self.committedPlace...].contains { $0.membership.counts(self.id) }
    }

    mutating func timedOut() {
        self.drawTimeout()
        self.isBack = false
        guard self.mayStand, !self.isDiskStalled else { return }
        self.endReads(nil)
        self.role = .preCandidate
        self.leader = nil
        self.votes = []
        let request = VoteRequest(term: self.term.next, last: self.log.last)
        for voter in self.otherVoters { self.say(.preVoteRequest(request), to: voter) }
        self.countPreVote(of: self.id)
    }

    mutating func answerPreVote(_ request: VoteRequest, _ sender: NodeID) {
        let isGranted = request.term > self.term && !self.hearsLeader && self.isUpToDate(request.last)
        let term = isGranted ? request.term : self.term
        self.say(.preVoteReply(VoteReply(term: term, isGranted: isGranted)), to: sender)
    }

    mutating func count(preVote reply: VoteReply, of sender: NodeID) {
        if reply.isGranted && reply.term == self.term.next && self.role == .preCandidate {
            self.countPreVote(of: sender)
        }
    }

    private mutating func countPreVote(of member: NodeID) {
        self.votes.append(member)
        if self.membership.canDecide(self.votes.contains) { self.stand(isTransfer: false) }
    }

    mutating func standAtOnce() {
        guard self.role == .follower, self.mayStand else { return }
        self.endReads(nil)
        self.stand(isTransfer: true)
    }

    /// Takes the next term and votes for itself. Nobody hears of it before that, and the log, are durable.
    private mutating func stand(isTransfer: Bool) {
        self.adopt(self.term.next, vote: self.id)
        self.role = .candidate
        self.leader = nil
        self.votes = []
        self.ownVote = self.newestWrite
        self.drawTimeout()
        let request = VoteRequest(term: self.term, last: self.log.last, isTransfer: isTransfer)
        for voter in self.otherVoters { self.promise(.voteRequest(request), to: voter) }
    }

    mutating func answerVote(_ request: VoteRequest, _ sender: NodeID) {
        guard self.vote == nil || self.vote == sender, self.isUpToDate(request.last) else {
            return self.say(.voteReply(VoteReply(term: self.term, isGranted: false)), to: sender)
        }
        if self.vote == nil { self.adopt(self.term, vote: sender) }
        self.drawTimeout()
        self.promise(.voteReply(VoteReply(term: self.term, isGranted: true)), to: sender)
    }

    mutating func count(vote reply: VoteReply, of sender: NodeID) {
        if reply.isGranted && self.role == .candidate { self.countVote(of: sender) }
    }

    mutating func countVote(of member: NodeID) {
        self.votes.append(member)
        if self.membership.canDecide(self.votes.contains) { self.lead() }
    }
}
