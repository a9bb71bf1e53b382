import ClusterState

// Liveness: once everything has healed, what should run does, and nothing else.

extension World {
    /// All faults end. All coordinators come back, some workers may stay down for good.
    func recover() throws(Violation) {
        self.isHealed = true
        self.faults.heal()
        self.network.openAll()
        for place in self.coordinators.indices {
            self.coordinators[place].pausedUntil = 0
            if self.coordinators[place].process == nil { try self.startCoordinator(place) }
        }
        for place in self.brokers.indices { self.brokers[place].downUntil = 0 }
        // The first worker may be drained.
        let survivor = 1 + self.drawPlace(below: self.workers.count - 1)
        for place in self.workers.indices {
            self.workers[place].pausedUntil = 0
            let isDown = self.workers[place].process == nil
            self.workers[place].isRetired = place != survivor && isDown && self.chance(500)
            if isDown, !self.workers[place].isRetired { self.startWorker(place) }
        }
        let deadline = self.now + .seconds(240)
        var wanting = ""
        var nextLook = self.now
        while self.now < deadline {
            try self.happen()
            guard self.now >= nextLook else { continue }
            nextLook = self.now + .seconds(1)
            guard let missing = self.missing else { return }
            wanting = missing
        }
        throw Violation(.liveness, "240 s after healing, \(wanting)")
    }

    /// What is not yet as it should be; nil once all is.
    private var missing: String? {
        if let subject = self.subjects.first(where: { $0.open != nil }) { return "\(subject.name) has no answer" }
        let leaders = self.coordinators.compactMap(\.process).filter(\.isLeader)
        guard leaders.count == 1, let state = leaders.first?.state else { return "there is no single leader" }
        for process in self.coordinators.compactMap(\.process) where process.state.appliedIndex != state.appliedIndex {
            return "a coordinator is behind"
        }
        var owners: [PlacementKey: Int] = [:]
        for (place, machine) in self.workers.enumerated() {
            for pipeline in machine.process?.pipelines ?? [] {
                let placement = state.placement(pipeline.key)
                guard placement?.worker == machine.id, placement?.epoch == pipeline.epoch else {
                    return "worker \(place) holds \(pipeline.key) at \(pipeline.epoch), which is not its own"
                }
                if pipeline.isOwning { owners[pipeline.key, default: 0] += 1 }
            }
        }
        for group in state.groups {
            for placement in group.placements {
                let key = group.key(of: placement)
                if owners[key] != 1 { return "\(key) has \(owners[key] ?? 0) owners" }
                if placement.status != .running { return "\(key) is not known to run" }
            }
        }
        return nil
    }
}
