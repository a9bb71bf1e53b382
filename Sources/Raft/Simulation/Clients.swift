import RaftCore

/// Clients that write commands nobody else writes, and read; and remember what they were told.
struct Clients: Sendable {
    private var nextID: UInt64 = 0
    private var proposals: [ProposalID: [UInt8]] = [:]
    /// Open reads, and what was acknowledged when each began.
    private var reads: [ReadID: LogIndex] = [:]
    /// Writes stop; the cluster may settle.
    var isQuiet = false

    mutating func proposals(_ count: Int, padding: Int) -> [Proposal] {
        (0..<count).map { _ in
            self.nextID += 1
            let id = ProposalID(self.nextID)
            let payload = withUnsafeBytes(of: self.nextID.bigEndian) { Array($0) } + Array(repeating: 0, count: padding)
            self.proposals[id] = payload
            return Proposal(id: id, payload: payload)
        }
    }

    mutating func read(acknowledged: LogIndex) -> ReadID {
        self.nextID += 1
        self.reads[ReadID(self.nextID)] = acknowledged
        return ReadID(self.nextID)
    }

    mutating func check(
        _ effects: Effects,
        _ member: Consensus,
        _ oracle: Oracle,
        _ report: inout Report
    ) throws(Violation) {
        for done in effects.completed {
            guard let payload = self.proposals.removeValue(forKey: done.proposal) else {
                throw Violation(invariant: "answered once", detail: "proposal \(done.proposal.rawValue)")
            }
            try oracle.checkCompletion(done, payload: payload, member)
            report.acknowledged += 1
        }
        for refusal in effects.refused where self.proposals.removeValue(forKey: refusal.proposal) == nil {
            throw Violation(invariant: "answered once", detail: "proposal \(refusal.proposal.rawValue)")
        }
        for grant in effects.grantedReads {
            guard let began = self.reads.removeValue(forKey: grant.read) else {
                throw Violation(invariant: "answered once", detail: "read \(grant.read.rawValue)")
            }
            try oracle.checkRead(grant, began: began, member.status)
            report.reads += 1
        }
        for refusal in effects.refusedReads { self.reads[refusal.read] = nil }
    }
}

extension World {
    mutating func clientActs() throws(Violation) {
        self.agenda.plan(.client, at: self.now + self.draw(1...self.faults.clientInterval * 2))
        if self.clients.isQuiet { return }
        let place = self.preferredMember()
        guard self.members[place].core != nil, self.members[place].pausedUntil <= self.now else { return }
        if self.chance(200) {
            try self.step(place, .read(self.clients.read(acknowledged: self.oracle.acknowledged), .index))
        } else {
            let count = Int(self.draw(1...UInt64(self.faults.clientBatchMax)))
            let padding = Int(self.draw(0...64))
            let proposals = self.clients.proposals(count, padding: padding)
            try self.step(place, .proposals(proposals, time: LogTime(milliseconds: self.draw(0...1_000_000))))
        }
    }

    /// Mostly somebody who believes to lead (there may be several), sometimes anybody.
    private mutating func preferredMember() -> Int {
        let believers = self.members.indices.filter { self.members[$0].core?.status.role == .leader }
        if believers.isEmpty || self.chance(100) { return Int(self.draw(0...UInt64(self.members.count - 1))) }
        return believers[Int(self.draw(0...UInt64(believers.count - 1)))]
    }
}

extension Input {
    /// A few words for a trace.
    var summary: String {
        switch self {
        case .message(let envelope): "from \(envelope.from): \(envelope.message.summary)"
        case .proposals(let proposals, _): "\(proposals.count) proposals"
        case .read: "read"
        case .persisted(let receipt): "persisted \(receipt.write.rawValue)"
        case .change(let change, _, _): "change: \(change)"
        case .transfer(let target): "transfer to \(target.map(\.description) ?? "anybody")"
        case .captured(let snapshot): "captured \(snapshot.position)"
        case .fetched(let snapshot): "fetched \(snapshot.position)"
        case .met(let member, let incarnation): "met \(member) on disk \(incarnation.rawValue)"
        case .lost(let member): "lost \(member)"
        case .timer: "timer"
        }
    }
}

extension Message {
    var summary: String {
        switch self {
        case .preVoteRequest(let request): "pre-vote? \(request.term) log \(request.last)"
        case .preVoteReply(let reply): "pre-vote \(reply.isGranted ? "granted" : "refused") \(reply.term)"
        case .voteRequest(let request): "vote? \(request.term) log \(request.last)"
        case .voteReply(let reply): "vote \(reply.isGranted ? "granted" : "refused") \(reply.term)"
        case .append(let request):
            "append \(request.term) after \(request.previous) +\(request.entries.count) commit \(request.commit)"
        case .appendReply(let reply): "append reply \(reply.term) \(reply.outcome)"
        case .offer(let offer): "offer \(offer.term) of \(offer.snapshot.position)"
        case .readRequest(let request): "read? \(request.term)"
        case .readReply(let reply): "read \(reply.term) at \(reply.index.map(\.description) ?? "nothing")"
        case .timeoutNow(let request): "stand now \(request.term)"
        }
    }
}
