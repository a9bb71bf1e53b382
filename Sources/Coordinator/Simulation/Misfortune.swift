import RaftCore

// What the world does to everybody. Each fault ends by itself.

extension World {
    func strike() {
        if self.isHealed { return }
        self.agenda.plan(.fault, at: self.now + self.draw(1...self.faults.interval * 2))
        guard !self.faults.kinds.isEmpty else { return }
        let kind = self.faults.kinds[self.drawPlace(below: self.faults.kinds.count)]
        let coordinator = self.drawPlace(below: self.coordinators.count)
        let worker = self.drawPlace(below: self.workers.count)
        self.strike(kind, coordinator: coordinator, worker: worker)
    }

    func strike(_ kind: FaultKind, coordinator: Int, worker: Int) {
        if self.isHealed || self.overrides.without.contains(kind) { return }
        let end = self.now + self.draw(1...self.faults.span)
        self.report.count(kind)
        self.narrate("fault: \(kind.rawValue)")
        switch kind {
        case .crashCoordinator: self.crashCoordinator(coordinator)
        case .crashLeader, .ambushLeader: for place in self.leaders { self.crashCoordinator(place) }
        case .crashAllCoordinators: for place in self.coordinators.indices { self.crashCoordinator(place) }
        case .crashWorker: self.crashWorker(worker)
        case .crashAllWorkers: for place in self.workers.indices { self.crashWorker(place) }
        case .pauseCoordinator: self.pauseCoordinator(coordinator)
        case .pauseLeader: for place in self.leaders { self.pauseCoordinator(place) }
        case .pauseWorker: self.workers[worker].pausedUntil = self.now + self.draw(1...self.faults.pauseSpan)
        case .partition: self.part(until: end)
        case .cut, .cutOneWay:
            let parties = self.network.parties
            let one = parties[self.drawPlace(below: parties.count)]
            let other = parties[self.drawPlace(below: parties.count)]
            self.network.close(one, other, until: end)
            if kind == .cut { self.network.close(other, one, until: end) }
        case .cutFromCoordinators: self.cutFromCoordinators(worker, until: end)
        case .ambushOwner:
            switch self.draw(0...2) {
            case 0: self.crashWorker(worker)
            case 1: self.workers[worker].pausedUntil = self.now + self.draw(1...self.faults.pauseSpan)
            default: self.cutFromCoordinators(worker, until: end)
            }
        case .cutFromBrokers:
            for place in self.brokers.indices { self.cut(.worker(worker), .broker(place), until: end) }
        case .isolateLeader:
            for leader in self.leaders {
                for other in self.coordinators.indices where other != leader {
                    self.cut(.coordinator(leader), .coordinator(other), until: end)
                }
            }
        case .breakSession: self.breakSession(worker)
        case .restartBroker: self.restartBroker(self.drawPlace(below: self.brokers.count))
        case .drop, .duplicate, .late: break
        }
    }

    // MARK: At the wrong moment

    /// The leader has decided about a worker or a placement.
    func ambushLeader() {
        guard self.chance(self.faults.ambushLeader) else { return }
        self.agenda.plan(.ambush(.ambushLeader, worker: 0), at: self.now + self.draw(0...1_000_000))
    }

    /// A worker has become an owner.
    func ambush(worker: Int) {
        guard self.chance(self.faults.ambushOwner) else { return }
        self.agenda.plan(.ambush(.ambushOwner, worker: worker), at: self.now + self.draw(0...1_000_000))
    }

    // MARK: How

    /// Who believes to lead; there may be several.
    private var leaders: [Int] {
        self.coordinators.indices.filter { self.coordinators[$0].process?.isLeader == true }
    }

    private func pauseCoordinator(_ place: Int) {
        self.coordinators[place].pausedUntil = self.now + self.draw(1...self.faults.pauseSpan)
    }

    private func cutFromCoordinators(_ worker: Int, until end: Moment) {
        for place in self.coordinators.indices { self.cut(.worker(worker), .coordinator(place), until: end) }
    }

    private func cut(_ one: Party, _ other: Party, until end: Moment) {
        self.network.close(one, other, until: end)
        self.network.close(other, one, until: end)
    }

    private func part(until end: Moment) {
        let parties = self.network.parties.filter { party in
            if case .broker = party { false } else { true }
        }
        let sides = parties.map { _ in self.chance(500) }
        for (one, side) in zip(parties, sides) where side {
            for (other, otherSide) in zip(parties, sides) where !otherSide { self.cut(one, other, until: end) }
        }
    }
}
