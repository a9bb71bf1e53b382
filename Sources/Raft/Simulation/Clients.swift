import Linearizability
import RaftCore

/// Clients that write values nobody else writes, and read; and remember what they were told.
struct Clients: Sendable {
    private typealias Registry = RegisterModel<UInt64>

    private struct OpenWrite {
        var value: UInt64
        var payload: [UInt8]
        var acknowledged: LogIndex
        var place: Int
        var number: Int
    }

    private struct OpenRead { var register: Int, acknowledged: LogIndex, number: Int }

    private var nextID: UInt64 = 0
    private var writes: [ProposalID: OpenWrite] = [:]
    private var reads: [ReadID: OpenRead] = [:]
    /// How many writes are open at each member, by place.
    private var openAt: [Int] = []
    private var history = History<Int, Registry.Operation, Registry.Result>()
    /// Writes stop; the cluster may settle.
    var isQuiet = false

    /// As many operations as are held against each other in one run.
    private static let historyMax = 4_000

    mutating func proposal(
        register: Int,
        padding: Int,
        acknowledged: LogIndex,
        at place: Int,
        now: UInt64
    ) -> Proposal {
        self.nextID += 1
        let id = ProposalID(self.nextID)
        let write = RegisterWrite(register: register, value: self.nextID)
        let number = self.note(.write(write.value), on: register, now)
        let payload = write.payload(padding: padding)
        self.writes[id] = OpenWrite(
            value: write.value,
            payload: payload,
            acknowledged: acknowledged,
            place: place,
            number: number
        )
        while self.openAt.count <= place { self.openAt.append(0) }
        self.openAt[place] += 1
        return Proposal(id: id, payload: payload)
    }

    mutating func read(register: Int, acknowledged: LogIndex, now: UInt64) -> ReadID {
        self.nextID += 1
        let number = self.note(.read, on: register, now)
        self.reads[ReadID(self.nextID)] = OpenRead(register: register, acknowledged: acknowledged, number: number)
        return ReadID(self.nextID)
    }

    private mutating func note(_ operation: Registry.Operation, on register: Int, _ now: UInt64) -> Int {
        guard self.history.events.count < Self.historyMax else { return -1 }
        return self.history.call(operation, on: register, by: self.history.events.count, at: now)
    }

    /// Once the history is full, what else comes back may have to do with writes that are not in it: it stays unknown.
    private mutating func note(_ result: Registry.Result, of number: Int, _ now: UInt64) {
        guard number >= 0, self.history.events.count < Self.historyMax else { return }
        self.history.complete(number, with: result, at: now)
    }

    // MARK: Answers

    mutating func completed(
        _ done: Effects.Completion,
        _ core: Consensus,
        _ oracle: Oracle,
        now: UInt64
    ) throws(Violation) {
        let open = try self.close(done.proposal)
        try oracle.checkCompletion(done, payload: open.payload, began: open.acknowledged, core)
        self.note(.done, of: open.number, now)
    }

    mutating func refused(_ refusal: Effects.Refusal, _ oracle: inout Oracle) throws(Violation) {
        let open = try self.close(refusal.proposal)
        if refusal.error == .outcomeUnknown { return }
        oracle.noteRefusal(of: open.value)
        if open.number >= 0 { self.history.fail(open.number) }
    }

    private mutating func close(_ proposal: ProposalID) throws(Violation) -> OpenWrite {
        guard let open = self.writes.removeValue(forKey: proposal) else {
            throw Violation(invariant: "answered once", detail: "proposal \(proposal.rawValue)")
        }
        self.openAt[open.place] -= 1
        return open
    }

    mutating func refused(_ read: ReadID) throws(Violation) { _ = try self.close(read) }

    private mutating func close(_ read: ReadID) throws(Violation) -> OpenRead {
        guard let open = self.reads.removeValue(forKey: read) else {
            throw Violation(invariant: "answered once", detail: "read \(read.rawValue)")
        }
        return open
    }

    mutating func granted(
        _ grant: (read: ReadID, index: LogIndex),
        _ state: Registers,
        _ oracle: Oracle,
        by member: NodeID,
        now: UInt64
    ) throws(Violation) {
        let open = try self.close(grant.read)
        try oracle.checkRead(state, index: grant.index, began: open.acknowledged, by: member)
        let value = state.values[open.register]
        self.note(.value(value == 0 ? nil : value), of: open.number, now)
    }

    /// The member has lost its power: nobody will be told what came of the writes it had taken.
    mutating func crashed(_ place: Int) {
        guard place < self.openAt.count, self.openAt[place] > 0 else { return }
        self.writes = self.writes.filter { $0.value.place != place }
        self.openAt[place] = 0
    }

    /// Whoever does not lead has nothing to answer any more.
    func checkAnswered(_ status: Status) throws(Violation) {
        let place = status.id.place
        guard status.role != .leader, place < self.openAt.count, self.openAt[place] > 0 else { return }
        let detail = "member \(status.id) keeps \(self.openAt[place]) proposals"
        throw Violation(invariant: "answered at last", detail: detail)
    }

    /// The whole run as the clients saw it: each register must have behaved as if there were only one of it.
    func judge(_ report: inout Report) throws(Violation) {
        switch LinearizabilityChecker(Registry(), attemptsMax: 200_000).check(self.history) {
        case .linearizable: report.judged += 1
        case .gaveUp: report.undecided += 1
        case .violated(let counterexample):
            throw Violation(invariant: "linearizability", detail: counterexample.description)
        }
    }
}

extension World {
    mutating func clientActs() throws(Violation) {
        self.agenda.plan(.client, at: self.now + self.draw(1...self.faults.clientInterval * 2))
        if self.clients.isQuiet { return }
        self.report.requests += 1
        if self.report.requests > self.overrides.requestsMax { return }
        let isRead = self.chance(self.faults.reads)
        let place = self.preferredMember(leaderOnly: !isRead)
        guard self.members[place].process != nil, self.members[place].pausedUntil <= self.now else { return }
        let acknowledged = self.oracle.acknowledged
        if isRead {
            let mode: ReadMode = self.chance(self.faults.leaseReads) ? .lease : .index
            let register = Int(self.draw(0...UInt64(Registers.count - 1)))
            let read = self.clients.read(register: register, acknowledged: acknowledged, now: self.now)
            try self.step(place, .read(read, mode))
        } else {
            let count = Int(self.draw(1...UInt64(self.faults.clientBatchMax)))
            let proposals = (0..<count).map { _ in
                self.clients.proposal(
                    register: Int(self.draw(0...UInt64(Registers.count - 1))),
                    padding: Int(self.draw(0...64)),
                    acknowledged: acknowledged,
                    at: place,
                    now: self.now
                )
            }
            try self.step(place, .proposals(proposals, time: LogTime(milliseconds: self.draw(0...1_000_000))))
        }
    }

    /// For writes mostly somebody who believes to lead (there may be several), sometimes anybody; for reads anybody.
    private mutating func preferredMember(leaderOnly: Bool) -> Int {
        let believers = self.members.indices.filter { leaderOnly && self.members[$0].process?.status.role == .leader }
        if believers.isEmpty || self.chance(100) { return Int(self.draw(0...UInt64(self.members.count - 1))) }
        return believers[Int(self.draw(0...UInt64(believers.count - 1)))]
    }

    /// Tells the clients and the operator how what they asked for went.
    mutating func answerClients(_ place: Int, _ core: Consensus, _ status: Status) throws(Violation) {
        for done in self.effects.completed where !self.operation.closes(done.proposal) {
            try self.clients.completed(done, core, self.oracle, now: self.now)
            self.report.acknowledged += 1
        }
        for refusal in self.effects.refused where !self.operation.closes(refusal.proposal) {
            try self.clients.refused(refusal, &self.oracle)
        }
        for refusal in self.effects.refusedReads { try self.clients.refused(refusal.read) }
        try self.clients.checkAnswered(status)
        for grant in self.effects.grantedReads { self.members[place].grants.append((grant.read, grant.index)) }
        if self.members[place].grants.isEmpty { return }
        let state = self.members[place].machine
        while let grant = self.members[place].grants.first(where: { $0.index <= state.applied.index }) {
            self.members[place].grants.removeAll { $0.read == grant.read }
            let member = self.members[place].id
            try self.clients.granted(grant, state, self.oracle, by: member, now: self.now)
            self.report.reads += 1
        }
    }
}
