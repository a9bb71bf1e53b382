internal import ClusterState

/// When a worker may begin with what another one had.
///
/// A broker throws the former owner out as soon as its successor connects. Nobody does so for a program without any
/// connection to a broker: its worker goes on for as long as a coordinator confirms it, until it is told to stop. So its
/// successor begins only when the former owner has said that it has let go, or was silent for so long that it has stopped
/// by itself.
extension Planning {
    /// The worker that has to let go of a placement before it begins at its present one.
    func formerOwner(
        of placement: ClusterState.Placement,
        _ key: PlacementKey,
        in group: ClusterState.Group,
        _ inventories: Inventories
    ) -> WorkerID? {
        if let holder = inventories.outdated[key]?.first(where: { $0 != placement.worker }) { return holder }
        // What moves together has one migration for all.
        for member in group.company(of: placement) {
            guard let handover = inventories.handovers[group.key(of: member)] else { continue }
            for worker in handover.workers.sorted() where worker != placement.worker {
                if !self.hasLetGo(worker, since: handover.lastSwitch) { return worker }
            }
        }
        return nil
    }

    /// Whether the worker has said what it holds since that time, in milliseconds. What it then holds of the placement is
    /// outdated, and known as such.
    private func hasLetGo(_ id: WorkerID, since lastSwitch: UInt64) -> Bool {
        guard self.state.worker(id) != nil, !self.silent.contains(id) else { return true }
        guard let report = self.reports[id], report.inventory != nil else { return false }
        let age = Duration.milliseconds(Int64(clamping: self.time - min(self.time, lastSwitch)))
        return report.receivedAt.duration(to: self.now) < age
    }
}
