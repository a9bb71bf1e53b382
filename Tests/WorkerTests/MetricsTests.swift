import ClusterAPI
import Foundation
import Testing

@testable import Worker

@Suite struct MetricsTests {
    /// The value of a series, by its name and labels as they are written.
    private static func value(_ series: String, _ page: String) -> Double? {
        page.split(separator: "\n").first { $0.hasPrefix(series + " ") }.flatMap {
            Double($0.dropFirst(series.count + 1))
        }
    }

    @Test(arguments: [true, false])
    func `what pipelines do is counted, whether they run over batches or not`(isBatched: Bool) async throws {
        let worker = try await TestWorker { $0.apiKey = "right" }
        // A session needs one event after the other.
        let source = isBatched ? Programs.filter : Programs.filter + "\n" + Programs.session
        let id = try await worker.running(DeployPipelineRequest(name: #"say "hot""#, source: source), key: "right")
        let lines = [
            #"{"event_type":"Reading","fields":{"value":30}}"#, #"{"event_type":"Reading","fields":{"value":3}}"#,
            #"{"event_type":"Foreign","fields":{}}"#, "nonsense",
        ]
        let answer = try await worker.call(
            .post,
            "/api/v1/pipelines/\(id)/events-batch",
            lines.joined(separator: "\n"),
            key: "right",
            contentType: "application/x-ndjson"
        )
        #expect(answer.status == 200)
        let shown = try await worker.call(.get, "/metrics")
        #expect(shown.status == 200)
        #expect(shown.header("content-type") == "text/plain; version=0.0.4; charset=utf-8")
        let page = shown.body
        let labels = #"stream="say \"hot\"",pipeline_id="\#(id)""#
        #expect(Self.value(#"varpulis_events_total{event_type="Reading"}"#, page) == 2)
        #expect(Self.value(#"varpulis_events_total{event_type="other"}"#, page) == 1)
        #expect(Self.value("varpulis_events_processed{\(labels)}", page) == 3)
        #expect(Self.value("varpulis_events_processed_total", page) == 3)
        #expect(Self.value("varpulis_output_events_total{\(labels)}", page) == 1)
        #expect(Self.value(#"varpulis_events_rejected_total{\#(labels),reason="wrong_shape"}"#, page) == 1)
        #expect(Self.value(#"varpulis_processing_latency_seconds_bucket{\#(labels),le="+Inf"}"#, page) == 1)
        #expect(Self.value("varpulis_processing_latency_seconds_count{\(labels)}", page) == 1)
        #expect(try #require(Self.value("varpulis_processing_latency_seconds_sum{\(labels)}", page)) > 0)
        #expect(Self.value("varpulis_stream_queue_size{\(labels)}", page) == 0)
        #expect(Self.value("varpulis_active_streams", page) == (isBatched ? 1 : 2))
        #expect(Self.value(#"varpulis_pipelines{status="running"}"#, page) == 1)
        #expect(try #require(Self.value("process_resident_memory_bytes", page)) > 1_000_000)
        await worker.stop()
    }

    @Test func `each bucket of a histogram holds those before it`() {
        var histogram = LatencyHistogram()
        for duration in [Duration.microseconds(100), .microseconds(101), .milliseconds(400), .seconds(2)] {
            histogram.add(duration)
        }
        #expect(histogram.counts == [1, 1, 0, 0, 0, 0, 0, 1, 0, 1])
        var page = PrometheusText()
        page.histograms("h", "Help.", [([], histogram)])
        let buckets = page.text.split(separator: "\n").filter { $0.hasPrefix("h_bucket") }
        #expect(buckets.map { $0.split(separator: " ")[1] } == ["1", "2", "2", "2", "2", "2", "2", "3", "3", "4"])
        #expect(page.text.hasSuffix("h_sum 2.400201\nh_count 4\n"))
    }

    @Test func `a listener for metrics serves them under any path, and nothing else`() async throws {
        let captured = LogCapture()
        let worker = try await TestWorker {
            $0.metricsPort = 0
            $0.logger = captured.logger
        }
        let port = try #require(await captured.value(of: "port", in: "metrics"))
        for path in ["/metrics", "/", "/any/thing"] {
            let answer = try await worker.call(.get, path, port: Int(port))
            #expect(answer.status == 200)
            #expect(answer.body.contains("varpulis_uptime_seconds"))
        }
        #expect(try await worker.call(.get, "/metrics").status == 200)
        await worker.stop()
    }
}
