import ClusterControl
import ClusterState

// Operators want groups and connectors to be there, or gone, and repeat a request until somebody answers it.

extension World {
    func makeSubjects() -> [Subject] {
        var subjects = (0..<self.faults.subjects).map { place in
            Subject(kind: place % 3 == 2 ? .connector : .group, name: "s\(place)")
        }
        if self.faults.hasMoves { subjects.append(Subject(kind: .workers, name: "workers")) }
        return subjects
    }

    /// An operator who waits for nothing wants something else.
    func operate() {
        if self.isHealed { return }
        self.agenda.plan(.operate, at: self.now + self.draw(1...self.faults.operateInterval * 2))
        let place = self.drawPlace(below: self.subjects.count)
        guard self.subjects[place].open == nil, let act = self.drawAct(place) else { return }
        let operation = Operation(number: self.nextNumber(), act: act)
        self.subjects[place].open = operation
        self.subjects[place].wish = .unsettled
        self.narrate("operation \(operation.number): \(act)")
        self.request(place)
    }

    private func drawAct(_ place: Int) -> Operation.Act? {
        let subject = self.subjects[place]
        switch subject.kind {
        case .group:
            guard let group = subject.group, let spec = subject.spec else {
                self.subjects[place].programs = self.drawPrograms()
                return .deploy(self.drawSpec(place))
            }
            return self.chance(500) ? .delete(group) : .update(group, self.drawUpdate(place, of: spec))
        case .connector:
            if case .present = subject.wish { return .deleteConnector(ConnectorName(subject.name)) }
            let parameter = ClusterState.Connector.Parameter(key: "host", value: .plain("h\(self.draw(0...9))"))
            let connector = ClusterState.Connector(
                name: ConnectorName(subject.name),
                type: "mqtt",
                parameters: [parameter]
            )
            return .putConnector(connector)
        case .workers:
            let worker = self.workers[self.drawPlace(below: self.workers.count)]
            if worker.process == nil { return .deregister(worker.id, WorkerIncarnation(worker.boot)) }
            // Only the first worker is ever drained: others must be there to take what runs.
            switch self.draw(0...9) {
            case 0: return .drain(self.workers[0].id)
            case 1: return .cancelDrain(self.workers[0].id)
            default: return self.drawKey().map { .migrate($0, worker.id) }
            }
        }
    }

    /// Any pipeline that is known to be deployed.
    private func drawKey() -> PlacementKey? {
        let subject = self.subjects[self.drawPlace(below: self.subjects.count)]
        guard let group = subject.group, let slots = subject.spec?.slots, !slots.isEmpty else { return nil }
        let slot = slots[self.drawPlace(below: slots.count)]
        return PlacementKey(group: group, pipeline: slot.pipeline, replica: slot.replica)
    }

    /// Asks any coordinator.
    private func request(_ place: Int) {
        guard let operation = self.subjects[place].open else { return }
        let number = self.nextNumber()
        self.subjects[place].request = number
        let request = Request(number: number, from: .operators, via: nil, body: .operate(operation))
        let to = Party.coordinator(self.drawPlace(below: self.coordinators.count))
        self.send(.request(request), from: .operators, to: to)
        self.agenda.plan(.retry(subject: place, try: number), at: self.now + .seconds(self.draw(1...5)))
    }

    func retry(_ place: Int, _ number: UInt64) {
        guard self.subjects[place].open != nil, self.subjects[place].request == number else { return }
        self.report.count(.repeatedRequests)
        self.request(place)
    }

    func receive(_ reply: Reply) throws(Violation) {
        // What no answer came to in time may come late: it is as good.
        guard let place = self.subjects.firstIndex(where: { $0.open != nil && $0.request == reply.number }),
            let operation = self.subjects[place].open
        else { return }
        switch reply.body {
        case .done(let response, let index):
            self.subjects[place].open = nil
            self.subjects[place].index = index
            self.report.count(.acknowledged)
            self.narrate("operation \(operation.number) is done at \(index): \(response)")
            self.settle(place, operation, response)
        case .refused(let refusal):
            self.subjects[place].open = nil
            if case .workers = self.subjects[place].kind { return }
            // A worker went while the request was decided on. Nothing was done, for certain: another request may be made.
            guard case .preconditionFailed(.workerUnavailable) = refusal else {
                throw Violation(.acknowledgedStays, "operation \(operation.number), \(operation.act): \(refusal)")
            }
            self.subjects[place].open = Operation(number: self.nextNumber(), act: operation.act)
            self.request(place)
        case .unavailable: break  // asked again in a while
        case .registered, .known, .unknownWorker, .confirmed, .verdict: break
        }
    }

    private func settle(_ place: Int, _ operation: Operation, _ response: Response) {
        switch operation.act {
        case .deploy(let spec):
            self.subjects[place].wish = .present
            self.subjects[place].spec = spec
            if case .group(let group, _) = response { self.subjects[place].group = group }
        case .update(_, let spec):
            self.subjects[place].wish = .present
            self.subjects[place].spec = spec
        case .putConnector: self.subjects[place].wish = .present
        case .delete:
            self.subjects[place].wish = .absent
            self.subjects[place].group = nil
            self.subjects[place].spec = nil
        case .deleteConnector: self.subjects[place].wish = .absent
        case .drain, .cancelDrain, .migrate, .deregister: self.subjects[place].wish = .absent
        }
    }
}
