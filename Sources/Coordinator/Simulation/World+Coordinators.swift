import ClusterState
import RaftCore

// What a coordinator's driver does around the core.

extension World {
    func startCoordinator(_ place: Int) throws(Violation) {
        let voters = self.coordinators.map(\.id)
        let machine = self.coordinators[place]
        let core = Consensus(
            id: machine.id,
            settings: self.settings,
            recovered: machine.disk.recovered(Membership(voters: voters)),
            seed: self.random.next(),
            now: self.instant(place)
        )
        self.coordinators[place].boot += 1
        let process = Coordinator(core)
        self.coordinators[place].process = process
        self.narrate("coordinator \(place) starts")
        self.planTimer(place, process)
        self.plan(.pace, for: place, in: self.pace)
        self.plan(.relay, for: place, in: .milliseconds(250))
    }

    func crashCoordinator(_ place: Int) {
        guard self.coordinators[place].process != nil else { return }
        let keepsBatch = self.chance(500)
        self.coordinators[place].disk.crash(keepingBatch: keepsBatch)
        self.coordinators[place].process = nil
        self.coordinators[place].boot += 1
        self.coordinators[place].pausedUntil = 0
        self.narrate("coordinator \(place) loses power")
        self.agenda.plan(.restart(.coordinator(place)), at: self.now + self.draw(1...self.faults.span))
    }

    func carryOut(_ task: CoordinatorTask, _ place: Int, _ process: Coordinator) throws(Violation) {
        switch task {
        case .raftTimer(let plan):
            guard process.timer.plan == plan else { return }
            process.timer.time = .max
            try self.step(place, process, .timer)
        case .synced:
            guard let (receipt, goesOn) = self.coordinators[place].disk.finish() else { return }
            if goesOn { self.planSync(place) }
            try self.step(place, process, .persisted(receipt))
        case .pace:
            self.plan(.pace, for: place, in: self.pace)
            try self.callForAttention(place, process)
        case .relay:
            self.plan(.relay, for: place, in: .milliseconds(250))
            try self.relay(place, process)
        case .callTimeout(let number): try self.endCall(number, answer: nil, place, process)
        case .relayTimeout(let number): self.putBack(number, process)
        }
    }

    func receive(_ message: Message, from: Party, _ place: Int, _ process: Coordinator) throws(Violation) {
        switch message {
        case .raft(let envelope): try self.step(place, process, .message(envelope))
        case .relay(let number, let heartbeats):
            try self.take(heartbeats, number: number, from: from, place, process)
        case .relayTaken(let number): process.relayed[number] = nil
        case .request(let request): try self.handle(request, place, process)
        case .reply(let reply): self.send(.reply(reply), from: .coordinator(place), to: reply.to)
        case .callAnswer(let number, let answer): try self.endCall(number, answer: answer, place, process)
        case .call: break
        }
    }

    // MARK: The core

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
        let time = LogTime(milliseconds: 1_700_000_000_000 + self.now / 1_000)
        try self.step(place, process, .proposals([Proposal(id: id, payload: submission.encoded())], time: time))
    }

    // MARK: Time

    /// The moment on a coordinator's clock.
    func instant(_ place: Int) -> Instant {
        Instant(nanoseconds: self.coordinators[place].clock.nanoseconds(at: self.now))
    }

    private var pace: Moment { min(.milliseconds(500), self.faults.heartbeatInterval / 2) }

    func plan(_ task: CoordinatorTask, for place: Int, in span: Moment) {
        let time = self.now + self.coordinators[place].clock.span(span)
        self.agenda.plan(.coordinator(place, boot: self.coordinators[place].boot, task), at: time)
    }

    private func planSync(_ place: Int) {
        let time = self.now + self.draw(self.faults.disk)
        self.agenda.plan(.coordinator(place, boot: self.coordinators[place].boot, .synced), at: time)
    }

    private func planTimer(_ place: Int, _ process: Coordinator) {
        let deadline = process.core.deadline
        guard deadline != .never else { return }
        let time = max(self.now, deadline.nanoseconds / self.coordinators[place].clock.rate + 1)
        guard time < process.timer.time else { return }
        process.timer = (process.timer.plan + 1, time)
        let task = CoordinatorTask.raftTimer(plan: process.timer.plan)
        self.agenda.plan(.coordinator(place, boot: self.coordinators[place].boot, task), at: time)
    }
}
