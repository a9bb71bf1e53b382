import RaftCore

/// A broken promise, by name.
public struct Violation: Error, Sendable, CustomStringConvertible {
    public var invariant: String
    public var detail: String
    public var description: String { "\(self.invariant): \(self.detail)" }
}

/// Knows from outside what Raft promises, and checks each step of each member against it.
///
/// It keeps its own history, apart from the members', so that a member can't lose what the oracle remembers.
struct Oracle: Sendable {
    private struct Vote: Hashable { var voter: NodeID, term: Term }
    private struct Known { var fingerprint: UInt64, previous: Term }

    private var leaders: [Term: NodeID] = [:]
    private var votes: [Vote: NodeID] = [:]
    private var entries: [LogPosition: Known] = [:]
    /// What is committed, from index 1, and the term whose leader committed it: nothing here ever changes.
    private(set) var committed: [(term: Term, fingerprint: UInt64, committedIn: Term)] = []
    /// The greatest index of which some client knows that it is committed.
    private(set) var acknowledged: LogIndex = .zero

    mutating func check(
        _ member: Consensus,
        before: Status,
        effects: Effects,
        disks: [Disk],
        onNewLeader: () -> Void
    ) throws(Violation) {
        let status = member.status
        if let broken = effects.violation {
            throw Violation(invariant: "core", detail: "member \(status.id): \(broken)")
        }
        guard status.term >= before.term, status.commit >= before.commit else {
            throw Violation(invariant: "monotony", detail: "member \(status.id): term or commit index went back")
        }
        if status.role == .leader && (before.role != .leader || before.term != status.term) {
            onNewLeader()
            try self.checkNewLeader(member, status)
        }
        for write in effects.writes { try self.checkWrite(write, member, status, before) }
        for envelope in effects.messages { try self.checkPromise(envelope, disks[Int(status.id.rawValue) - 1]) }
        if effects.committed != nil { try self.checkCommit(member, status, from: before.commit, disks) }
        for done in effects.completed { self.acknowledged = max(self.acknowledged, done.position.index) }
    }

    /// Election safety, and leader completeness: who leads a term holds everything that earlier terms committed.
    /// (A member that was asleep may learn late that it won an old term; later commits are none of its business.)
    private mutating func checkNewLeader(_ member: Consensus, _ status: Status) throws(Violation) {
        if let other = self.leaders[status.term], other != status.id {
            throw Violation(
                invariant: "election safety",
                detail: "members \(other) and \(status.id) both lead \(status.term)"
            )
        }
        self.leaders[status.term] = status.id
        guard let place = self.committed.lastIndex(where: { $0.committedIn < status.term }) else { return }
        // By log matching, a log with the last of these entries has all of them.
        guard member.term(at: LogIndex(UInt64(place + 1))) == self.committed[place].term else {
            throw Violation(
                invariant: "leader completeness",
                detail: "member \(status.id) leads \(status.term) without the committed entry \(place + 1)"
            )
        }
    }

    /// Log matching: one position means one entry, and one entry before it. Leader append-only: who leads removes
    /// nothing.
    private mutating func checkWrite(
        _ write: Write,
        _ member: Consensus,
        _ status: Status,
        _ before: Status
    ) throws(Violation) {
        if write.truncateFrom != nil && before.role == .leader && before.term == status.term {
            throw Violation(invariant: "leader append-only", detail: "member \(status.id) in \(status.term)")
        }
        for entry in write.entries {
            guard let previous = member.term(at: entry.index.previous) else {
                throw Violation(invariant: "log matching", detail: "a gap before \(entry.position)")
            }
            let known = Known(fingerprint: entry.fingerprint, previous: previous)
            guard let first = self.entries[entry.position] else {
                self.entries[entry.position] = known
                continue
            }
            if first.fingerprint != known.fingerprint || first.previous != known.previous {
                throw Violation(
                    invariant: "log matching",
                    detail: "member \(status.id) holds another entry at \(entry.position)"
                )
            }
        }
    }

    /// Nothing is promised before it is durable; one vote a term, across restarts too.
    private mutating func checkPromise(_ envelope: Envelope, _ disk: Disk) throws(Violation) {
        func early(_ what: String) -> Violation {
            Violation(invariant: "durable before promised", detail: "member \(envelope.from) sent \(what)")
        }
        switch envelope.message {
        case .voteReply(let reply) where reply.isGranted:
            guard
                disk.hardState.term > reply.term
                    || (disk.hardState.term == reply.term && disk.hardState.vote == envelope.to)
            else { throw early("a vote for \(envelope.to) in \(reply.term), which its disk does not know of") }
            try self.noteVote(of: envelope.from, for: envelope.to, in: reply.term)
        case .voteRequest(let request):
            guard
                disk.hardState.term > request.term
                    || (disk.hardState.term == request.term && disk.hardState.vote == envelope.from
                        && disk.term(at: request.last.index) == request.last.term)
            else { throw early("a candidacy in \(request.term), which its disk does not know of") }
            try self.noteVote(of: envelope.from, for: envelope.from, in: request.term)
        case .appendReply(let reply):
            guard case .accepted(let match) = reply.outcome else { return }
            guard
                disk.hardState.term > reply.term
                    || (disk.hardState.term == reply.term && disk.last.index >= match)
            else { throw early("an acceptance up to \(match) in \(reply.term); its disk ends at \(disk.last)") }
        default:
            return
        }
    }

    private mutating func noteVote(of voter: NodeID, for candidate: NodeID, in term: Term) throws(Violation) {
        let vote = Vote(voter: voter, term: term)
        guard let first = self.votes[vote], first != candidate else {
            self.votes[vote] = candidate
            return
        }
        throw Violation(
            invariant: "one vote a term",
            detail: "member \(voter) in \(term): for \(first), then for \(candidate)"
        )
    }

    /// State-machine safety: all commit the same entries. And what is committed is on a quorum's disks.
    private mutating func checkCommit(
        _ member: Consensus,
        _ status: Status,
        from: LogIndex,
        _ disks: [Disk]
    ) throws(Violation) {
        var index = from.next
        var isNew = false
        while index <= status.commit {
            guard let entry = member.entry(at: index) else {
                throw Violation(invariant: "commit within the log", detail: "member \(status.id) at \(index)")
            }
            let place = Int(index.rawValue) - 1
            if place < self.committed.count {
                let known = self.committed[place]
                guard known.term == entry.term, known.fingerprint == entry.fingerprint else {
                    throw Violation(
                        invariant: "state-machine safety",
                        detail: "member \(status.id) commits another entry at \(index): \(entry.position)"
                    )
                }
            } else {
                self.committed.append((entry.term, entry.fingerprint, status.term))
                isNew = true
            }
            index = index.next
        }
        guard isNew, let term = member.term(at: status.commit) else { return }
        let holders = disks.count { $0.term(at: status.commit) == term }
        if holders <= disks.count / 2 {
            throw Violation(
                invariant: "committed means durable on a quorum",
                detail: "\(status.commit)@\(term) is on \(holders) of \(disks.count) disks"
            )
        }
    }

    /// An acknowledged write is never lost: no disk that holds a committed entry gives it up.
    func checkTruncation(of entries: ArraySlice<Entry>, member: Int) throws(Violation) {
        for entry in entries {
            let place = Int(entry.index.rawValue) - 1
            if place < self.committed.count && self.committed[place].term == entry.term {
                throw Violation(
                    invariant: "acknowledged is never lost",
                    detail: "member \(member + 1) drops \(entry.position)"
                )
            }
        }
    }

    /// A client's command stands where the acknowledgement says.
    func checkCompletion(_ done: Effects.Completion, payload: [UInt8], _ member: Consensus) throws(Violation) {
        let isThere = member.entry(at: done.position.index)?.payload == payload
        let isCommitted = done.position.index.rawValue <= UInt64(self.committed.count)
        guard isThere && isCommitted else {
            throw Violation(invariant: "acknowledged means committed", detail: "\(done.position)")
        }
    }

    /// A linearizable read sees at least what was acknowledged before it began.
    func checkRead(_ grant: Effects.ReadGrant, began acknowledged: LogIndex, _ status: Status) throws(Violation) {
        guard grant.index >= acknowledged, grant.index.rawValue <= UInt64(self.committed.count) else {
            throw Violation(
                invariant: "linearizable read",
                detail: "member \(status.id) reads at \(grant.index), acknowledged before: \(acknowledged)"
            )
        }
    }
}

extension Entry {
    /// Everything in the entry, in 64 bits (FNV-1a).
    var fingerprint: UInt64 {
        var hash = Fingerprint()
        hash.mix(self.time.milliseconds)
        hash.mix(UInt64(self.kind.rawValue))
        for byte in self.payload { hash.mix(UInt64(byte)) }
        return hash.value
    }
}

/// FNV-1a over 64-bit words: the same in every process, unlike `Hasher`.
struct Fingerprint: Sendable {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325
    mutating func mix(_ word: UInt64) {
        self.value = (self.value ^ word) &* 0x0000_0100_0000_01b3
    }
}
