internal import HashTreeCollections
import RaftSessions

extension ClusterState {
    mutating func updateGroup(_ command: Command.UpdateGroup) throws(Refusal) -> Response {
        guard let group = self.groupsByID[command.group] else { throw .groupNotFound(command.group) }
        if group.spec.canonicalBytes == command.spec.canonicalBytes { return .updated(group.generation) }
        guard group.generation == command.generation else {
            throw .preconditionFailed(.generation(group.generation))
        }
        if let fault = command.spec.fault { throw .invalid(fault) }
        guard command.spec.name == group.spec.name else { throw .invalid("the name of a group can't be changed") }
        // While an update is under way, what ran before it stays what can be gone back to.
        var phase = group.phase
        if case .updating = phase {} else { phase = .updating(previous: group.spec) }
        try self.change(group, to: command.spec, phase, command.workers)
        return .updated(self.appliedIndex)
    }

    mutating func confirmUpdate(_ command: Command.ConfirmUpdate) throws(Refusal) -> Response {
        guard var group = self.groupsByID[command.group] else { throw .groupNotFound(command.group) }
        guard group.generation == command.generation else {
            throw .preconditionFailed(.generation(group.generation))
        }
        if group.phase == .settled { return .done }
        guard case .updating = group.phase else { throw .notUpdating(group.id) }
        guard group.placements.allSatisfy({ $0.status == .running }) else {
            throw .preconditionFailed(.notRunning(group.id))
        }
        group.phase = .settled
        self.groupsByID[group.id] = group
        return .done
    }

    mutating func rollBackGroup(_ command: Command.RollBackGroup) throws(Refusal) -> Response {
        guard let group = self.groupsByID[command.group] else { throw .groupNotFound(command.group) }
        guard group.generation == command.generation else {
            throw .preconditionFailed(.generation(group.generation))
        }
        guard case .updating(let previous) = group.phase else { throw .notUpdating(group.id) }
        guard command.reason.utf8.count <= Command.RollBackGroup.reasonBytesMax else {
            throw .invalid("the reason has more than \(Command.RollBackGroup.reasonBytesMax) bytes")
        }
        try self.change(group, to: previous, .rolledBack(reason: command.reason), command.workers)
        return .updated(self.appliedIndex)
    }

    /// Gives a group another spec. What runs as before keeps its worker and its epoch; what is changed gets a new epoch
    /// at its worker; what is added gets one of `workers`.
    private mutating func change(
        _ group: Group,
        to spec: GroupSpec,
        _ phase: Group.Phase,
        _ workers: [WorkerID?]
    ) throws(Refusal) {
        let added = group.addedSlots(in: spec)
        guard workers.count == added.count else {
            throw .invalid("\(workers.count) workers were named for \(added.count) new placements")
        }
        // A refusal must change nothing, so the assignments are made on a copy.
        var state = self
        let slots = spec.slots
        var former: [Slot: Placement] = [:]
        for placement in group.placements { former[placement.slot] = placement }
        for slot in Set(former.keys).subtracting(slots) {
            if let worker = former[slot]?.worker { state.workersByID.change(worker) { $0.assignedCount -= 1 } }
        }
        var rest = workers[...]
        var changed = group
        changed.placements = []
        changed.placements.reserveCapacity(slots.count)
        let same = Set(spec.pipelines.map(\.name).filter { spec.runs($0, asIn: group.spec) })
        for slot in slots {
            var placement = former[slot] ?? Placement(unplaced: slot)
            if former[slot] == nil {
                if let worker = rest.popFirst() ?? nil { try state.assign(&placement, to: worker) }
            } else if !same.contains(slot.pipeline), placement.worker != nil {
                state.renew(&placement)
            }
            changed.placements.append(placement)
        }
        changed.spec = spec
        changed.phase = phase
        changed.generation = self.appliedIndex
        state.groupsByID[group.id] = changed
        self = state
    }
}
