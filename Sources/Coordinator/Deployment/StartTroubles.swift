import ClusterControl
import ClusterState
import Synchronization

/// Why pipelines have not started yet, as far as their workers' answers say: nothing that the log should hold, since
/// the next try may do better. Soft, and the leader's alone.
final class StartTroubles: Sendable {
    /// With more of them, what is remembered is begun anew.
    private static let placementsMax = 10_000
    private let troubles = Mutex<[PlacementKey: CallFailure]>([:])

    /// What the last calls about placements failed with.
    var all: [PlacementKey: CallFailure] { self.troubles.withLock { $0 } }

    func note(_ reason: String, with placement: PlacementKey, at epoch: Epoch) {
        self.troubles.withLock { troubles in
            if troubles.count >= Self.placementsMax { troubles.removeAll() }
            troubles[placement] = CallFailure(epoch: epoch, reason: reason)
        }
    }

    func forget(_ placement: PlacementKey) { self.troubles.withLock { $0[placement] = nil } }

    /// What the last try at that epoch failed with.
    func reason(for placement: PlacementKey, at epoch: Epoch) -> String? {
        self.troubles.withLock { troubles in
            guard let trouble = troubles[placement], trouble.epoch == epoch else { return nil }
            return trouble.reason
        }
    }
}
