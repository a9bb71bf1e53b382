import RaftCore

// What members tell each other, and what they answer clients.

extension Oracle {
    /// Promises are a disk's: whoever comes back with another one is somebody else, and nobody counts its vote.
    struct Vote: Hashable { var voter: Incarnation, term: Term }

    /// Nothing is promised before it is durable; one vote a term, across restarts too.
    mutating func checkPromise(_ envelope: Envelope, by place: Int, _ members: [SimulatedMember]) throws(Violation) {
        let durable = members[place].disk.hardState
        func early(_ what: String) -> Violation {
            Violation(invariant: "durable before promised", detail: "member \(envelope.from) sent \(what)")
        }
        switch envelope.message {
        case .voteReply(let reply) where reply.isGranted:
            guard
                durable.term > reply.term
                    || (durable.term == reply.term && durable.vote == envelope.to)
            else { throw early("a vote for \(envelope.to) in \(reply.term), which its disk does not know of") }
            try self.noteVote(of: members[place].incarnation, for: envelope.to, in: reply.term)
        case .voteRequest(let request):
            guard
                durable.term > request.term
                    || (durable.term == request.term && durable.vote == envelope.from
                        && self.holds(members[place].disk, request.last))
            else { throw early("a candidacy in \(request.term), which its disk does not know of") }
            try self.noteVote(of: members[place].incarnation, for: envelope.from, in: request.term)
        case .appendReply(let reply):
            guard case .accepted(let match) = reply.outcome else { return }
            guard
                durable.term > reply.term
                    || (durable.term == reply.term && members[place].disk.last.index >= match)
            else {
                let last = members[place].disk.last
                throw early("an acceptance up to \(match) in \(reply.term); its disk ends at \(last)")
            }
        default:
            return
        }
    }

    /// Whether the disk holds that very position, or a snapshot of a log that has it.
    private func holds(_ disk: Disk, _ position: LogPosition) -> Bool {
        if let term = disk.term(at: position.index) { return term == position.term }
        guard position != .zero else { return true }
        let place = Int(position.index.rawValue) - 1
        return position.index < disk.base.index && place < self.committed.count
            && self.committed[place].entry == position
    }

    private mutating func noteVote(
        of voter: Incarnation,
        for candidate: NodeID,
        in term: Term
    ) throws(Violation) {
        let vote = Vote(voter: voter, term: term)
        guard let first = self.votes[vote], first != candidate else {
            self.votes[vote] = candidate
            return
        }
        throw Violation(
            invariant: "one vote a term",
            detail: "disk \(voter.rawValue) in \(term): for \(first), then for \(candidate)"
        )
    }

    /// Each membership overlaps with the one before it: no two quorums, one of each, are without a common member.
    func checkMembership(_ entry: Entry, before: Membership) throws(Violation) {
        guard let after = Membership(decoding: entry.payload) else {
            throw Violation(invariant: "quorums intersect", detail: "no membership at \(entry.position)")
        }
        let newcomers = after.members.map(\.id).filter { before.member($0) == nil }
        guard before.members.isEmpty || newcomers.allSatisfy({ $0 > before.greatestID }),
            after.greatestID >= before.greatestID
        else { throw Violation(invariant: "ids are not used twice", detail: "\(newcomers) at \(entry.position)") }
        let voters = (before.members + after.members).map(\.id).reduce(into: [NodeID]()) { known, id in
            if !known.contains(id), before.isVoter(id) || after.isVoter(id) { known.append(id) }
        }
        // A newcomer that knows nothing has no quorums.
        if before.members.isEmpty || voters.count > 16 { return }
        for chosen in 0..<(UInt32(1) << UInt32(voters.count)) {
            func isChosen(_ id: NodeID) -> Bool {
                voters.firstIndex(of: id).map { chosen >> UInt32($0) & 1 == 1 } ?? false
            }
            if before.hasQuorum(where: isChosen) && after.hasQuorum(where: { !isChosen($0) }) {
                throw Violation(
                    invariant: "quorums intersect",
                    detail: "\(before.voters), then \(after.voters) at \(entry.position)"
                )
            }
        }
    }

    /// A client's command stands where the acknowledgement says, and after everything acknowledged before it began.
    func checkCompletion(
        _ done: Effects.Completion,
        payload: [UInt8],
        began acknowledged: LogIndex,
        _ core: Consensus
    ) throws(Violation) {
        let isThere = core.entry(at: done.position.index)?.payload == payload
        let isCommitted = done.position.index.rawValue <= UInt64(self.committed.count)
        guard isThere && isCommitted else {
            throw Violation(invariant: "acknowledged means committed", detail: "\(done.position)")
        }
        guard done.position.index > acknowledged else {
            throw Violation(invariant: "real-time order", detail: "\(done.position) after \(acknowledged)")
        }
    }

    /// A linearizable read sees at least what was acknowledged before it began, and nothing that is not committed.
    func checkRead(
        _ state: Registers,
        index: LogIndex,
        began acknowledged: LogIndex,
        by member: NodeID
    ) throws(Violation) {
        guard state.applied.index >= acknowledged, state.applied.index >= index else {
            throw Violation(
                invariant: "linearizable read",
                detail: "member \(member) reads at \(state.applied), acknowledged before: \(acknowledged)"
            )
        }
    }
}
