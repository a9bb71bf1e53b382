import ClusterState
import RaftCore

// A coordinator's process: its start and its end, and what comes to it.

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
        case .probe(let worker): self.probe(worker, place, process)
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
        case .sessionLost(let worker, let incarnation): self.noteLoss(worker, incarnation, place, process)
        case .probeAnswer(let number, let found): try self.probed(number, found, place, process)
        case .call, .probe: break
        }
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

    func planSync(_ place: Int) {
        let time = self.now + self.draw(self.faults.disk)
        self.agenda.plan(.coordinator(place, boot: self.coordinators[place].boot, .synced), at: time)
    }

    func planTimer(_ place: Int, _ process: Coordinator) {
        let deadline = process.core.deadline
        guard deadline != .never else { return }
        let time = max(self.now, deadline.nanoseconds / self.coordinators[place].clock.rate + 1)
        guard time < process.timer.time else { return }
        process.timer = (process.timer.plan + 1, time)
        let task = CoordinatorTask.raftTimer(plan: process.timer.plan)
        self.agenda.plan(.coordinator(place, boot: self.coordinators[place].boot, task), at: time)
    }
}
