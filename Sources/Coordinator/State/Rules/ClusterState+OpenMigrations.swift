internal import HashTreeCollections

// Keeping migrations in step with the placements they are about.

extension ClusterState {
    mutating func open(_ migration: Migration) {
        self.migrationsByID[migration.id] = migration
        self.openMigrations[migration.placement] = migration.id
    }

    mutating func put(_ migration: Migration, in phase: Migration.Phase) {
        var migration = migration
        migration.phase = phase
        migration.phaseMilliseconds = self.time
        self.migrationsByID[migration.id] = migration
        if !phase.isOpen { self.openMigrations[migration.placement] = nil }
    }

    /// A placement has got a new epoch at the worker that had it. Its migration goes on.
    mutating func followMigration(of key: PlacementKey, _ epoch: Epoch) {
        guard let id = self.openMigrations[key], var migration = self.migrationsByID[id] else { return }
        if migration.targetEpoch == nil { migration.sourceEpoch = epoch } else { migration.targetEpoch = epoch }
        self.migrationsByID[id] = migration
    }

    /// A placement has gone elsewhere, or is gone. If it had arrived where its migration took it, that is completed.
    mutating func endMigration(of key: PlacementKey, _ phase: Migration.Phase) {
        guard let id = self.openMigrations[key], let migration = self.migrationsByID[id] else { return }
        self.put(migration, in: migration.phase == .cleaningUp ? .completed : phase)
    }

    /// Forgets the migration that finished first if there are as many as there may be. False if all are under way.
    mutating func makeRoomForMigration() -> Bool {
        guard self.migrationsByID.count >= Migration.countMax else { return true }
        let finished = self.migrationsByID.values.filter { !$0.isOpen }
        let first = finished.min { one, other in
            one.phaseMilliseconds == other.phaseMilliseconds
                ? one.id < other.id : one.phaseMilliseconds < other.phaseMilliseconds
        }
        guard let first else { return false }
        self.migrationsByID[first.id] = nil
        return true
    }

    static func isName(_ id: MigrationID) -> Bool { (1...128).contains(id.rawValue.utf8.count) }

    /// A sentence about the first migration that is not where its placement is.
    var violatedMigration: String? {
        var open: [PlacementKey: MigrationID] = [:]
        if self.migrationsByID.count > Migration.countMax { return "there are too many migrations" }
        for migration in self.migrations {
            if let fault = self.fault(in: migration) { return "migration \(migration.id) \(fault)" }
            guard migration.isOpen else { continue }
            if let other = open.updateValue(migration.id, forKey: migration.placement) {
                return "migrations \(other) and \(migration.id) are about the same placement"
            }
        }
        return open == Dictionary(self.openMigrations.map { ($0.key, $0.value) }, uniquingKeysWith: { one, _ in one })
            ? nil : "the open migrations are not those that are looked up"
    }

    private func fault(in migration: Migration) -> String? {
        if !Self.isName(migration.id) { return "has no proper id" }
        if migration.startIndex > self.appliedIndex { return "comes from the future" }
        if migration.phaseMilliseconds > self.time { return "takes a step in the future" }
        if migration.startedMilliseconds > migration.phaseMilliseconds { return "took a step before it began" }
        if migration.source == migration.target { return "goes nowhere" }
        if (migration.checkpoint?.utf8.count ?? 0) > Migration.textBytesMax { return "has an endless checkpoint" }
        if case .failed(let reason) = migration.phase, reason.utf8.count > Migration.textBytesMax {
            return "failed for an endless reason"
        }
        guard migration.isOpen else { return nil }
        guard let placement = self.placement(migration.placement) else { return "is about no placement" }
        if migration.phase == .checkpointing {
            if migration.targetEpoch != nil { return "has switched too early" }
            if placement.worker == migration.source, placement.epoch == migration.sourceEpoch { return nil }
        } else if placement.worker == migration.target, placement.epoch == migration.targetEpoch {
            return nil
        }
        return "is not where its placement is"
    }
}
