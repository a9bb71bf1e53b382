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
            incarnation: self.incarnation
        )
    }

    var identification: Identification {
        Identification(workerID: self.workerID, apiKey: self.coordinatorKey, incarnation: self.incarnation)
    }

    /// What this worker does and holds.
    func heartbeat() async -> HeartbeatRequest {
        let pipelines = await self.registry.pipelines
        return HeartbeatRequest(
            eventsProcessed: pipelines.reduce(0) { $0 + $1.progress.counters.eventsIn },
            pipelinesRunning: UInt32(clamping: pipelines.count),
            pipelineMetrics: pipelines.map(PipelineMetrics.init),
            pipelines: pipelines.map(PipelineReport.init),
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
    init(_ pipeline: RunningPipeline) {
        self.init(
            id: pipeline.spec.id,
            name: pipeline.spec.name,
            groupID: pipeline.spec.groupID,
            epoch: pipeline.spec.groupID == nil ? nil : pipeline.spec.epoch,
            status: pipeline.progress.phase.status
        )
    }
}
