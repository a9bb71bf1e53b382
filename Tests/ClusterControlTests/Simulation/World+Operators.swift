import ClusterControl
import ClusterState

/// What operators do to a world.
extension World {
    /// Two pipelines, the second with some replicas; in some groups both are connected and need one worker.
    mutating func deploy() {
        self.nextGroup += 1
        var spec = ClusterState.GroupSpec(
            name: GroupName("g\(self.nextGroup)"),
            pipelines: [
                ClusterState.PipelineSpec(name: "a", source: "s"),
                ClusterState.PipelineSpec(name: "b", source: "s", replicas: self.random.next(upperBound: 4 as UInt32)),
            ]
        )
        if self.random.once(in: 4) { spec.routes = [ClusterState.Route(from: "a", to: "b", eventTypes: ["*"])] }
        var planner = PlacementPlanner(state: self.state)
        guard let plan = planner.plan(spec) else { return }
        let group = GroupID("g\(self.nextGroup)")
        self.send(.commit(.deployGroup(Command.DeployGroup(group: group, spec: spec, workers: plan.workers))))
    }

    /// Changes a program, the replicas of the other one, or whether they are connected.
    mutating func update() {
        guard let group = self.state.groups.randomElement(using: &self.random) else { return }
        var spec = group.spec
        switch self.random.next(upperBound: 4 as UInt64) {
        case 0, 1: spec.pipelines[0].source += "+"
        case 2: spec.pipelines[1].replicas = self.random.next(upperBound: 4 as UInt32)
        default:
            spec.routes = spec.routes.isEmpty ? [ClusterState.Route(from: "a", to: "b", eventTypes: ["*"])] : []
        }
        var planner = PlacementPlanner(state: self.state)
        guard let workers = try? planner.place(group, updatedTo: spec) else { return }  // no room: not this time
        self.send(
            .commit(
                .updateGroup(
                    Command.UpdateGroup(group: group.id, generation: group.generation, spec: spec, workers: workers)
                )
            )
        )
    }

    mutating func drain(_ worker: WorkerID) {
        if self.state.worker(worker)?.drain == nil {
            let deadline = self.random.once(in: 3) ? self.state.time + 5_000 : nil
            self.send(
                .commit(.startDrain(Command.StartDrain(worker: worker, deadlineMilliseconds: deadline)))
            )
        } else {
            self.send(.commit(.cancelDrain(Command.CancelDrain(worker: worker))))
        }
    }

    /// Moves a pipeline, or calls a move off.
    mutating func migrate(to worker: WorkerID) {
        if self.random.once(in: 4), let open = self.state.migrationsUnderWay.randomElement(using: &self.random) {
            return self.send(.commit(.cancelMigration(Command.CancelMigration(migration: open.id))))
        }
        guard let group = self.state.groups.randomElement(using: &self.random),
            let placement = group.placements.randomElement(using: &self.random)
        else { return }
        let key = group.key(of: placement)
        self.send(
            .commit(
                .startMigration(
                    Command.StartMigration(
                        migration: MigrationID(
                            moving: key,
                            from: placement.epoch,
                            seenAt: self.state.appliedIndex
                        ),
                        placement: key,
                        from: placement.epoch,
                        target: worker,
                        reason: .manual
                    )
                )
            )
        )
    }

    mutating func rebalance() {
        for move in Rebalancing.moves(in: self.state) { self.send(.commit(.startMigration(move))) }
    }
}
