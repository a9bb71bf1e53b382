import ClusterAPI

/// What this worker tells its coordinators of itself.
struct WorkerReport: Sendable {
    let workerID: String
    /// Tells this process from an earlier one of the same id.
    let incarnation: UInt64
    /// With which coordinators call this worker.
    let apiKey: String?
    /// With which this worker calls them.
    let coordinatorKey: String?
    let pipelinesMax: Int
    let labels: [String: String]
    let registry: PipelineRegistry

    func registration(at address: String) async -> RegisterRequest {
        RegisterRequest(
            workerID: self.workerID,
            address: address,
            apiKey: self.apiKey ?? "no-key",
            capacity: WorkerCapacity(
                cpuCores: ProcessorCount.online,
                pipelinesRunning: UInt32(clamping: await self.registry.pipelines.count),
                pipelinesMax: UInt32(clamping: self.pipelinesMax)
            ),
            incarnation: self.incarnation,
            labels: self.labels.isEmpty ? nil : self.labels
        )
    }

    var identification: Identification {
        Identification(workerID: self.workerID, apiKey: self.coordinatorKey, incarnation: self.incarnation)
    }

    /// What this worker does and holds. A pipeline that is being stopped is held until it has stopped. It stands before one
    /// that has been started in its place, even at the same epoch, so that what is said last of a place is what stays.
    func heartbeat() async -> HeartbeatRequest {
        let (pipelines, leaving) = await self.registry.held
        return HeartbeatRequest(
            eventsProcessed: pipelines.reduce(0) { $0 + $1.progress.counters.eventsIn },
            pipelinesRunning: UInt32(clamping: pipelines.count),
            pipelineMetrics: pipelines.map(PipelineMetrics.init),
            pipelines: leaving.map { PipelineReport($0, status: .starting) } + pipelines.map { PipelineReport($0) },
            incarnation: self.incarnation
        )
    }
}

extension PipelineMetrics {
    init(_ pipeline: RunningPipeline) {
        let counters = pipeline.progress.counters
        self.init(
            pipelineName: pipeline.spec.name,
            eventsIn: counters.eventsIn,
            eventsOut: counters.eventsOut,
            connectorHealth: pipeline.connectorHealth
        )
    }
}

extension PipelineReport {
    /// - Parameter status: What to say instead of its own. One that is being stopped does not run, and is not over either:
    ///   coordinators wait for what is starting, and record nothing of it.
    init(_ pipeline: RunningPipeline, status: PipelineStatus? = nil) {
        self.init(
            id: pipeline.spec.id,
            name: pipeline.spec.name,
            groupID: pipeline.spec.groupID,
            epoch: pipeline.spec.groupID == nil ? nil : pipeline.spec.epoch,
            status: status ?? pipeline.progress.phase.status
        )
    }
}
