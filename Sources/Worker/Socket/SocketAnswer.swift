import ClusterAPI
import Engine

/// What `/ws` sends.
extension JSONValue {
    static func loaded(streams: Int) -> JSONValue {
        .object([
            "type": .string("load_result"), "success": .bool(true), "streams_loaded": .integer(Int64(streams)),
            "error": .null,
        ])
    }

    static func notLoaded(_ reason: String) -> JSONValue {
        .object([
            "type": .string("load_result"), "success": .bool(false), "streams_loaded": .integer(0),
            "error": .string(reason),
        ])
    }

    static func injected(_ type: String, success: Bool) -> JSONValue {
        .object([
            "type": .string("event_injected"), "event_type": .string(type), "success": .bool(success),
        ])
    }

    static func error(_ message: String) -> JSONValue {
        .object(["type": .string("error"), "message": .string(message)])
    }

    static func streams(_ pipelines: [RunningPipeline]) -> JSONValue {
        let streams = pipelines.flatMap { pipeline in
            let seconds = max(1, Double((ContinuousClock.now - pipeline.startedAt).components.seconds))
            let rate = Double(pipeline.progress.counters.eventsIn) / seconds
            return pipeline.streams.map { stream -> JSONValue in
                .object([
                    "name": .string(stream.name), "source": .string(stream.sources.joined(separator: ", ")),
                    "operations": .array(stream.operations.map { .string($0) }),
                    "events_per_second": .double(rate), "status": .string(pipeline.progress.phase.status.rawValue),
                ])
            }
        }
        return .object(["type": .string("streams"), "data": .array(streams)])
    }

    static func metrics(_ pipelines: [RunningPipeline], uptimeSeconds: Double) -> JSONValue {
        let counters = pipelines.map(\.progress.counters)
        let usage = ProcessUsage.current
        return .object([
            "type": .string("metrics"),
            "events_processed": .integer(Int64(clamping: counters.reduce(0) { $0 + $1.eventsIn })),
            "output_events_emitted": .integer(Int64(clamping: counters.reduce(0) { $0 + $1.eventsOut })),
            "active_streams": .integer(Int64(pipelines.reduce(0) { $0 + $1.streamCount })),
            "uptime": .double(uptimeSeconds), "memory_usage": .integer(Int64(clamping: usage.residentBytes)),
            "cpu_usage": .double(100 * usage.cpuSeconds / max(uptimeSeconds, 1)),
        ])
    }
}
