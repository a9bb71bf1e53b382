import ClusterAPI
import Engine
import HTTPTypes
import Hummingbird
import NIOCore

extension WorkerRoutes {
    /// How long the lines of a request wait for room in a pipeline that is behind, before the rest is refused.
    private static let linesTimeout: Duration = .seconds(60)

    /// An event in each line, for whoever has many: read as they come, so that there may be any number. What is none is
    /// counted and passed over, and the program's output is in the answer only with `?output=true`.
    ///
    /// A producer that is faster than the pipeline is not read until there is room, and so slowed down by its connection.
    func injectLines(
        _ request: Request,
        _ wantsOutput: Bool,
        into pipeline: RunningPipeline,
        for tenant: Tenant
    ) async throws -> Response {
        let started = ContinuousClock.now
        let tally = LineTally()
        var pieces = LinePieces(endIsNear: request.headers[.contentLength] != nil)
        for try await chunk in request.body {
            guard let lines = pieces.add(chunk) else { continue }
            try await self.pass(lines, wantsOutput, to: pipeline, tally, for: tenant)
        }
        if let lines = pieces.finish() {
            try await self.pass(lines, wantsOutput, to: pipeline, tally, for: tenant)
        }
        guard let outcome = await tally.outcome(longLines: pieces.longLines, within: Self.injectTimeout) else {
            throw WorkerAPIError.outcomeUnknown
        }
        guard !outcome.isDropped else { throw Self.refusal(Self.stopped(pipeline), tally) }
        return BatchAnswer(
            count: Int(outcome.lines),
            outcome.rejections,
            isLines: true,
            isOutputCut: outcome.isOutputCut,
            since: started
        ).response(Array("[".utf8) + outcome.output + Array("]".utf8))
    }

    private func pass(
        _ lines: [UInt8],
        _ wantsOutput: Bool,
        to pipeline: RunningPipeline,
        _ tally: LineTally,
        for tenant: Tenant
    ) async throws {
        let payloads = EventPayloads(lines: lines, arrival: WallClock.nanoseconds())
        guard payloads.count > 0 else { return }
        try await self.admit(lines: payloads.count, after: tally.lines, for: tenant)
        guard !pipeline.isMuted else { throw Self.refusal(.ownershipUnconfirmed, tally) }
        tally.begin(lines: payloads.count)
        let batch = EventBatch(
            content: .payloads(payloads, connector: nil),
            reply: { [count = payloads.count] in tally.end($0, lines: count) },
            wantsOutput: wantsOutput
        )
        let offer = await pipeline.add(batch, within: Self.linesTimeout)
        guard offer != .taken else { return }
        tally.withdraw(lines: payloads.count)
        throw Self.refusal(offer == .full ? Self.full(pipeline) : Self.stopped(pipeline), tally)
    }

    /// The same for a request of which some lines were taken.
    private static func refusal(_ refusal: WorkerAPIError, _ tally: LineTally) -> WorkerAPIError {
        guard tally.lines > 0 else { return refusal }
        var refusal = refusal
        refusal.body.error += "; \(tally.lines) lines were taken"
        refusal.body.outcome = .unknown
        return refusal
    }

    /// The first lines are refused where the tenant has no room for them in this second; those after them wait for the
    /// next one.
    private func admit(lines: Int, after earlier: UInt64, for tenant: Tenant) async throws {
        guard earlier > 0 else { return try self.admit(lines, for: tenant) }
        while let wait = tenant.admitNext(lines) { try await Task.sleep(for: wait) }
    }
}
