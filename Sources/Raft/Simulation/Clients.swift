import RaftCore

/// Clients that write values nobody else writes, and read; and remember what they were told.
struct Clients: Sendable {
    private struct OpenWrite { var payload: [UInt8], acknowledged: LogIndex }

    private var nextID: UInt64 = 0
    private var writes: [ProposalID: OpenWrite] = [:]
    /// Open reads, and what was acknowledged when each began.
    private var reads: [ReadID: LogIndex] = [:]
    /// Writes stop; the cluster may settle.
    var isQuiet = false

    mutating func proposal(register: Int, padding: Int, acknowledged: LogIndex) -> Proposal {
        self.nextID += 1
        let id = ProposalID(self.nextID)
        let payload = RegisterWrite(register: register, value: self.nextID).payload(padding: padding)
        self.writes[id] = OpenWrite(payload: payload, acknowledged: acknowledged)
        return Proposal(id: id, payload: payload)
    }

    mutating func read(acknowledged: LogIndex) -> ReadID {
        self.nextID += 1
        self.reads[ReadID(self.nextID)] = acknowledged
        return ReadID(self.nextID)
    }

    mutating func completed(_ done: Effects.Completion, _ core: Consensus, _ oracle: Oracle) throws(Violation) {
        guard let write = self.writes.removeValue(forKey: done.proposal) else {
            throw Violation(invariant: "answered once", detail: "proposal \(done.proposal.rawValue)")
        }
        try oracle.checkCompletion(done, payload: write.payload, began: write.acknowledged, core)
    }

    mutating func refused(_ proposal: ProposalID) throws(Violation) {
        if self.writes.removeValue(forKey: proposal) == nil {
            throw Violation(invariant: "answered once", detail: "proposal \(proposal.rawValue)")
        }
    }

    /// What was acknowledged when the read began; it is over now.
    mutating func close(_ read: ReadID) throws(Violation) -> LogIndex {
        guard let began = self.reads.removeValue(forKey: read) else {
            throw Violation(invariant: "answered once", detail: "read \(read.rawValue)")
        }
        return began
    }
}

extension World {
    mutating func clientActs() throws(Violation) {
        self.agenda.plan(.client, at: self.now + self.draw(1...self.faults.clientInterval * 2))
        if self.clients.isQuiet { return }
        let isRead = self.chance(200)
        let place = self.preferredMember(leaderOnly: !isRead)
        guard self.members[place].core != nil, self.members[place].pausedUntil <= self.now else { return }
        let acknowledged = self.oracle.acknowledged
        if isRead {
            let mode: ReadMode = self.chance(500) ? .lease : .index
            try self.step(place, .read(self.clients.read(acknowledged: acknowledged), mode))
        } else {
            let count = Int(self.draw(1...UInt64(self.faults.clientBatchMax)))
            let proposals = (0..<count).map { _ in
                self.clients.proposal(
                    register: Int(self.draw(0...UInt64(Registers.count - 1))),
                    padding: Int(self.draw(0...64)),
                    acknowledged: acknowledged
                )
            }
            try self.step(place, .proposals(proposals, time: LogTime(milliseconds: self.draw(0...1_000_000))))
        }
    }

    /// For writes mostly somebody who believes to lead (there may be several), sometimes anybody; for reads anybody.
    private mutating func preferredMember(leaderOnly: Bool) -> Int {
        let believers = self.members.indices.filter { self.members[$0].core?.status.role == .leader }
        if !leaderOnly || believers.isEmpty || self.chance(100) {
            return Int(self.draw(0...UInt64(self.members.count - 1)))
        }
        return believers[Int(self.draw(0...UInt64(believers.count - 1)))]
    }

    /// Tells the clients and the operator how what they asked for went.
    mutating func answerClients(_ place: Int, _ core: Consensus) throws(Violation) {
        for done in self.effects.completed where !self.operation.closes(done.proposal) {
            try self.clients.completed(done, core, self.oracle)
            self.report.acknowledged += 1
        }
        for refusal in self.effects.refused where !self.operation.closes(refusal.proposal) {
            try self.clients.refused(refusal.proposal)
        }
        for refusal in self.effects.refusedReads { _ = try self.clients.close(refusal.read) }
        self.members[place].grants += self.effects.grantedReads.map { ($0.read, $0.index) }
        let state = self.members[place].machine
        while let grant = self.members[place].grants.first(where: { $0.index <= state.applied.index }) {
            self.members[place].grants.removeAll { $0.read == grant.read }
            let began = try self.clients.close(grant.read)
            try self.oracle.checkRead(state, index: grant.index, began: began, by: self.members[place].id)
            self.report.reads += 1
        }
    }
}
