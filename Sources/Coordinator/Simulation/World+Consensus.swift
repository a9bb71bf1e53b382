import ClusterState
import RaftCore

// What a coordinator's driver does around the core.

extension World {
    /// Gives the core one input and carries out what it asks for.
    func step(_ place: Int, _ process: Coordinator, _ input: Input) throws(Violation) {
        var effects = Effects()
        let before = process.status
        process.core.handle(input, now: self.instant(place), into: &effects)
        process.status = process.core.status
        if let violation = effects.violation { throw Violation(.consensus, "coordinator \(place): \(violation)") }
        if process.status.role == .leader, before.role != .leader {
            self.report.count(.elections)
            self.narrate("coordinator \(place) leads \(process.status.term)")
        }
        if !effects.writes.isEmpty, self.coordinators[place].disk.enqueue(effects.writes) { self.planSync(place) }
        for envelope in effects.messages {
            let to = Party.coordinator(Int(envelope.to.rawValue) - 1)
            self.send(.raft(envelope), from: .coordinator(place), to: to)
        }
        self.planTimer(place, process)
        try self.follow(effects, place, process)
    }

    /// Applies what is committed, and answers everybody whose wait is over.
    private func follow(_ effects: Effects, _ place: Int, _ process: Coordinator) throws(Violation) {
        var ended: [(ProposalID, Outcome?)] = []
        if let committed = effects.committed {
            guard let entries = process.core.entries(from: process.applied.next, through: committed) else {
                throw Violation(.consensus, "coordinator \(place) has no entries up to \(committed)")
            }
            var completed = effects.completed[...]
            for entry in entries {
                let outcome = try self.apply(entry, place, process)
                if let done = completed.first, done.position.index == entry.index {
                    completed.removeFirst()
                    ended.append((done.proposal, outcome))
                }
            }
        }
        ended += effects.refused.map { ($0.proposal, nil) }
        process.grants += effects.grantedReads.map { ($0.read, $0.index) }
        for (proposal, outcome) in ended {
            guard let writing = process.writings.removeValue(forKey: proposal) else { continue }
            try self.ended(writing, outcome, place, process)
        }
        for refusal in effects.refusedReads {
            guard let reading = process.readings.removeValue(forKey: refusal.read) else { continue }
            self.refused(reading, place, process)
        }
        // What is answered may lead to another step: that leaves the rest to this loop, or steps would pile up.
        if process.isAnswering { return }
        process.isAnswering = true
        defer { process.isAnswering = false }
        while let next = process.grants.firstIndex(where: { $0.index <= process.applied }) {
            let grant = process.grants.remove(at: next)
            guard let reading = process.readings.removeValue(forKey: grant.read) else { continue }
            try self.granted(reading, place, process)
        }
    }

    private func apply(_ entry: Entry, _ place: Int, _ process: Coordinator) throws(Violation) -> Outcome? {
        process.applied = entry.index
        guard entry.kind == .command else { return nil }
        let submission: Submission
        do throws(DecodingFailure) { submission = try Submission(decoding: entry.payload) } catch {
            throw Violation(.soundState, "entry \(entry.index) can't be read: \(error)")
        }
        let index = entry.index.rawValue
        let outcome = process.state.apply(submission, index: index, time: entry.time.milliseconds)
        let isFirst = try self.oracle.check(process.state, at: index, by: place)
        try self.checkPromises(process.state)
        if isFirst { self.note(submission, outcome, process.state) }
        return outcome
    }

    /// An entry is applied for the first time anywhere.
    private func note(_ submission: Submission, _ outcome: Outcome, _ state: ClusterState) {
        self.report.count(.entries)
        self.trace.mix(state.digest)
        self.narrate("entry \(state.appliedIndex): \(submission.act) -> \(outcome)")
        guard case .command(let command) = submission.act, case .applied(let receipt) = outcome else { return }
        if receipt.isRepeated { return }
        if case .refused = receipt.response { return }
        switch command {
        case .setWorkerStatus(let change):
            if change.to == .unhealthy { self.report.count(.lostWorkers) }
            self.ambushLeader()
        case .reassign:
            self.report.count(.reassignments)
            self.ambushLeader()
        case .advanceMigration:
            self.report.count(.migrationSteps)
            self.ambushLeader()
        case .startDrain: self.report.count(.drains)
        case .updateGroup:
            self.report.count(.updates)
            self.ambushLeader()
        case .register, .deployGroup: self.ambushLeader()
        default: break
        }
    }

    func read(for reading: Coordinator.Reading, _ place: Int, _ process: Coordinator) throws(Violation) {
        let id = ReadID(self.nextNumber())
        process.readings[id] = reading
        try self.step(place, process, .read(id, .index))
    }

    func propose(
        _ submission: Submission,
        for writing: Coordinator.Writing,
        _ place: Int,
        _ process: Coordinator
    ) throws(Violation) {
        let id = ProposalID(self.nextNumber())
        process.writings[id] = writing
        let time = LogTime(milliseconds: self.wallMilliseconds)
        try self.step(place, process, .proposals([Proposal(id: id, payload: submission.encoded())], time: time))
    }
}
