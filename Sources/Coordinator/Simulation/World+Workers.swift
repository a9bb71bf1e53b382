import ClusterControl
import ClusterState
import Ownership

// A worker's process: its start and its end, and how it keeps itself known.

extension World {
    func startWorker(_ place: Int) {
        self.workers[place].boot += 1
        let boot = self.workers[place].boot
        let process = Worker(incarnation: WorkerIncarnation(boot))
        self.workers[place].process = process
        self.narrate("worker \(place) starts as \(process.incarnation)")
        self.call(.register, place, process)
    }

    /// Its connections stay open at the brokers until they notice.
    func crashWorker(_ place: Int) {
        guard self.workers[place].process != nil else { return }
        self.breakSession(place)
        self.workers[place].process = nil
        self.workers[place].pausedUntil = 0
        self.narrate("worker \(place) ends")
        for number in self.connections.keys.sorted() where self.connections[number]?.worker == place {
            // What it has sent is on its way still.
            self.agenda.plan(.droppedAtBroker(connection: number), at: self.now + self.draw(1...self.faults.keepAlive))
        }
        self.agenda.plan(.restart(.worker(place)), at: self.now + self.draw(1...self.faults.span))
    }

    func carryOut(_ task: WorkerTask, _ place: Int, _ process: Worker) throws(Violation) {
        switch task {
        case .requestTimeout(let number):
            guard let open = process.open, open.number == number else { return }
            self.tryNext(open, place, process)
        case .register: self.call(.register, place, process)
        case .heartbeat(let registration):
            guard process.registration == registration else { return }
            self.plan(.heartbeat(registration: registration), for: place, in: self.faults.heartbeatInterval)
            self.wantHeartbeat(place, process)
        case .gapOver(let registration):
            guard process.registration == registration else { return }
            process.isResting = false
            if process.isWanted { self.wantHeartbeat(place, process) }
        case .publish(let serial): try self.publish(serial, place, process)
        case .ownership(let serial, let attempt):
            self.change(serial, place, process) { pipeline, effects, _ in
                guard case .fenced(var ownership) = pipeline.holding else { return }
                ownership.timerFired(attempt: attempt, &effects)
                pipeline.holding = .fenced(ownership)
            }
        case .lease(let serial):
            self.change(serial, place, process) { pipeline, effects, now in
                guard case .leased(var ownership) = pipeline.holding else { return }
                ownership.clockAdvanced(to: now, &effects)
                pipeline.holding = .leased(ownership)
            }
        case .questionTimeout(let number):
            guard let question = process.questions.removeValue(forKey: number) else { return }
            self.ask(question, place, process)
        }
    }

    func receive(_ message: Message, from: Party, _ place: Int, _ process: Worker) throws(Violation) {
        switch message {
        case .call(let call): try self.handle(call, place, process)
        case .reply(let reply): self.handle(reply, place, process)
        case .probe(let number, let from):
            let answer = Message.probeAnswer(number: number, process.incarnation)
            self.send(answer, from: .worker(place), to: .coordinator(from))
        case .raft, .relay, .relayTaken, .request, .callAnswer, .sessionLost, .probeAnswer: break
        }
    }

    // MARK: Keeping itself known

    /// Something has changed, or a heartbeat is due. One is under way at a time; what comes meanwhile is in the next.
    func wantHeartbeat(_ place: Int, _ process: Worker) {
        process.isWanted = true
        guard process.registration != 0, process.open == nil, !process.isResting else { return }
        process.isWanted = false
        self.call(.heartbeat, place, process)
    }

    private func call(_ purpose: Worker.OpenRequest.Purpose, _ place: Int, _ process: Worker) {
        let open = Worker.OpenRequest(number: 0, purpose: purpose, triesLeft: self.coordinators.count)
        self.attempt(open, place, process)
    }

    private func attempt(_ open: Worker.OpenRequest, _ place: Int, _ process: Worker) {
        var open = open
        open.number = self.nextNumber()
        open.triesLeft -= 1
        process.open = open
        let body: Request.Body
        let timeout: Moment
        switch open.purpose {
        case .register:
            body = .register(self.workers[place].id, process.incarnation)
            timeout = .seconds(6)
        case .heartbeat:
            body = .heartbeat(self.heartbeat(place, process))
            timeout = self.faults.heartbeatInterval
            process.sent.append((open.number, self.workers[place].clock.nanoseconds(at: self.now)))
            if process.sent.count > 16 { process.sent.removeFirst() }
        }
        self.send(body, as: open.number, place, process)
        self.plan(.requestTimeout(open.number), for: place, in: timeout / UInt64(self.coordinators.count))
    }

    func send(_ body: Request.Body, as number: UInt64, _ place: Int, _ process: Worker) {
        let request = Request(number: number, from: .worker(place), via: nil, body: body)
        self.send(.request(request), from: .worker(place), to: .coordinator(process.coordinator))
    }

    private func heartbeat(_ place: Int, _ process: Worker) -> Heartbeat {
        let inventory = process.pipelines.map { pipeline in
            ReportedPipeline(id: pipeline.id, placement: pipeline.key, epoch: pipeline.epoch, status: pipeline.status)
        }
        return Heartbeat(worker: self.workers[place].id, incarnation: process.incarnation, inventory: inventory)
    }

    private func tryNext(_ open: Worker.OpenRequest, _ place: Int, _ process: Worker) {
        process.coordinator = (process.coordinator + 1) % self.coordinators.count
        if open.triesLeft > 0 { return self.attempt(open, place, process) }
        process.open = nil
        guard case .register = open.purpose else { return }  // the next heartbeat comes at its time
        self.plan(.register, for: place, in: process.pause * self.draw(750...1_000) / 1_000)
        process.pause = min(process.pause * 2, .seconds(30))
    }

    private func handle(_ reply: Reply, _ place: Int, _ process: Worker) {
        if let question = process.questions[reply.number] {
            return self.handle(reply.body, to: question, reply.number, place, process)
        }
        if case .confirmed = reply.body { return self.confirmed(reply.number, place, process) }
        guard let open = process.open, open.number == reply.number else { return }
        switch reply.body {
        case .registered:
            process.open = nil
            process.pause = .seconds(1)
            process.registrations += 1
            process.registration = process.registrations
            process.isResting = false
            self.plan(.heartbeat(registration: process.registration), for: place, in: 0)
        case .known:
            process.open = nil
            process.isResting = true
            self.plan(.gapOver(registration: process.registration), for: place, in: .milliseconds(50))
        case .unknownWorker:
            self.report.count(.reregistrations)
            process.registration = 0
            self.call(.register, place, process)
        case .refused, .unavailable: self.tryNext(open, place, process)
        case .done, .verdict, .confirmed: break
        }
    }

    /// The leader had heard that heartbeat.
    private func confirmed(_ number: UInt64, _ place: Int, _ process: Worker) {
        guard let sent = process.sent.first(where: { $0.number == number }) else { return }
        self.narrate(
            "worker \(place) is confirmed by heartbeat \(number), sent at \(sent.time / 1_000) us of its clock"
        )
        process.confirmed = max(process.confirmed ?? 0, sent.time)
        let sentAt = ControlInstant(sinceOrigin: .nanoseconds(Int64(sent.time)))
        for pipeline in process.pipelines where !pipeline.isFenced {
            self.change(pipeline.serial, place, process) { pipeline, effects, now in
                guard case .leased(var ownership) = pipeline.holding else { return }
                ownership.confirmed(sentAt: sentAt, now: now, &effects)
                pipeline.holding = .leased(ownership)
            }
        }
    }

    // MARK: Time

    func instant(ofWorker place: Int) -> ControlInstant {
        let nanoseconds = self.workers[place].clock.nanoseconds(at: self.now)
        return ControlInstant(sinceOrigin: .nanoseconds(Int64(nanoseconds)))
    }

    func plan(_ task: WorkerTask, for place: Int, in span: Moment) {
        let time = self.now + self.workers[place].clock.span(span)
        self.agenda.plan(.worker(place, boot: self.workers[place].boot, task), at: time)
    }
}
