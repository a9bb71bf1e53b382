import ClusterAPI
import Engine
import HTTPTypes
import Hummingbird
import NIOCore

extension WorkerRoutes {
    /// How long a caller is kept waiting for its events to be processed; shorter than a coordinator's own patience.
    static let injectTimeout: Duration = .seconds(8)

    /// Injecting events by hand.
    func addEvents(to router: some RouterMethods<WorkerContext>) {
        router.post(":id/events") { request, context -> Response in
            let pipeline = try await self.pipeline(context)
            try Self.checkEpoch(request, pipeline)
            let event = try Self.decode(Array(buffer: try await request.jsonBytes()))
            try self.admit(1, for: self.tenant(context))
            let output = try await self.inject(.events([event]), into: pipeline).emitted
            let events = Self.list(output.map(EventEncoder.outputLine))
            return Response.json(
                .ok,
                bytes: Array(#"{"accepted":true,"output_events":"#.utf8) + events + Array("}".utf8)
            )
        }
        router.post(":id/events-batch") { request, context -> Response in
            let pipeline = try await self.pipeline(context)
            try Self.checkEpoch(request, pipeline)
            let wantsOutput = try Self.wantsOutput(request)
            if let contentType = request.headers[.contentType], Self.isLines(contentType) {
                return try await self.injectLines(request, wantsOutput, into: pipeline, for: self.tenant(context))
            }
            return try await self.injectArray(request, into: pipeline, for: self.tenant(context))
        }
    }

    private static func isLines(_ contentType: String) -> Bool {
        let type = contentType.lowercased().prefix { $0 != ";" }
        return ["application/x-ndjson", "application/jsonl", "application/x-jsonlines"].contains(type)
    }

    private static func wantsOutput(_ request: Request) throws(WorkerAPIError) -> Bool {
        switch request.uri.queryParameters["output"] {
        case nil, "false": return false
        case "true": return true
        default: throw WorkerAPIError(.badRequest, "Invalid query parameters: `output` is true or false")
        }
    }

    /// Counts events against the tenant's quota.
    func admit(_ events: Int, for tenant: Tenant) throws(WorkerAPIError) {
        guard let wait = tenant.admit(events) else { return }
        throw .rateLimited(wait, quota: tenant.quota.eventsPerSecondMax)
    }

    /// The engine's own reader, as for messages of brokers: `{"event_type":…,"fields":{…}}`.
    private static func decode(_ bytes: [UInt8]) throws(WorkerAPIError) -> Event {
        do throws(EventArrayReader.Refusal) {
            try EventArrayReader.checkEvent(bytes.span)
        } catch {
            throw WorkerAPIError(.badRequest, "Invalid request body: \(error.message) (byte \(error.offset))")
        }
        do throws(EventDecodingError) {
            return try EventDecoder.decode(bytes, defaultType: nil, arrival: WallClock.nanoseconds())
        } catch {
            throw WorkerAPIError(.badRequest, "Invalid request body: \(error.message) (byte \(error.offset))")
        }
    }

    // MARK: - A batch in one document

    /// How long a large body waits until others have left memory.
    private static let roomTimeout: Duration = .seconds(5)

    /// `{"events":[…]}`. One bad event refuses the batch, so that what was accepted is never in doubt.
    private func injectArray(
        _ request: Request,
        into pipeline: RunningPipeline,
        for tenant: Tenant
    ) async throws -> Response {
        try request.checkIsJSON()
        let length = request.headers[.contentLength].flatMap(Int.init) ?? Self.batchBytesMax
        guard length <= Self.batchBytesMax else { throw NIOTooManyBytesError(maxBytes: Self.batchBytesMax) }
        // The tenant's own share first, so that what waits for it takes no room of the others.
        let held = try await tenant.bodies.hold(length, within: Self.roomTimeout) { () -> Response? in
            try await self.bodies.hold(length, within: Self.roomTimeout) { () -> Response in
                try await self.injectArray(request, length, into: pipeline, for: tenant)
            }
        }
        guard case let response?? = held else { throw WorkerAPIError.overloaded }
        return response
    }

    private func injectArray(
        _ request: Request,
        _ length: Int,
        into pipeline: RunningPipeline,
        for tenant: Tenant
    ) async throws -> Response {
        let bytes = try await request.bytes(upTo: length)
        let places = try Self.places(bytes)
        let payloads = EventPayloads(objectsIn: bytes, at: places, arrival: WallClock.nanoseconds())
        try self.admit(places.count, for: tenant)
        let started = ContinuousClock.now
        let result = try await self.inject(.payloads(payloads, connector: nil), into: pipeline)
        let output = Self.list(result.emitted.map(EventEncoder.sinkPayload))
        return BatchAnswer(count: places.count, result.rejections, since: started).response(output)
    }

    private static func places(_ bytes: [UInt8]) throws(WorkerAPIError) -> [Range<Int>] {
        guard (try? UTF8Span(validating: bytes.span)) != nil else {  // nil says it all
            throw WorkerAPIError(.badRequest, "Invalid request body: it is not UTF-8")
        }
        do throws(EventArrayReader.Refusal) {
            return try EventArrayReader.places(in: bytes.span)
        } catch {
            throw WorkerAPIError(.badRequest, "Invalid request body: \(error.message) (byte \(error.offset))")
        }
    }

    private func inject(
        _ content: EventBatch.Content,
        into pipeline: RunningPipeline
    ) async throws(WorkerAPIError) -> BatchResult {
        switch await pipeline.inject(content, within: Self.injectTimeout) {
        case .processed(let result): return result
        case .refused: throw Self.full(pipeline)
        case .unknown: throw .outcomeUnknown
        case .stopped: throw Self.stopped(pipeline)
        case .muted: throw .ownershipUnconfirmed
        }
    }

    /// Why a pipeline takes no more for now.
    static func full(_ pipeline: RunningPipeline) -> WorkerAPIError {
        pipeline.progress.counters.fullStream.map(WorkerAPIError.full) ?? .overloaded
    }

    /// Why a pipeline takes nothing: it is being stopped, or it failed and stays as it is until somebody does something.
    static func stopped(_ pipeline: RunningPipeline) -> WorkerAPIError {
        guard let reason = pipeline.progress.failure else { return .stopping }
        return WorkerAPIError(.internalServerError, .engineError, "The pipeline has failed: \(reason)")
    }

    /// A JSON array of values that are JSON already.
    private static func list(_ items: [[UInt8]]) -> [UInt8] {
        var bytes: [UInt8] = [UInt8(ascii: "[")]
        for (place, item) in items.enumerated() {
            if place > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes += item
        }
        bytes.append(UInt8(ascii: "]"))
        return bytes
    }
}
