internal import ClusterState

/// What the workers say they hold, compared with what they should.
final class Inventories {
    /// What each worker holds at the epoch at which somebody should hold it.
    private(set) var current: [WorkerID: [PlacementKey: ReportedPipeline]] = [:]
    /// Workers that can be heard and still hold a placement at an epoch that is not its newest.
    private(set) var outdated: [PlacementKey: [WorkerID]] = [:]
    /// Who may still have a placement because of migrations that have switched since the last completed one.
    /// Only worked out if somebody asks: all migrations that are remembered have to be looked at.
    private(set) lazy var handovers = Self.handovers(after: self.state.migrations)
    private let state: ClusterState

    struct Handover {
        var workers: Set<WorkerID> = []
        /// The last time it went to another worker, in milliseconds since 1970.
        var lastSwitch: UInt64 = 0
    }

    private static func handovers(after migrations: [ClusterState.Migration]) -> [PlacementKey: Handover] {
        var handovers: [PlacementKey: Handover] = [:]
        for migration in migrations where migration.targetEpoch != nil {
            // A completed one has waited for its source, and one that was lost has nothing any more.
            if migration.phase == .completed {
                handovers[migration.placement] = nil
                continue
            }
            var handover = handovers[migration.placement] ?? Handover()
            if migration.reason != .failover { handover.workers.insert(migration.source) }
            handover.workers.insert(migration.target)
            handover.lastSwitch = max(handover.lastSwitch, migration.switchedMilliseconds)
            handovers[migration.placement] = handover
        }
        return handovers
    }

    init(_ planning: Planning) {
        self.state = planning.state
        for worker in planning.workers {
            guard let inventory = planning.reports[worker.id]?.inventory else { continue }
            let isHeard = planning.isHeard(worker.id)
            var held: [PlacementKey: ReportedPipeline] = [:]
            for pipeline in inventory {
                guard let epoch = planning.state.placement(pipeline.placement)?.epoch else { continue }
                if pipeline.epoch == epoch { held[pipeline.placement] = pipeline }
                if pipeline.epoch < epoch, isHeard, pipeline.status.isAlive {
                    self.outdated[pipeline.placement, default: []].append(worker.id)
                }
            }
            self.current[worker.id] = held
        }
    }
}

extension ReportedPipeline.Status {
    fileprivate var isAlive: Bool {
        switch self {
        case .starting, .running: true
        case .stopped, .failed: false
        }
    }
}
