internal import HashTreeCollections
import RaftSessions

extension ClusterState {
    mutating func register(_ command: Command.Register) throws(Refusal) -> Response {
        if let fault = command.labels.fault { throw .invalid(fault) }
        guard var worker = self.workersByID[command.worker] else {
            self.workersByID[command.worker] = Worker(
                id: command.worker,
                incarnation: command.incarnation,
                address: command.address,
                capacity: command.capacity,
                labels: command.labels,
                status: .ready,
                key: command.key,
                sealedKey: command.sealedKey,
                registrationIndex: self.appliedIndex
            )
            return .done
        }
        if let owner = worker.key, owner != command.key, !command.takesOver, self.isInForce(owner) {
            throw .workerIDTaken(worker.id)
        }
        let restarted = worker.incarnation != command.incarnation
        if restarted {
            guard command.replacing == worker.incarnation else {
                throw .preconditionFailed(.incarnation(worker.incarnation))
            }
            worker.incarnation = command.incarnation
            worker.registrationIndex = self.appliedIndex
        }
        worker.address = command.address
        worker.capacity = command.capacity
        worker.labels = command.labels
        worker.key = command.key
        worker.sealedKey = command.sealedKey
        // A drain is an operator's wish for this process; a restart ends it.
        if restarted { worker.drain = nil }
        if worker.status != .drained || restarted { worker.returnToService() }
        self.workersByID[worker.id] = worker
        if restarted { self.restartPlacements(on: worker.id) }
        return .done
    }

    mutating func deregister(_ command: Command.Deregister) throws(Refusal) -> Response {
        guard let worker = self.workersByID[command.worker] else { throw .workerNotFound(command.worker) }
        if let incarnation = command.incarnation, incarnation != worker.incarnation {
            throw .preconditionFailed(.incarnation(worker.incarnation))
        }
        self.updatePlacements(on: worker.id) { key, placement, state in
            placement.worker = nil
            placement.forgetReport()
            state.endMigration(of: key, .failed("worker \(worker.id) was deregistered"))
        }
        self.workersByID[worker.id] = nil
        return .done
    }

    mutating func setWorkerStatus(_ command: Command.SetWorkerStatus) throws(Refusal) -> Response {
        guard let worker = self.workersByID[command.worker] else { throw .workerNotFound(command.worker) }
        guard worker.incarnation == command.incarnation else {
            throw .preconditionFailed(.incarnation(worker.incarnation))
        }
        if worker.status == command.to { return .done }
        guard worker.status == command.from else { throw .preconditionFailed(.workerStatus(worker.status)) }
        var changed = worker
        switch command.to {
        case .ready, .registering:
            changed.drain = nil
            changed.status = command.to
        case .draining:
            if changed.drain == nil { changed.drain = self.newDrain }
            changed.returnToService()
        case .unhealthy: changed.status = .unhealthy
        case .drained: throw .invalid("a worker is drained when its drain has finished")
        }
        self.workersByID[worker.id] = changed
        return .done
    }

    /// A new process at the same worker: each placement is a new assignment, at an epoch of its own, so that an older
    /// process that still runs somewhere is fenced off.
    private mutating func restartPlacements(on worker: WorkerID) {
        self.updatePlacements(on: worker) { key, placement, state in
            state.renew(&placement)
            state.followMigration(of: key, placement.epoch)
        }
    }

    /// Changes every placement of a worker, in the order of the groups' ids: epochs are given out on the way.
    private mutating func updatePlacements(
        on worker: WorkerID,
        _ change: (PlacementKey, inout Placement, inout ClusterState) -> Void
    ) {
        guard self.workersByID[worker]?.assignedCount != 0 else { return }
        for id in self.groupsByID.keys.sorted() {
            guard var group = self.groupsByID[id] else { continue }
            guard group.placements.contains(where: { $0.worker == worker }) else { continue }
            for index in group.placements.indices where group.placements[index].worker == worker {
                change(group.key(of: group.placements[index]), &group.placements[index], &self)
            }
            self.groupsByID[id] = group
        }
    }
}
