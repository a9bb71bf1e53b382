internal import HashTreeCollections
import RaftSessions

extension ClusterState {
    mutating func deployGroup(_ command: Command.DeployGroup) throws(Refusal) -> Response {
        if let existing = self.groupsByID[command.group] ?? self.group(named: command.spec.name) {
            guard existing.spec.canonicalBytes == command.spec.canonicalBytes else { throw .groupExists(existing.id) }
            return .group(existing.id, created: false)
        }
        if command.group == .reserved { throw .invalid("no group may have the id \(GroupID.reserved)") }
        if let fault = command.spec.fault { throw .invalid(fault) }
        try self.checkBroker(of: command.spec)
        let slots = command.spec.slots
        guard command.workers.count == slots.count else {
            throw .invalid("\(command.workers.count) workers were named for \(slots.count) placements")
        }
        // A refusal must change nothing, so the assignments are made on a copy.
        var state = self
        var placements: [Placement] = []
        placements.reserveCapacity(slots.count)
        for (slot, worker) in zip(slots, command.workers) {
            var placement = Placement(unplaced: slot)
            if let worker { try state.assign(&placement, to: worker) }
            placements.append(placement)
        }
        var group = Group(
            id: command.group,
            spec: command.spec,
            generation: self.appliedIndex,
            placements: placements
        )
        try state.gatherCompanies(of: &group)
        state.groupsByID[group.id] = group
        state.groupIDsByName[group.spec.name] = group.id
        self = state
        return .group(command.group, created: true)
    }

    mutating func deleteGroup(_ command: Command.DeleteGroup) throws(Refusal) -> Response {
        guard let group = self.groupsByID[command.group] else { throw .groupNotFound(command.group) }
        if let generation = command.generation, generation != group.generation {
            throw .preconditionFailed(.generation(group.generation))
        }
        for placement in group.placements {
            self.endMigration(of: group.key(of: placement), .cancelled)
            if let worker = placement.worker { self.workersByID.change(worker) { $0.assignedCount -= 1 } }
        }
        self.groupsByID[group.id] = nil
        self.groupIDsByName[group.spec.name] = nil
        return .done
    }

    mutating func reassign(_ command: Command.Reassign) throws(Refusal) -> Response {
        var (group, index) = try self.find(command.placement)
        guard group.placements[index].epoch == command.from else {
            throw .preconditionFailed(.epoch(group.placements[index].epoch))
        }
        if let id = command.migration {
            guard Self.isName(id) else { throw .invalid("the id of a migration must have 1 to 128 bytes") }
            if self.migrationsByID[id] != nil { throw .migrationExists(id) }
        }
        let former = group.placements[index]
        try self.move(index, of: &group, to: command.to)
        self.groupsByID[group.id] = group
        self.endMigration(of: command.placement, .failed("the pipeline was assigned to worker \(command.to)"))
        if let id = command.migration {
            self.openFailover(id, of: command.placement, from: former, to: group.placements[index])
        }
        return .assigned(group.placements[index].epoch)
    }

    mutating func reportPlacement(_ command: Command.ReportPlacement) throws(Refusal) -> Response {
        let (group, index) = try self.find(command.placement)
        let placement = group.placements[index]
        // Without a worker the epoch is that of an assignment which has ended.
        guard placement.epoch == command.epoch, placement.worker != nil else {
            throw .preconditionFailed(.epoch(placement.epoch))
        }
        self.groupsByID.change(group.id) { group in
            group.placements[index].status = command.status
            group.placements[index].pipelineID = command.pipelineID
        }
        return .done
    }

    /// Gives a placement to a worker at a new epoch, and takes it from the one that had it.
    ///
    /// The placement is a copy that the caller stores; on a refusal nothing is changed. What `returns` may go to a worker
    /// that is being drained: it comes from there.
    mutating func assign(
        _ placement: inout Placement,
        to worker: WorkerID,
        returns: Bool = false
    ) throws(Refusal) {
        guard let target = self.workersByID[worker] else { throw .preconditionFailed(.workerUnavailable(worker)) }
        // Staying at the same worker takes no further place there.
        let hasRoom = placement.worker == worker || target.assignedCount < target.capacity.pipelinesMax
        guard hasRoom, target.status == .ready || returns && target.status == .draining else {
            throw .preconditionFailed(.workerUnavailable(worker))
        }
        if let former = placement.worker { self.workersByID.change(former) { $0.assignedCount -= 1 } }
        self.workersByID.change(worker) { $0.assignedCount += 1 }
        placement.worker = worker
        self.renew(&placement)
    }

    /// A placement is to be started anew where it is, at an epoch of its own.
    mutating func renew(_ placement: inout Placement) {
        placement.epoch = self.nextEpoch()
        placement.forgetReport()
    }

    func find(_ key: PlacementKey) throws(Refusal) -> (Group, Int) {
        guard let group = self.groupsByID[key.group] else { throw .groupNotFound(key.group) }
        let index = group.placements.firstIndex { $0.pipeline == key.pipeline && $0.replica == key.replica }
        guard let index else { throw .placementNotFound(key) }
        return (group, index)
    }
}
