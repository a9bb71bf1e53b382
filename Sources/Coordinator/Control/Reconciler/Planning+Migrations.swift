internal import ClusterState

/// The steps of migrations that are under way: whoever leads finds in the state where each of them stands.
extension Planning {
    mutating func superviseMigrations() {
        let open = self.state.migrationsUnderWay
        var active = ActiveMigrations(open)
        for migration in open {
            switch migration.phase {
            case .checkpointing: self.depart(migration, &active)
            case .deploying, .restoring, .switching: self.arrive(migration)
            case .cleaningUp: self.cleanUp(migration)
            case .completed, .failed, .cancelled: break
            }
        }
        self.pruneMigrations()
    }

    /// From the source to the target, when it is its turn.
    private mutating func depart(_ migration: ClusterState.Migration, _ active: inout ActiveMigrations) {
        let company = self.company(of: migration)
        guard self.reserve(migration.target, places: company.count) else {
            return self.advance(migration, to: .failed("worker \(migration.target) is not available"))
        }
        // What its worker can't run any more doesn't wait for its turn.
        let isUrgent = self.isGone(migration.source)
        guard isUrgent || active.haveRoom(for: migration, self.settings) else { return }
        active.add(migration)
        self.underWay.formUnion(company)
        self.advance(migration, to: .deploying)
    }

    /// The placements that move together with the migration's.
    private func company(of migration: ClusterState.Migration) -> [PlacementKey] {
        guard let group = self.state.group(migration.placement.group),
            let placement = self.state.placement(migration.placement)
        else { return [migration.placement] }
        return group.company(of: placement).map(group.key)
    }

    private mutating func arrive(_ migration: ClusterState.Migration) {
        guard let placement = self.state.placement(migration.placement) else { return }
        switch placement.status {
        case .running: self.advance(migration, to: .cleaningUp)
        case .failed(let why):
            let reason = "it did not start at worker \(migration.target): \(why)"
            self.advance(migration, to: .failed(reason.cutToReason))
        case .pending, .stopped:
            if self.isGone(migration.target) {
                // Once that is recorded, the placement goes back, or is reassigned like all others there.
                self.underWay.formUnion(self.company(of: migration))
                self.advance(migration, to: .failed("worker \(migration.target) was lost"))
            } else if migration.reason != .failover, self.hasLasted(migration, self.settings.migrationPhaseMax) {
                self.advance(migration, to: .failed("it did not start at worker \(migration.target) in time"))
            }
        }
    }

    /// The source has let go once it says so, or can say nothing any more. Whatever it should still have will be removed
    /// when it is seen, so the migration does not wait for ever.
    private mutating func cleanUp(_ migration: ClusterState.Migration) {
        if !self.isGone(migration.source), !self.hasLasted(migration, self.settings.migrationPhaseMax) {
            guard let inventory = self.reports[migration.source]?.inventory else { return }
            let isHeld = inventory.contains {
                $0.placement == migration.placement && $0.epoch <= migration.sourceEpoch
            }
            if isHeld { return }
        }
        self.advance(migration, to: .completed)
    }

    private mutating func advance(_ migration: ClusterState.Migration, to phase: ClusterState.Migration.Phase) {
        self.act(
            on: .migration(migration.id, migration.phase),
            .propose(
                .advanceMigration(
                    Command.AdvanceMigration(migration: migration.id, from: migration.phase, to: phase)
                )
            )
        )
    }

    /// Whether the worker is not registered, or is unhealthy and was silent towards this leader, too.
    private func isGone(_ id: WorkerID) -> Bool {
        guard let worker = self.state.worker(id) else { return true }
        return worker.status == .unhealthy && self.silent.contains(id)
    }

    private func hasLasted(_ migration: ClusterState.Migration, _ limit: Duration) -> Bool {
        self.time >= migration.phaseMilliseconds
            && .milliseconds(Int64(clamping: self.time - migration.phaseMilliseconds)) > limit
    }

    /// What finished long ago is forgotten.
    private mutating func pruneMigrations() {
        let kept = UInt64(clamping: self.settings.migrationsKept.components.seconds) &* 1_000
        guard self.time > kept else { return }
        let before = self.time - kept
        guard self.isDue(.pruning), self.state.hasMigrationsFinished(before: before) else { return }
        self.act(on: .pruning, .propose(.pruneMigrations(Command.PruneMigrations(before: before))))
    }
}

/// How many migrations have left their sources and not arrived, in all and at each worker.
struct ActiveMigrations {
    private var total = 0
    private var perWorker: [WorkerID: Int] = [:]

    init(_ open: [ClusterState.Migration]) {
        // Failovers can't be put off, so they are not counted either.
        for migration in open where migration.phase != .checkpointing && migration.reason != .failover {
            self.add(migration)
        }
    }

    mutating func add(_ migration: ClusterState.Migration) {
        self.total += 1
        self.perWorker[migration.source, default: 0] += 1
        self.perWorker[migration.target, default: 0] += 1
    }

    func haveRoom(for migration: ClusterState.Migration, _ settings: Reconciler.Settings) -> Bool {
        guard self.total < settings.migrationsMax else { return false }
        return [migration.source, migration.target].allSatisfy {
            self.perWorker[$0, default: 0] < settings.migrationsPerWorkerMax
        }
    }
}
