import ClusterState
import HTTPTypes
import Testing

@testable import Coordinator

@Suite("What is counted and measured")
struct TelemetryTests {
    @Test("a histogram counts each measurement in its range and in all greater ones")
    func histogram() {
        let histogram = Histogram(bounds: [0.1, 1])
        for milliseconds in [50, 100, 101, 1_000, 5_000] { histogram.note(.milliseconds(milliseconds)) }
        #expect(histogram.cumulative == [2, 4, 5])
        #expect(abs(histogram.sumSeconds - 6.251) < 0.000_001)
        var text = MetricsText()
        text.family("f", "histogram", "Help.")
        text.histogram("f", ["a": "x\"y\\z"], histogram)
        #expect(
            text.text == #"""
                # HELP f Help.
                # TYPE f histogram
                f_bucket{a="x\"y\\z",le="0.1"} 2
                f_bucket{a="x\"y\\z",le="1.0"} 4
                f_bucket{a="x\"y\\z",le="+Inf"} 5
                f_sum{a="x\"y\\z"} 6.251
                f_count{a="x\"y\\z"} 5

                """#
        )
    }

    @Test("however many paths and methods are asked for, there are only as many series as routes")
    func bounded() {
        let http = HTTPTelemetry()
        for number in 0..<100 {
            http.note(.get, nil, 404, .milliseconds(number))
            http.note(.init("M\(number)")!, "NotFound", 404, .milliseconds(number))
            http.note(.get, "/known", 200 + number, .milliseconds(number))
        }
        #expect(http.all.map { "\($0.method) \($0.route)" } == ["GET /known", "GET none", "other none"])
        let sweeps = SweepTelemetry()
        for workers in 0..<1_000 { sweeps.note(workers: workers, .milliseconds(1)) }
        #expect(sweeps.all.count == SweepTelemetry.seriesMax + 1)
        #expect(sweeps.all.last?.workers == SweepTelemetry.further || sweeps.all.contains { $0.workers == "more" })
    }

    @Test("what the system says of the process is plausible")
    func process() {
        let usage = ProcessUsage()
        #expect(usage.residentBytes > 1 << 20)
        #expect(usage.cpuSeconds > 0)
        #expect(usage.startSeconds > 1_600_000_000)
        #expect(ProcessUsage().startSeconds == usage.startSeconds)
    }
}
