internal import ClusterState

extension Planning {
    /// An update that runs whole is confirmed; one of whose pipelines does not start is taken back. One that lacks a
    /// worker waits: that is not the new programs' fault.
    mutating func superviseUpdates() {
        for group in self.groups {
            guard case .updating(let previous) = group.phase else { continue }
            if group.placements.allSatisfy({ $0.status == .running }) {
                self.act(
                    on: .update(group.id, group.generation),
                    .propose(
                        .confirmUpdate(Command.ConfirmUpdate(group: group.id, generation: group.generation))
                    )
                )
            } else if let reason = Self.failure(of: group) {
                self.rollBack(group, to: previous, reason)
            }
        }
    }

    private static func failure(of group: ClusterState.Group) -> String? {
        for placement in group.changedPlacements {
            guard case .failed(let why) = placement.status else { continue }
            return "pipeline \(group.key(of: placement).name) did not start: \(why)".cutToReason
        }
        return nil
    }

    private mutating func rollBack(
        _ group: ClusterState.Group,
        to previous: ClusterState.GroupSpec,
        _ reason: String
    ) {
        let workers = self.chooseWorkers(forUpdateOf: group, to: previous)
        self.act(
            on: .update(group.id, group.generation),
            .propose(
                .rollBackGroup(
                    Command.RollBackGroup(
                        group: group.id,
                        generation: group.generation,
                        reason: reason,
                        workers: workers
                    )
                )
            )
        )
    }
}
