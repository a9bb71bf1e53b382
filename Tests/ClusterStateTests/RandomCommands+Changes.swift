import ClusterState

extension RandomCommands {
    /// Changes a group, confirms a change, or takes one back.
    mutating func update(in state: ClusterState) -> Command {
        guard let group = state.groups.randomElement(using: &self.random) else { return .delete(self.group()) }
        let available = state.workers.filter(\.isAvailable).map(\.id)
        let generation = self.mostly(group.generation) ?? 1
        func workers(_ spec: ClusterState.GroupSpec) -> [WorkerID?] {
            group.addedSlots(in: spec).map { _ in self.mostly(available.randomElement(using: &self.random)) }
        }
        switch (self.random.next(upperBound: 4 as UInt64), group.phase) {
        case (0, .updating(let previous)):
            return .rollBackGroup(
                .init(group: group.id, generation: generation, reason: "why", workers: workers(previous))
            )
        case (1, .updating):
            return .confirmUpdate(.init(group: group.id, generation: generation))
        default:
            var spec = group.spec
            if Bool.random(using: &self.random), !spec.pipelines.isEmpty {
                spec.pipelines[0].source += "+"
            } else {
                spec.pipelines = self.pipelines()
                self.connect(&spec)
            }
            return .updateGroup(.init(group: group.id, generation: generation, spec: spec, workers: workers(spec)))
        }
    }

    mutating func migration() -> MigrationID { MigrationID("m\(self.random.next(upperBound: 12 as UInt64))") }

    /// Begins a migration, takes the next step of one, calls one off, or forgets some.
    mutating func migration(to worker: String, in state: ClusterState) -> Command {
        guard let open = self.mostly(state.migrationsUnderWay.randomElement(using: &self.random)) else {
            let (key, epoch) = self.placement(in: state)
            let drain = state.worker(WorkerID(worker))?.drain?.startIndex
            return .migrate(self.migration().rawValue, key, from: epoch, to: worker, .drain, drain: self.mostly(drain))
        }
        switch self.random.next(upperBound: 12 as UInt64) {
        case 0: return .cancel(open.id.rawValue)
        case 1: return .pruneMigrations(.init(before: self.random.next(upperBound: state.time + 2)))
        case 2: return .advance(open.id.rawValue, self.mostly(open.phase) ?? .switching, .failed("out of luck"))
        case 3..<6:
            let epoch = state.placement(open.placement)?.epoch.rawValue ?? 0
            return .report(open.placement, epoch: epoch, .running)
        default:
            let next: ClusterState.Migration.Phase =
                switch open.phase {
                case .checkpointing: .deploying
                case .deploying: [.restoring, .switching, .cleaningUp].randomElement(using: &self.random) ?? .restoring
                case .restoring: [.switching, .cleaningUp].randomElement(using: &self.random) ?? .switching
                case .switching: .cleaningUp
                default: .completed
                }
            return .advance(open.id.rawValue, self.mostly(open.phase) ?? .switching, self.mostly(next) ?? .completed)
        }
    }

    /// Begins a drain, ends one, or calls one off.
    mutating func drain(_ worker: String, in state: ClusterState) -> Command {
        let present = state.worker(WorkerID(worker))
        switch self.random.next(upperBound: 4 as UInt64) {
        case 0: return .cancelDrain(.init(worker: WorkerID(worker)))
        case 1:
            let incarnation = present?.incarnation.rawValue
            return .drain(worker, incarnation: self.mostly(incarnation), deadline: self.mostly(state.time))
        default:
            let end = Command.FinishDrain.End.allCases.randomElement(using: &self.random) ?? .drained
            let drain = self.mostly(present?.drain?.startIndex) ?? 1
            return .finishDrain(.init(worker: WorkerID(worker), drain: drain, end: end))
        }
    }
}
