import ClusterControl
import ClusterState
import Synchronization

/// What the reconciler does, while this member leads.
final class ReconcileTelemetry: Sendable {
    let passes = Counter()
    let proposals = Counter()
    let starts = Counter()
    let stops = Counter()
    let failedProposals = Counter()
    let failedStarts = Counter()
    let failedStops = Counter()

    private struct Pending {
        var since: [PlacementKey: (epoch: Epoch, moment: ContinuousClock.Instant)] = [:]
        var openTargets = 0
    }
    private let pending = Mutex(Pending())

    func note(_ actions: [Action]) {
        for action in actions {
            switch action {
            case .propose: self.proposals.add()
            case .startPipeline: self.starts.add()
            case .stopPipeline: self.stops.add()
            }
        }
    }

    /// Notes since when which placements wait to run, and how many targets are still being tried.
    func note(_ state: ClusterState, openTargets: Int, at now: ContinuousClock.Instant) {
        self.pending.withLock { pending in
            var since: [PlacementKey: (epoch: Epoch, moment: ContinuousClock.Instant)] = [:]
            for group in state.groups {
                for placement in group.placements where placement.status == .pending {
                    let key = group.key(of: placement)
                    if let known = pending.since[key], known.epoch == placement.epoch {
                        since[key] = known
                    } else {
                        since[key] = (placement.epoch, now)
                    }
                }
            }
            pending.since = since
            pending.openTargets = openTargets
        }
    }

    /// This member does not lead: what is open is no business of its.
    func forget() { self.pending.withLock { $0 = Pending() } }

    var openTargets: Int { self.pending.withLock { $0.openTargets } }

    /// How long the placement has waited that has waited longest; zero if none waits.
    func oldestPending(at now: ContinuousClock.Instant) -> Duration {
        self.pending.withLock { pending in pending.since.values.map { now - $0.moment }.max() ?? .zero }
    }
}
