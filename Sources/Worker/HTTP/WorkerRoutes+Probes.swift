import ClusterAPI
import HTTPTypes
import Hummingbird

extension WorkerRoutes {
    /// Whether it lives, and whether it can be sent work.
    func addProbes(to router: some RouterMethods<WorkerContext>) {
        router.get("health") { _, _ -> Response in
            .json(.ok, Health(uptimeSeconds: self.uptimeSeconds))
        }
        router.get("ready") { _, _ -> Response in
            let pipelines = await self.registry.pipelines
            if let reason = self.readiness.obstacle {
                return .json(.serviceUnavailable, Unready(engineLoaded: !pipelines.isEmpty, reason: reason))
            }
            let counters = pipelines.map(\.progress.counters)
            return .json(
                .ok,
                Ready(
                    engineLoaded: !pipelines.isEmpty,
                    streamsCount: pipelines.reduce(0) { $0 + $1.streamCount },
                    eventsProcessed: counters.reduce(0) { $0 + $1.eventsIn },
                    outputEventsEmitted: counters.reduce(0) { $0 + $1.eventsOut }
                )
            )
        }
    }

    var uptimeSeconds: Double {
        let (seconds, attoseconds) = (ContinuousClock.now - self.startedAt).components
        return Double(seconds) + Double(attoseconds / 1_000_000_000_000_000) / 1000
    }

    private struct Health: Encodable {
        let status = "healthy"
        var uptimeSeconds: Double
        let version = ProductVersion.current

        enum CodingKeys: String, CodingKey {
            case status
            case uptimeSeconds = "uptime_seconds"
            case version
        }
    }

    /// A worker takes pipelines as soon as it answers, so one without any is ready as well.
    private struct Ready: Encodable {
        let status = "ready"
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

    private struct Unready: Encodable {
        let status = "not_ready"
        var engineLoaded: Bool
        var reason: String

        enum CodingKeys: String, CodingKey {
            case status
            case engineLoaded = "engine_loaded"
            case reason
        }
    }
}
