internal import ClusterState

/// What the workers say they hold, compared with what they should.
struct Inventories {
    /// What each worker holds at the epoch at which somebody should hold it.
    private(set) var current: [WorkerID: [PlacementKey: ReportedPipeline]] = [:]
    /// Workers that can be heard and still hold a placement at an epoch that is not its newest.
    ///
    /// Without a broker that would throw it out, such a worker goes on until it is told to stop; so its successor does
    /// not begin before. Whoever can't be heard for the whole timeout has stopped by itself.
    private(set) var outdated: [PlacementKey: WorkerID] = [:]

    init(_ planning: Planning) {
        for worker in planning.state.workers {
            guard let inventory = planning.reports[worker.id]?.inventory else { continue }
            let isHeard = planning.isHeard(worker.id)
            var held: [PlacementKey: ReportedPipeline] = [:]
            for pipeline in inventory {
                guard let epoch = planning.state.placement(pipeline.placement)?.epoch else { continue }
                if pipeline.epoch == epoch { held[pipeline.placement] = pipeline }
                if pipeline.epoch < epoch, isHeard, pipeline.status.isAlive {
                    self.outdated[pipeline.placement] = worker.id
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
