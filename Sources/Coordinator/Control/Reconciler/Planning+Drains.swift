internal import ClusterState

extension Planning {
    /// A worker that is being drained is emptied, few pipelines at a time; what can't be moved stays and is tried again.
    mutating func superviseDrains() {
        for worker in self.workers where worker.status == .draining && !self.silent.contains(worker.id) {
            guard let drain = worker.drain else { continue }
            let leaving = self.state.migrationsUnderWay.filter { $0.source == worker.id }
            if worker.assignedCount == 0 {
                if leaving.isEmpty { self.finish(drain, of: worker, .drained) }
            } else if drain.phase == .moving {
                if let deadline = drain.deadlineMilliseconds, self.time >= deadline {
                    self.finish(drain, of: worker, .overdue)
                } else {
                    self.move(from: worker, drain, places: self.settings.migrationsPerWorkerMax - leaving.count)
                }
            }
        }
    }

    private mutating func finish(
        _ drain: ClusterState.Drain,
        of worker: ClusterState.Worker,
        _ end: Command.FinishDrain.End
    ) {
        self.act(
            on: .drain(worker.id, drain.startIndex, end),
            .propose(
                .finishDrain(Command.FinishDrain(worker: worker.id, drain: drain.startIndex, end: end))
            )
        )
    }

    private mutating func move(from worker: ClusterState.Worker, _ drain: ClusterState.Drain, places: Int) {
        guard places > 0 else { return }
        var places = places
        let failures = FailedMigrations(self.state, from: worker.id)
        for group in self.groups {
            for placement in group.placements where placement.worker == worker.id {
                guard places > 0 else { return }
                let key = group.key(of: placement)
                let company = group.company(of: placement).map(group.key)
                if company.contains(where: { self.isMoving($0) }) { continue }
                guard failures.isDue(key, at: self.time, self.settings) else { continue }
                var request = PlacementRequest(moving: placement, of: group)
                request.avoided = failures.targets(of: key)
                guard let target = self.chooseWorker(request) else {
                    let reason = "it can't leave worker \(worker.id): \(self.shortage(request))"
                    self.note(key, placement.epoch, waitingFor: reason)
                    continue
                }
                places -= 1
                self.underWay.formUnion(company)
                let start = Command.StartMigration(
                    migration: MigrationID(moving: key, from: placement.epoch, seenAt: self.state.appliedIndex),
                    placement: key,
                    from: placement.epoch,
                    target: target,
                    reason: .drain,
                    drain: drain.startIndex
                )
                self.act(on: .assignment(key, placement.epoch), .propose(.startMigration(start)))
            }
        }
    }
}

extension Planning {
    private func isMoving(_ key: PlacementKey) -> Bool {
        self.underWay.contains(key) || self.state.openMigration(of: key) != nil
    }
}

/// The migrations from a worker that have failed of late, so that what does not start elsewhere is not moved to and fro.
struct FailedMigrations {
    private struct Failures {
        var count: UInt64 = 0
        var last: UInt64 = 0
        var targets: Set<WorkerID> = []
    }
    private var failures: [PlacementKey: Failures] = [:]

    init(_ state: ClusterState, from worker: WorkerID) {
        for migration in state.migrations where migration.source == worker {
            guard case .failed = migration.phase else { continue }
            self.failures[migration.placement, default: Failures()].count += 1
            self.failures[migration.placement]?.last = migration.phaseMilliseconds
            self.failures[migration.placement]?.targets.insert(migration.target)
        }
    }

    /// The wait grows with each failure.
    func isDue(_ key: PlacementKey, at time: UInt64, _ settings: Reconciler.Settings) -> Bool {
        guard let failures = self.failures[key] else { return true }
        let step = UInt64(clamping: settings.retryMax.components.seconds) &* 1_000
        return time >= failures.last &+ step &* min(failures.count, 10)
    }

    func targets(of key: PlacementKey) -> Set<WorkerID> { self.failures[key]?.targets ?? [] }
}
