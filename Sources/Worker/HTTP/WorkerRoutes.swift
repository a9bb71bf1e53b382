import ClusterAPI
import HTTPTypes
import Hummingbird
import NIOCore

/// The worker's HTTP API.
struct WorkerRoutes: Sendable {
    let registry: PipelineRegistry
    let configuration: WorkerConfiguration
    let startedAt = ContinuousClock.now

    /// The size of a deploy, an event or a batch of events.
    static let bodyBytesMax = 1 << 20

    func router() -> Router<WorkerContext> {
        let router = Router(context: WorkerContext.self)
        router.add(middleware: ErrorGate())
        self.addProbes(to: router)
        let pipelines = router.group("api/v1/pipelines")
            .add(middleware: KeyGate(apiKey: self.configuration.apiKey.map { Array($0.utf8) }))
        self.addPipelines(to: pipelines)
        self.addEvents(to: pipelines)
        return router
    }

    func pipeline(_ context: WorkerContext) async throws -> RunningPipeline {
        let id = try self.id(context)
        guard let pipeline = await self.registry.pipeline(id) else { throw WorkerAPIError.pipelineNotFound(id) }
        return pipeline
    }

    func id(_ context: WorkerContext) throws -> String {
        guard let id = context.parameters.get("id"), !id.isEmpty else {
            throw WorkerAPIError(.badRequest, "The path lacks the pipeline's id")
        }
        return id
    }

    // MARK: - Probes

    private func addProbes(to router: Router<WorkerContext>) {
        router.get("health") { _, _ -> Response in
            .json(.ok, Health(status: "healthy", uptimeSeconds: self.uptimeSeconds, version: ProductVersion.current))
        }
        router.get("ready") { _, _ -> Response in
            let pipelines = await self.registry.pipelines
            let counters = pipelines.map(\.progress.counters)
            return .json(
                .ok,
                Readiness(
                    status: "ready",
                    engineLoaded: !pipelines.isEmpty,
                    streamsCount: pipelines.reduce(0) { $0 + $1.streamCount },
                    eventsProcessed: counters.reduce(0) { $0 + $1.eventsIn },
                    outputEventsEmitted: counters.reduce(0) { $0 + $1.eventsOut }
                )
            )
        }
    }

    private var uptimeSeconds: Double {
        let (seconds, attoseconds) = (ContinuousClock.now - self.startedAt).components
        return Double(seconds) + Double(attoseconds / 1_000_000_000_000_000) / 1000
    }

    private struct Health: Encodable {
        var status: String
        var uptimeSeconds: Double
        var version: String

        enum CodingKeys: String, CodingKey {
            case status
            case uptimeSeconds = "uptime_seconds"
            case version
        }
    }

    /// A worker takes pipelines as soon as it answers, so it is ready with none as well.
    private struct Readiness: Encodable {
        var status: String
        var engineLoaded: Bool
        var streamsCount: Int
        var eventsProcessed: UInt64
        var outputEventsEmitted: UInt64

        enum CodingKeys: String, CodingKey {
            case status
            case engineLoaded = "engine_loaded"
            case streamsCount = "streams_count"
            case eventsProcessed = "events_processed"
            case outputEventsEmitted = "output_events_emitted"
        }
    }
}

extension Request {
    /// The body's bytes. Only JSON is understood; a request that does not say what it sends is taken at its word.
    func jsonBytes() async throws -> ByteBuffer {
        if let contentType = self.headers[.contentType], !contentType.lowercased().hasPrefix("application/json") {
            throw WorkerAPIError(.unsupportedMediaType, "The body must be application/json")
        }
        return try await self.body.collect(upTo: WorkerRoutes.bodyBytesMax)
    }
}
