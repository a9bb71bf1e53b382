internal import HashTreeCollections
import RaftSessions

extension ClusterState {
    mutating func startDrain(_ command: Command.StartDrain) throws(Refusal) -> Response {
        guard var worker = self.workersByID[command.worker] else { throw .workerNotFound(command.worker) }
        if let incarnation = command.incarnation, incarnation != worker.incarnation {
            throw .preconditionFailed(.incarnation(worker.incarnation))
        }
        if worker.drain == nil || worker.drain?.phase == .overdue { worker.drain = self.newDrain }
        worker.drain?.deadlineMilliseconds = command.deadlineMilliseconds
        switch worker.status {
        case .registering, .ready: worker.status = .draining
        case .unhealthy, .draining, .drained: break
        }
        self.workersByID[worker.id] = worker
        return .done
    }

    mutating func finishDrain(_ command: Command.FinishDrain) throws(Refusal) -> Response {
        guard var worker = self.workersByID[command.worker] else { throw .workerNotFound(command.worker) }
        guard let drain = worker.drain, drain.startIndex == command.drain else {
            throw .preconditionFailed(.workerStatus(worker.status))
        }
        if drain.phase.rawValue == command.end.rawValue { return .done }
        guard worker.status == .draining else { throw .preconditionFailed(.workerStatus(worker.status)) }
        switch command.end {
        case .drained:
            guard worker.assignedCount == 0 else { throw .preconditionFailed(.assigned(worker.assignedCount)) }
            worker.drain?.phase = .drained
            worker.status = .drained
        case .overdue:
            worker.drain?.phase = .overdue
        }
        self.workersByID[worker.id] = worker
        return .done
    }

    mutating func cancelDrain(_ command: Command.CancelDrain) throws(Refusal) -> Response {
        guard var worker = self.workersByID[command.worker] else { throw .workerNotFound(command.worker) }
        guard let drain = worker.drain else { return .done }
        worker.drain = nil
        if worker.status == .draining || worker.status == .drained { worker.status = .ready }
        self.workersByID[worker.id] = worker
        // What has left is not called back; what has not stays.
        for id in self.openMigrations.values.sorted() {
            guard let migration = self.migrationsByID[id], migration.source == worker.id else { continue }
            if migration.phase == .checkpointing, migration.drain == drain.startIndex {
                self.put(migration, in: .cancelled)
            }
        }
        return .done
    }

    var newDrain: Drain {
        Drain(
            startIndex: self.appliedIndex,
            startedMilliseconds: self.time,
            deadlineMilliseconds: nil,
            phase: .moving
        )
    }
}

extension ClusterState.Worker {
    /// The worker is there. A drain outlives its silence.
    mutating func returnToService() {
        if self.drain?.phase == .drained { self.drain?.phase = .moving }
        self.status = self.drain == nil ? .ready : .draining
    }

    /// What is wrong with its drain, as a sentence.
    var violatedDrain: String? {
        switch (self.status, self.drain?.phase) {
        case (.ready, nil), (.registering, nil), (.unhealthy, _), (.draining, .moving), (.draining, .overdue): nil
        case (.drained, .drained): self.assignedCount == 0 ? nil : "is drained, but not empty"
        case (.ready, _), (.registering, _), (.draining, _), (.drained, _): "has a drain that does not fit its status"
        }
    }
}
