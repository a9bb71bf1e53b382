import ClusterControl
import ClusterState

// What the leader does about an operator's request.

extension World {
    /// Decides how an operation is carried out, looking at the newest state.
    func decide(
        _ operation: Operation,
        _ request: Request,
        _ place: Int,
        _ process: Coordinator
    ) throws(Violation) {
        let state = process.state
        let command: Command
        switch operation.act {
        case .deploy(let spec):
            if let existing = state.group(named: spec.name), existing.spec == spec {
                return self.reply(
                    .done(.group(existing.id, created: false), index: state.appliedIndex),
                    to: request,
                    place
                )
            }
            var planner = PlacementPlanner(state: state)
            guard let plan = planner.plan(spec) else { return self.reply(.unavailable, to: request, place) }
            let group = GroupID("\(spec.name)-\(self.nextNumber())")
            command = .deployGroup(.init(group: group, spec: spec, workers: plan.workers))
        case .update(let id, let spec):
            guard let group = state.group(id) else {
                return self.reply(.refused(.groupNotFound(id)), to: request, place)
            }
            var planner = PlacementPlanner(state: state)
            let workers: [WorkerID]
            do throws(PlacementFault) { workers = try planner.place(group, updatedTo: spec) } catch {
                return self.reply(.unavailable, to: request, place)
            }
            command = .updateGroup(.init(group: id, generation: group.generation, spec: spec, workers: workers))
        case .delete(let group): command = .deleteGroup(.init(group: group))
        case .putConnector(let connector): command = .putConnector(.init(connector: connector, mode: .create))
        case .deleteConnector(let name): command = .deleteConnector(.init(connector: name))
        case .drain(let id): command = .startDrain(.init(worker: id))
        case .cancelDrain(let id): command = .cancelDrain(.init(worker: id))
        case .migrate(let key, let target):
            guard let placement = state.placement(key) else {
                return self.reply(.refused(.placementNotFound(key)), to: request, place)
            }
            command = .startMigration(
                .init(
                    migration: MigrationID("m\(operation.number)"),
                    placement: key,
                    from: placement.epoch,
                    target: target,
                    reason: .manual
                )
            )
        case .deregister(let id, let incarnation): command = .deregister(.init(worker: id, incarnation: incarnation))
        }
        let isNamed = !self.overrides.mutants.contains(.nameless)
        let submission = Submission(.command(command), token: isNamed ? operation.token : nil)
        try self.propose(submission, for: .request(request), place, process)
    }
}
