import ClusterAPI
import Engine
import HTTPTypes
import Hummingbird
import NIOCore

extension WorkerRoutes {
    /// How long a caller is kept waiting for its events to be processed; shorter than a coordinator's own patience.
    private static let injectTimeout: Duration = .seconds(8)

    /// Injecting events by hand.
    func addEvents(to router: some RouterMethods<WorkerContext>) {
        router.post(":id/events") { request, context -> Response in
            let pipeline = try await self.pipeline(context)
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
            if let contentType = request.headers[.contentType], Self.isLines(contentType) {
                return try await self.injectLines(request, into: pipeline, for: self.tenant(context))
            }
            let events = try Self.decodeBatch(Array(buffer: try await request.jsonBytes()))
            try self.admit(events.count, for: self.tenant(context))
            let started = ContinuousClock.now
            let output = try await self.inject(.events(events), into: pipeline).emitted
            return Self.batchAnswer(#"{"accepted":\#(events.count)"#, output, since: started)
        }
    }

    // MARK: - JSON Lines

    private static func isLines(_ contentType: String) -> Bool {
        let type = contentType.lowercased().prefix { $0 != ";" }
        return ["application/x-ndjson", "application/jsonl", "application/x-jsonlines"].contains(type)
    }

    /// An event in each line, for whoever has many: what is none is counted and passed over, and the program's output is
    /// in the answer only with `?output=true`.
    private func injectLines(
        _ request: Request,
        into pipeline: RunningPipeline,
        for tenant: Tenant
    ) async throws -> Response {
        let body = try await request.body.collect(upTo: Self.bodyBytesMax)
        var payloads = EventPayloads(arrival: WallClock.nanoseconds())
        for line in body.readableBytesView.split(separator: UInt8(ascii: "\n")) where !line.allSatisfy({ $0 <= 0x20 }) {
            payloads.append(Array(line), defaultType: nil)
        }
        try self.admit(payloads.count, for: tenant)
        let wantsOutput = request.uri.queryParameters["output"] == "true"
        let started = ContinuousClock.now
        let result = try await self.inject(
            .payloads(payloads, connector: nil),
            wantsOutput: wantsOutput,
            into: pipeline
        )
        let rejected = result.rejections.total
        let reasons = result.rejections.byCode.map { #""\#($0.code.rawValue)":\#($0.count)"# }.joined(separator: ",")
        return Self.batchAnswer(
            #"{"accepted":\#(UInt64(payloads.count) - rejected),"rejected":\#(rejected),"rejections":{\#(reasons)}"#,
            result.emitted,
            since: started
        )
    }

    private static func batchAnswer(
        _ head: String,
        _ output: [Event],
        since started: ContinuousClock.Instant
    ) -> Response {
        let (seconds, attoseconds) = (ContinuousClock.now - started).components
        let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        let tail = #","processing_time_us":\#(microseconds)}"#
        let list = Self.list(output.map(EventEncoder.sinkPayload))
        return Response.json(.ok, bytes: Array((head + #","output_events":"#).utf8) + list + Array(tail.utf8))
    }

    /// Counts events against the tenant's quota.
    private func admit(_ events: Int, for tenant: Tenant) throws(WorkerAPIError) {
        guard let wait = tenant.admit(events) else { return }
        throw .rateLimited(wait, quota: tenant.quota.eventsPerSecondMax)
    }

    private func inject(
        _ content: EventBatch.Content,
        wantsOutput: Bool = true,
        into pipeline: RunningPipeline
    ) async throws(WorkerAPIError) -> BatchResult {
        switch await pipeline.inject(content, wantsOutput: wantsOutput, within: Self.injectTimeout) {
        case .processed(let result): return result
        case .refused: throw .overloaded
        case .unknown: throw .outcomeUnknown
        case .stopped: throw .stopping
        case .muted: throw .ownershipUnconfirmed
        }
    }

    /// The engine's own reader, as for messages of brokers: `{"event_type":…,"fields":{…}}`.
    private static func decode(_ bytes: [UInt8]) throws(WorkerAPIError) -> Event {
        do throws(EventDecodingError) {
            return try EventDecoder.decode(bytes, defaultType: nil, arrival: WallClock.nanoseconds())
        } catch {
            throw WorkerAPIError(.badRequest, "Invalid request body: \(error.message) (byte \(error.offset))")
        }
    }

    /// `{"events":[…]}`. One bad event refuses the batch, so that what was accepted is never in doubt.
    private static func decodeBatch(_ bytes: [UInt8]) throws(WorkerAPIError) -> [Event] {
        let envelope: Event
        do throws(EventDecodingError) {
            envelope = try EventDecoder.decode(bytes, defaultType: "", arrival: WallClock.nanoseconds())
        } catch {
            throw WorkerAPIError(.badRequest, "Invalid request body: \(error.message) (byte \(error.offset))")
        }
        guard case .array(let items) = envelope.fields["events"] else {
            throw WorkerAPIError(.badRequest, "Invalid request body: missing field `events`")
        }
        // The reader cuts longer arrays; an answer must not count less than was sent.
        guard items.count < EventLimits.elementsMax else {
            throw WorkerAPIError(.contentTooLarge, "A batch has fewer than \(EventLimits.elementsMax) events")
        }
        var events: [Event] = []
        for (place, item) in items.enumerated() {
            guard case .map(let members) = item, case .string(let type) = members["event_type"] else {
                throw WorkerAPIError(.badRequest, "Invalid request body: `events[\(place)]` has no `event_type`")
            }
            guard case .map(let fields) = members["fields"] ?? .map(Fields()) else {
                throw WorkerAPIError(.badRequest, "Invalid request body: `events[\(place)].fields` is no object")
            }
            events.append(Event(type: type, timestamp: envelope.timestamp, fields: fields))
        }
        return events
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
