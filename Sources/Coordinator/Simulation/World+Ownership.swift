import ClusterControl
import ClusterState
import Ownership

// The driver of the machines of ownership: it carries out what they ask for, and decides nothing.

extension World {
    /// Lets something happen to a pipeline's machine, and does what follows from it.
    func change(
        _ serial: UInt64,
        _ place: Int,
        _ process: Worker,
        _ change: (inout Pipeline, inout [OwnershipEffect], ControlInstant) -> Void
    ) {
        guard let index = process.place(serial: serial) else { return }
        var effects: [OwnershipEffect] = []
        change(&process.pipelines[index], &effects, self.instant(ofWorker: place))
        if case .leased(let ownership) = process.pipelines[index].holding, let deadline = ownership.deadline {
            let span = self.instant(ofWorker: place).duration(to: deadline).components
            let microseconds = span.seconds * 1_000_000 + span.attoseconds / 1_000_000_000_000
            self.plan(.lease(serial: serial), for: place, in: UInt64(max(0, microseconds)) + 1)
        }
        for effect in effects { self.carryOut(effect, serial, place, process) }
    }

    private func carryOut(_ effect: OwnershipEffect, _ serial: UInt64, _ place: Int, _ process: Worker) {
        guard let index = process.place(serial: serial) else { return }
        let pipeline = process.pipelines[index]
        self.narrate("worker \(place), \(pipeline.key) at \(pipeline.epoch): \(effect)")
        switch effect {
        case .connect(let session): self.connect(session.rawValue, pipeline, place, process)
        case .readRecord(let broker, let attempt):
            if self.overrides.mutants.contains(.claimUnread) {
                return self.recordRead(nil, attempt, at: broker, serial, place, process)
            }
            guard let connection = pipeline.connection(at: pipeline.brokers[broker.rawValue]) else { return }
            self.sendUp(.read(attempt: attempt), over: connection)
        case .writeRecord(let broker, let attempt):
            guard let connection = pipeline.connection(at: pipeline.brokers[broker.rawValue]) else { return }
            let record = OwnerRecord(
                epoch: pipeline.epoch,
                worker: self.workers[place].id,
                incarnation: process.incarnation
            )
            self.sendUp(.write(record, attempt: attempt), over: connection)
        case .unmute:
            self.narrate("worker \(place) owns \(pipeline.key) at \(pipeline.epoch)")
            self.wantHeartbeat(place, process)
            guard !pipeline.isPublishing else { return }
            process.pipelines[index].isPublishing = true
            self.plan(.publish(serial: serial), for: place, in: self.draw(0...1_000_000))
            self.ambush(worker: place)
        case .mute: self.narrate("worker \(place) mutes \(pipeline.key) at \(pipeline.epoch)")
        case .askCoordinator(let attempt):
            self.report.count(.doubts)
            let question = Worker.OpenQuestion(
                serial: serial,
                attempt: attempt,
                triesLeft: self.coordinators.count
            )
            self.ask(question, place, process)
        case .checkRecord(let broker, let attempt):
            self.report.count(.probes)
            self.probe(pipeline, broker: broker.rawValue, attempt, place, process)
        case .startTimer(let duration, let attempt):
            let span = UInt64(duration.components.seconds) * self.draw(750_000...1_000_000)
            self.plan(.ownership(serial: serial, attempt: attempt), for: place, in: span)
        case .disconnectAll:
            for number in pipeline.connections.compactMap({ $0 }) { self.close(number) }
            process.pipelines[index].connections = pipeline.connections.map { _ in nil }
        case .stopSuperseded:
            self.report.count(.superseded)
            self.narrate("worker \(place) gives up \(pipeline.key) at \(pipeline.epoch)")
            self.remove(serial, place, process)
            self.wantHeartbeat(place, process)
        }
    }

    // MARK: Asking coordinators

    /// Asks the next coordinator, for two seconds in all.
    func ask(_ question: Worker.OpenQuestion, _ place: Int, _ process: Worker) {
        guard let index = process.place(serial: question.serial) else { return }
        guard question.triesLeft > 0 else { return self.answer(.none, to: question, place, process) }
        let pipeline = process.pipelines[index]
        var question = question
        question.triesLeft -= 1
        process.coordinator = (process.coordinator + 1) % self.coordinators.count
        let number = self.nextNumber()
        process.questions[number] = question
        let body = Question(
            worker: self.workers[place].id,
            incarnation: process.incarnation,
            placement: pipeline.key,
            epoch: pipeline.epoch
        )
        self.send(.ask(body), as: number, place, process)
        self.plan(.questionTimeout(number), for: place, in: .seconds(2) / UInt64(self.coordinators.count))
    }

    func handle(
        _ body: Reply.Body,
        to question: Worker.OpenQuestion,
        _ number: UInt64,
        _ place: Int,
        _ process: Worker
    ) {
        process.questions[number] = nil
        switch body {
        case .verdict(isCurrent: true):
            self.report.count(.confirmedDoubts)
            self.answer(.current, to: question, place, process)
        case .verdict(isCurrent: false): self.answer(.superseded, to: question, place, process)
        default: self.ask(question, place, process)
        }
    }

    private func answer(
        _ answer: AssignmentAnswer,
        to question: Worker.OpenQuestion,
        _ place: Int,
        _ process: Worker
    ) {
        self.change(question.serial, place, process) { pipeline, effects, now in
            switch pipeline.holding {
            case .fenced(var ownership):
                ownership.coordinatorAnswered(answer, attempt: question.attempt, &effects)
                pipeline.holding = .fenced(ownership)
            case .leased(var ownership):
                ownership.coordinatorAnswered(answer, attempt: question.attempt, now: now, &effects)
                pipeline.holding = .leased(ownership)
            }
        }
    }

    // MARK: Records

    func recordRead(
        _ record: OwnerRecord?,
        _ attempt: UInt64,
        at broker: BrokerID,
        _ serial: UInt64,
        _ place: Int,
        _ process: Worker
    ) {
        self.change(serial, place, process) { pipeline, effects, _ in
            guard case .fenced(var ownership) = pipeline.holding else { return }
            let reading: OwnerRecordReading = record.map { .epoch($0.epoch.rawValue) } ?? .absent
            ownership.recordRead(reading, at: broker, attempt: attempt, &effects)
            pipeline.holding = .fenced(ownership)
        }
    }
}
