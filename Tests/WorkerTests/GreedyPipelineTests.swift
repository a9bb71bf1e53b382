import ClusterAPI
import Foundation
import Testing

@testable import Worker

@Suite struct GreedyPipelineTests {
    private static func lines(_ count: Int, padding: Int = 0) -> String {
        let pad = String(repeating: "x", count: padding)
        return (0..<count).map { #"{"event_type":"Reading","fields":{"value":\#($0 + 11),"pad":"\#(pad)"}}"# }
            .joined(separator: "\n")
    }

    @Test(arguments: [
        // Keeps events, keys, or values.
        "stream S = Reading.window(session: 1h).aggregate(n: count()).emit(n: n)",
        "stream S = Reading.distinct(value).window(session: 1h).aggregate(n: count_distinct(pad)).emit(n: n)",
        "stream S = Reading.partition_by(value).window(3).aggregate(n: first(pad)).emit(n: n)",
    ])
    func `a pipeline that holds too much is stopped with the reason, and its neighbours go on`(
        source: String
    ) async throws {
        let coordinator = try await FakeCoordinator()
        let worker = try await TestWorker {
            $0.coordinators = [coordinator.url]
            $0.pipelineBytesMax = 4 << 20
        }
        let greedy = try await worker.running(DeployPipelineRequest(name: "greedy", source: source))
        let neighbour = try await worker.running(DeployPipelineRequest(name: "hot", source: Programs.filter))
        let path = "/api/v1/pipelines/\(greedy)"
        var answer = try await worker.call(.get, path)
        // Each time it is looked at, it holds more.
        for round in 0..<200 where try answer.decoded(PipelineInfo.self).status == .running {
            _ = try await worker.call(
                .post,
                path + "/events-batch",
                Self.lines(500, padding: 400).replacingOccurrences(of: #""value":"#, with: #""value":\#(round)"#),
                contentType: "application/x-ndjson"
            )
            answer = try await worker.call(.get, path)
        }
        let status = try answer.decoded(PipelineInfo.self).status
        #expect(status.errorMessage?.contains("MiB of events, and may hold 4 MiB") ?? false, "\(status)")
        let refused = try await worker.call(.post, path + "/events", #"{"event_type":"Reading","fields":{}}"#)
        #expect(refused.status == 500)
        #expect(try refused.decoded(ErrorBody.self).code == .engineError)
        #expect(refused.body.contains("MiB"))
        let told = try await coordinator.heartbeat { beat in
            beat.pipelines?.contains { $0.id == greedy && $0.status == status } ?? false
        }
        #expect(told != nil)
        let event = #"{"event_type":"Reading","fields":{"value":30}}"#
        #expect(try await worker.call(.post, "/api/v1/pipelines/\(neighbour)/events", event).body.contains("Hot"))
        // Another program makes it run again.
        let reloaded = try await worker.call(.post, path + "/reload", #"{"source":"stream S = Reading.emit(a: 1)"}"#)
        #expect(reloaded.status == 200)
        #expect(try await worker.call(.post, path + "/events", event).body.contains(#""a":1"#))
        #expect(try await worker.call(.delete, path).status == 200)
        await worker.stop()
        await coordinator.stop()
    }

    @Test func `an engine uses no more of a processor than its share`() async throws {
        let worker = try await TestWorker { $0.pipelineShareMax = 0.2 }
        let id = try await worker.running(DeployPipelineRequest(name: "hog", source: Programs.filter))
        let path = "/api/v1/pipelines/\(id)"
        let lines = Self.lines(500)
        let started = ContinuousClock.now
        while ContinuousClock.now - started < .seconds(3) {
            let answer = try await worker.call(
                .post,
                path + "/events-batch",
                lines,
                contentType: "application/x-ndjson"
            )
            #expect(answer.status == 200)
        }
        struct Metrics: Decodable {
            let cpuSeconds: Double
            let cpuShare: Double

            enum CodingKeys: String, CodingKey {
                case cpuSeconds = "cpu_seconds"
                case cpuShare = "cpu_share"
            }
        }
        let metrics = try await worker.call(.get, path + "/metrics").decoded(Metrics.self)
        let elapsed = (ContinuousClock.now - started) / .seconds(1)
        #expect(metrics.cpuShare == 0.2)
        #expect(metrics.cpuSeconds > 0)
        // The first window goes by before the share is known, and batches end when they end.
        #expect(metrics.cpuSeconds < elapsed * 0.2 + 0.5)
        let page = try await worker.call(.get, "/metrics").body
        let rested = page.split(separator: "\n").first { $0.hasPrefix("varpulis_pipeline_rested_seconds_total{") }
        #expect(try #require(rested.flatMap { $0.split(separator: " ").last }.flatMap { Double($0) }) > 0)
        await worker.stop()
    }
}
