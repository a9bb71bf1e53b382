import ClusterAPI
import Engine
import Foundation
import Testing

@testable import Worker

@Suite struct FullStreamTests {
    private static let source = "stream S = A as a -> B where n == a.n as b .within(6s) .emit(n: a.n)"

    private static func lines(_ type: String, _ numbers: Range<Int>) -> String {
        numbers.map { #"{"event_type":"\#(type)","fields":{"n":\#($0)}}"# }.joined(separator: "\n")
    }

    private static func isTaken(_ worker: TestWorker, _ path: String, _ body: String) async throws -> Bool {
        let answer = try await worker.call(.post, path, body)
        guard answer.status != 200 else { return true }
        #expect(answer.status == 503)
        #expect(try answer.decoded(ErrorBody.self).error.contains("Stream S holds as much as it may"), "\(answer.body)")
        return false
    }

    @Test
    func `a stream that holds as much as it may makes those who send wait, and takes events again when runs are over`()
        async throws
    {
        let worker = try await TestWorker {
            $0.streamBudget = StateBudget(bytesPerStream: 256 << 10, runsPerKey: 1_000_000)
        }
        let id = try await worker.running(DeployPipelineRequest(name: "hot", source: Self.source))
        let path = "/api/v1/pipelines/\(id)"
        // It is looked at four times a second.
        var sent = 0
        var metrics = ""
        while !metrics.contains(#""full_stream":"S""#) {
            _ = try await worker.call(
                .post,
                path + "/events-batch",
                Self.lines("A", sent..<sent + 500),
                contentType: "application/x-ndjson"
            )
            sent += 500
            metrics = try await worker.call(.get, path + "/metrics").body
            try #require(sent < 100_000, "the stream is never full")
        }
        #expect(metrics.contains(#""runs":"#))
        let page = try await worker.call(.get, "/metrics").body
        #expect(page.contains("varpulis_pipeline_full{") && page.contains("varpulis_stream_open_runs{"))
        // Nothing comes in, until the runs are over by the clock.
        var wasRefused = false
        let event = #"{"event_type":"A","fields":{"n":-1}}"#
        var isTaken = false
        for _ in 0..<20 where !isTaken {
            isTaken = try await Self.isTaken(worker, path + "/events", event)
            wasRefused = wasRefused || !isTaken
        }
        #expect(isTaken)
        #expect(wasRefused)
        let completed = try await worker.call(.post, path + "/events", #"{"event_type":"B","fields":{"n":-1}}"#)
        #expect(completed.body.contains(#""n":-1"#))
        metrics = try await worker.call(.get, path + "/metrics").body
        #expect(!metrics.contains("runs_"), "no run was dropped: \(metrics)")
        await worker.stop()
    }

    @Test func `a pipeline that waits for its stream can be deleted`() async throws {
        let worker = try await TestWorker {
            $0.streamBudget = StateBudget(bytesPerStream: 64 << 10, runsPerKey: 1_000_000)
        }
        let source = "stream S = A as a -> B where n == a.n as b .emit(n: a.n)"
        let id = try await worker.running(DeployPipelineRequest(name: "hot", source: source))
        let path = "/api/v1/pipelines/\(id)"
        var sent = 0
        while try await !worker.call(.get, path + "/metrics").body.contains(#""full_stream":"S""#) {
            let body = Self.lines("A", sent..<sent + 500)
            _ = try await worker.call(.post, path + "/events-batch", body, contentType: "application/x-ndjson")
            sent += 500
            try #require(sent < 100_000, "the stream is never full")
        }
        #expect(try await worker.call(.delete, path).status == 200)
        await worker.stop()
    }

    @Test func `a stream is told to fail instead`() async throws {
        let worker = try await TestWorker {
            $0.streamBudget = StateBudget(bytesPerStream: 1 << 20, runsPerKey: 1_000_000, policy: .fail)
        }
        let id = try await worker.running(DeployPipelineRequest(name: "hot", source: Self.source))
        let path = "/api/v1/pipelines/\(id)"
        var status = PipelineStatus.running
        for round in 0..<200 where status == .running {
            let body = Self.lines("A", round * 500..<(round + 1) * 500)
            _ = try await worker.call(.post, path + "/events-batch", body, contentType: "application/x-ndjson")
            status = try await worker.call(.get, path).decoded(PipelineInfo.self).status
        }
        #expect(status.errorMessage?.contains("stream S holds") ?? false, "\(status)")
        #expect(status.errorMessage?.contains("may hold 1 MiB") ?? false, "\(status)")
        await worker.stop()
    }
}
