import AsyncHTTPClient
import ClusterAPI
import Logging
import ServiceLifecycle
import Synchronization

/// Keeps this worker known to its coordinators: registers, sends heartbeats, and registers again when told that nobody
/// knows it.
///
/// Losing all coordinators changes nothing for the pipelines: they go on, and the link keeps trying.
struct CoordinatorLink: Service {
    let client: CoordinatorClient
    let workerID: String
    /// Tells this process from an earlier one of the same id.
    let incarnation: UInt64
    /// The base URL, known once the server listens.
    let address: Promise<String>
    let apiKey: String?
    let pipelinesMax: Int
    let registry: PipelineRegistry
    let attention: Attention
    let confirmations: Confirmations
    let readiness: Readiness
    let logger: Logger

    /// Between heartbeats, where the coordinator names no interval.
    private static let defaultInterval: Duration = .seconds(5)
    /// Of one registration with all coordinators.
    private static let registerTimeout: Duration = .seconds(6)
    /// Many changes at once, as when a worker starts, are one heartbeat.
    private static let gap: Duration = .milliseconds(50)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            guard let address = await self.address.value() else { return }
            while !Task.isCancelled {
                guard let interval = await self.register(address) else { return }
                await self.sendHeartbeats(every: interval)
            }
        }
    }

    /// Registers, trying again after 1, 2, 4, 8, 16 and then every 30 seconds. The interval of heartbeats; nil when the
    /// task is cancelled.
    private func register(_ address: String) async -> Duration? {
        var pause = Duration.seconds(1)
        while !Task.isCancelled {
            let pipelines = await self.registry.pipelines
            let request = RegisterRequest(
                workerID: self.workerID,
                address: address,
                apiKey: self.apiKey ?? "no-key",
                capacity: WorkerCapacity(
                    cpuCores: ProcessorCount.online,
                    pipelinesRunning: UInt32(clamping: pipelines.count),
                    pipelinesMax: UInt32(clamping: self.pipelinesMax)
                ),
                incarnation: self.incarnation
            )
            let reason: String
            let sent = ContinuousClock.now
            switch await self.client.register(request, timeout: Self.registerTimeout) {
            case .answered(let answer):
                let interval = answer.heartbeatIntervalSeconds.map { Duration.seconds(max(1, Int($0))) }
                let lease = answer.leaseMilliseconds.map { Duration.milliseconds(Int64($0)) }
                self.confirmations.confirmed(sentAt: sent, lease: lease)
                self.readiness.registered()
                self.logger.info("registered", metadata: ["worker": "\(self.workerID)", "address": "\(address)"])
                return interval ?? Self.defaultInterval
            case .unknownWorker: reason = "the coordinator has no such path"
            case .failed(let why): reason = why
            }
            self.logger.warning("not registered", metadata: ["reason": "\(reason)", "next": "\(pause)"])
            // Shortened at random, so that many workers do not come back at the same moment.
            try? await Task.sleep(for: pause * Double.random(in: 0.75...1))  // ends early only when cancelled
            pause = min(pause * 2, .seconds(30))
        }
        return nil
    }

    /// Sends a heartbeat at once, then at the interval and whenever something changed, until the coordinators say that
    /// they do not know this worker.
    private func sendHeartbeats(every interval: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                while !Task.isCancelled {
                    self.attention.call()
                    try? await Task.sleep(for: interval)  // ends early only when cancelled
                }
            }
            var isConnected = true
            for await _ in self.attention.rings {
                let sent = ContinuousClock.now
                switch await self.client.heartbeat(await self.report(), from: self.workerID, timeout: interval) {
                case .answered:
                    self.confirmations.confirmed(sentAt: sent)
                    if !isConnected { self.logger.info("heartbeats are answered again") }
                    isConnected = true
                case .unknownWorker:
                    self.logger.warning("unknown to the coordinators, registering again")
                    return group.cancelAll()
                case .failed(let reason):
                    if isConnected { self.logger.warning("heartbeats fail", metadata: ["reason": "\(reason)"]) }
                    isConnected = false
                }
                try? await Task.sleep(for: Self.gap)  // ends early only when cancelled
            }
            group.cancelAll()
        }
    }

    /// What this worker does and holds.
    private func report() async -> HeartbeatRequest {
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
