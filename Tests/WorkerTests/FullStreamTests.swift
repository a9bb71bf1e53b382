import ClusterAPI
import Engine
import Foundation
import Testing

@testable import Worker

@Suite struct FullStreamTests {
    private static func lines(_ type: String, _ numbers: Range<Int>) -> String {
        numbers.map { #"{"event_type":"\#(type)","fields":{"n":\#($0)}}"# }.joined(separator: "\n")
    }

    private static func events(_ type: String, _ numbers: Range<Int>) -> String {
        let events = numbers.map { #"{"event_type":"\#(type)","fields":{"n":\#($0)}}"# }
        return "{\"events\":[\(events.joined(separator: ","))]}"
    }

    /// Sends events until the stream holds as much as it may; it is looked at four times a second. How many were sent.
    private static func fill(_ worker: TestWorker, _ path: String) async throws -> Int {
        var sent = 0
        while try await !worker.call(.get, path + "/metrics").body.contains(#""full_stream":"S""#) {
            let body = Self.lines("A", sent..<sent + 500)
            _ = try await worker.call(.post, path + "/events-batch", body, contentType: "application/x-ndjson")
            sent += 500
            try #require(sent < 100_000, "the stream is never full")
        }
        return sent
    }

    @Test func `where a stream holds as much as it may, those who send wait, are told why, and may delete it`()
        async throws
    {
        let worker = try await TestWorker {
            $0.streamBudget = StateBudget(bytesPerStream: 256 << 10, runsPerKey: 1_000_000)
        }
        let source = "stream S = A as a -> B where n == a.n as b .within(1h) .emit(n: a.n)"
        let id = try await worker.running(DeployPipelineRequest(name: "hot", source: source))
        let path = "/api/v1/pipelines/\(id)"
        let sent = try await Self.fill(worker, path)
        let page = try await worker.call(.get, "/metrics").body
        #expect(page.contains("varpulis_pipeline_full{") && page.contains("varpulis_stream_open_runs{"))
        // Soon there is no room for more.
        let refusal = try await withThrowingTaskGroup(of: ErrorBody?.self) { group -> ErrorBody? in
            for round in 0..<12 {
                group.addTask {
                    let numbers = sent + round * 1_000..<sent + (round + 1) * 1_000
                    let answer = try await worker.call(.post, path + "/events-batch", Self.events("A", numbers))
                    return answer.status == 503 ? try answer.decoded(ErrorBody.self) : nil
                }
            }
            // The others wait for an answer that does not matter.
            defer { group.cancelAll() }
            while let answer = try await group.next() { if let answer { return answer } }
            return nil
        }
        #expect(refusal?.error.contains("Stream S holds as much as it may") ?? false, "\(String(describing: refusal))")
        #expect(try await worker.call(.delete, path).status == 200)
        await worker.stop()
    }

    @Test func `when runs are over by the clock, a stream that was full takes events again, and no run was lost`()
        async throws
    {
        let worker = try await TestWorker {
            $0.streamBudget = StateBudget(bytesPerStream: 256 << 10, runsPerKey: 1_000_000)
        }
        let source = "stream S = A as a -> B where n == a.n as b .within(2s) .emit(n: a.n)"
        let id = try await worker.running(DeployPipelineRequest(name: "hot", source: source))
        let path = "/api/v1/pipelines/\(id)"
        _ = try await Self.fill(worker, path)
        var matches = ""
        for _ in 0..<100 where !matches.contains(#""n":-1"#) {
            _ = try await worker.call(.post, path + "/events", #"{"event_type":"A","fields":{"n":-1}}"#)
            matches = try await worker.call(.post, path + "/events", #"{"event_type":"B","fields":{"n":-1}}"#).body
        }
        #expect(matches.contains(#""n":-1"#))
        let metrics = try await worker.call(.get, path + "/metrics").body
        #expect(!metrics.contains("runs_") && !metrics.contains("full_stream"), "\(metrics)")
        await worker.stop()
    }

    @Test func `a stream is told to fail instead`() async throws {
        let worker = try await TestWorker {
            $0.streamBudget = StateBudget(bytesPerStream: 1 << 20, runsPerKey: 1_000_000, policy: .fail)
        }
        let source = "stream S = A as a -> B where n == a.n as b .emit(n: a.n)"
        let id = try await worker.running(DeployPipelineRequest(name: "hot", source: source))
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
