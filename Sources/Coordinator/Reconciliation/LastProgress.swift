import ClusterControl
import ClusterState
import Synchronization

/// How far the reconciler's last pass has found the placements that do not run, for those who ask. Soft, and the leader's
/// alone.
final class LastProgress: Sendable {
    private let progress = Mutex<[PlacementKey: PlacementProgress]>([:])

    func note(_ progress: [PlacementKey: PlacementProgress]) { self.progress.withLock { $0 = progress } }
    func forget() { self.progress.withLock { $0 = [:] } }

    /// Of a placement at that epoch; another assignment's is nothing to it.
    func of(_ key: PlacementKey, at epoch: Epoch) -> PlacementProgress? {
        self.progress.withLock { progress in progress[key].flatMap { $0.epoch == epoch ? $0 : nil } }
    }
}
