internal import HashTreeCollections
import RaftSessions

extension ClusterState {
    mutating func startMigration(_ command: Command.StartMigration) throws(Refusal) -> Response {
        if let existing = self.migrationsByID[command.migration] {
            guard existing.placement == command.placement, existing.target == command.target else {
                throw .migrationExists(existing.id)
            }
            return .migration(existing.id, created: false)
        }
        let (group, index) = try self.find(command.placement)
        let placement = group.placements[index]
        for member in group.company(of: placement) {
            if let open = self.openMigrations[group.key(of: member)] { throw .migrationExists(open) }
        }
        guard placement.epoch == command.from else { throw .preconditionFailed(.epoch(placement.epoch)) }
        guard let source = placement.worker else { throw .invalid("\(command.placement) has no worker to leave") }
        guard source != command.target else { throw .invalid("\(command.placement) is at worker \(source) already") }
        guard let target = self.workersByID[command.target], target.isAvailable else {
            throw .preconditionFailed(.workerUnavailable(command.target))
        }
        for pipeline in Set(group.company(of: placement).map(\.pipeline)).sorted() {
            guard let labels = group.spec.pipeline(pipeline)?.labels, !target.labels.include(labels) else { continue }
            throw .invalid("worker \(target.id) does not have the labels \(labels)")
        }
        guard Self.isName(command.migration) else { throw .invalid("the id of a migration must have 1 to 128 bytes") }
        guard self.makeRoomForMigration() else {
            throw .invalid("there are \(Migration.countMax) migrations under way already")
        }
        self.open(
            Migration(
                id: command.migration,
                placement: command.placement,
                source: source,
                sourceEpoch: placement.epoch,
                target: command.target,
                targetEpoch: nil,
                reason: command.reason,
                drain: command.drain,
                phase: .checkpointing,
                ranAtSource: false,
                checkpoint: nil,
                startIndex: self.appliedIndex,
                startedMilliseconds: self.time,
                phaseMilliseconds: self.time
            )
        )
        return .migration(command.migration, created: true)
    }

    mutating func advanceMigration(_ command: Command.AdvanceMigration) throws(Refusal) -> Response {
        guard var migration = self.migrationsByID[command.migration] else {
            throw .migrationNotFound(command.migration)
        }
        if migration.phase == command.to { return .done }
        guard migration.phase == command.from else { throw .preconditionFailed(.migrationPhase(migration.phase)) }
        guard command.from.mayBecome(command.to) else { throw .invalid("a migration does not take such a step") }
        if let checkpoint = command.checkpoint {
            guard checkpoint.utf8.count <= Migration.textBytesMax else {
                throw .invalid("the name of the checkpoint has more than \(Migration.textBytesMax) bytes")
            }
            migration.checkpoint = checkpoint
        }
        switch command.to {
        case .deploying: try self.hand(&migration, to: migration.target)
        case .cleaningUp:
            guard self.placement(migration.placement)?.status == .running else {
                throw .preconditionFailed(.notRunning(migration.placement.group))
            }
        case .failed(let reason):
            guard reason.utf8.count <= Migration.textBytesMax else {
                throw .invalid("the reason has more than \(Migration.textBytesMax) bytes")
            }
            // Where it can't go back, it stays at the target, and is tried there or moved on like everything else.
            if migration.targetEpoch != nil, migration.ranAtSource { try? self.hand(&migration, to: migration.source) }
        case .checkpointing, .restoring, .switching, .completed, .cancelled: break
        }
        self.put(migration, in: command.to)
        return .done
    }

    mutating func cancelMigration(_ command: Command.CancelMigration) throws(Refusal) -> Response {
        guard var migration = self.migrationsByID[command.migration] else {
            throw .migrationNotFound(command.migration)
        }
        switch migration.phase {
        case .cancelled: return .done
        case .checkpointing: break
        case .deploying, .restoring: try self.hand(&migration, to: migration.source)
        case .switching, .cleaningUp, .completed, .failed:
            throw .preconditionFailed(.migrationPhase(migration.phase))
        }
        self.put(migration, in: .cancelled)
        return .done
    }

    mutating func pruneMigrations(_ command: Command.PruneMigrations) -> Response {
        for migration in self.migrationsByID.values {
            guard let finished = migration.finishedMilliseconds, finished < command.before else { continue }
            self.migrationsByID[migration.id] = nil
        }
        return .done
    }

    /// Gives a migration's placement to its target, or back to its source, at a new epoch. On a refusal nothing is
    /// changed.
    private mutating func hand(_ migration: inout Migration, to worker: WorkerID) throws(Refusal) {
        var (group, index) = try self.find(migration.placement)
        let ran = group.placements[index].status == .running
        let goesBack = worker == migration.source
        try self.move(index, of: &group, to: worker, returns: goesBack)
        self.groupsByID[group.id] = group
        if goesBack {
            migration.sourceEpoch = group.placements[index].epoch
        } else {
            migration.targetEpoch = group.placements[index].epoch
            migration.ranAtSource = ran
        }
    }

    /// The open migration of a placement that has just been reassigned because its worker was lost. Only for operators
    /// to see: where there is no room for it, the reassignment does without.
    mutating func openFailover(
        _ id: MigrationID,
        of key: PlacementKey,
        from former: Placement,
        to placement: Placement
    ) {
        guard let source = former.worker, let target = placement.worker, source != target else { return }
        guard self.makeRoomForMigration() else { return }
        self.open(
            Migration(
                id: id,
                placement: key,
                source: source,
                sourceEpoch: former.epoch,
                target: target,
                targetEpoch: placement.epoch,
                reason: .failover,
                drain: nil,
                phase: .deploying,
                ranAtSource: former.status == .running,
                checkpoint: nil,
                startIndex: self.appliedIndex,
                startedMilliseconds: self.time,
                phaseMilliseconds: self.time
            )
        )
    }
}

extension ClusterState.Migration.Phase {
    /// The steps that a migration takes, besides being cancelled.
    fileprivate func mayBecome(_ next: Self) -> Bool {
        switch (self, next) {
        case (.checkpointing, .deploying), (.checkpointing, .failed): true
        case (.deploying, .restoring), (.deploying, .switching), (.deploying, .cleaningUp), (.deploying, .failed): true
        case (.restoring, .switching), (.restoring, .cleaningUp), (.restoring, .failed): true
        case (.switching, .cleaningUp), (.switching, .failed): true
        case (.cleaningUp, .completed): true
        default: false
        }
    }
}
