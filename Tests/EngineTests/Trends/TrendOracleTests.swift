import Engine
import Foundation
import Testing
import VPL

/// The counters of trends against one that makes all trends, one by one.
@Suite("Trends and the oracle")
struct TrendOracleTests {
    /// `TREND_PROGRAMS=10000` tries more.
    private static let programCount = UInt64(ProcessInfo.processInfo.environment["TREND_PROGRAMS"] ?? "") ?? 1_500
    private static let partCount: UInt64 = 10

    @Test("random programs count what the specification says", arguments: 0..<partCount)
    func seeds(part: UInt64) throws {
        let count = Self.programCount / Self.partCount
        var (results, tried, inColumns) = (0, 0, 0)
        for seed in part * count + 1...(part + 1) * count {
            var generator = TrendGenerator(seed: seed)
            let pattern = generator.makePattern()
            let events = generator.makeEvents()
            let (plan, diagnostics) = Plan.load(pattern.program)
            let errors = diagnostics.filter(\.isError)
            let loaded = try #require(plan, "seed \(seed): \(errors)\n\(pattern.program)")
            var oracle = TrendOracle(pattern)
            let expected = oracle.output(events).map(Self.line)
            // What has very many trends is left out.
            if oracle.left < 0 { continue }
            tried += 1
            results += expected.count
            var pipeline = Pipeline(loaded)
            var outputs = Outputs()
            pipeline.process(events, into: &outputs)
            pipeline.finish(into: &outputs)
            var lines = outputs.emitted.map(Self.line)
            for size in [1, 7, 1024] where lines == expected {
                guard let pipeline = BatchPipeline(loaded) else { break }
                inColumns += 1
                outputs.clear()
                for start in stride(from: 0, to: events.count, by: size) {
                    pipeline.process(events[start..<min(start + size, events.count)], into: &outputs)
                }
                pipeline.finish(into: &outputs)
                lines = outputs.emitted.map(Self.line)
            }
            guard lines != expected else { continue }
            let input = events.map { "\(Self.line($0))" }.joined(separator: "\n")
            Issue.record("seed \(seed)\n\(pattern.program)\n\(input)\ngives\n\(lines)\nnot\n\(expected)")
            return
        }
        #expect(tried > Int(count) * 9 / 10 && results > Int(count) / 2 && inColumns > Int(count) / 2)
    }

    private static func line(_ event: Event) -> String {
        let fields = event.fields.entries.map { "\($0.name): \(text(of: $0.value))" }.joined(separator: ", ")
        return "@\(event.timestamp / 1_000_000_000)s \(event.type) { \(fields) }"
    }

    private static func text(of value: Value) -> String { String(decoding: EventEncoder.json(value), as: UTF8.self) }
}
