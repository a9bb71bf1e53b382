import Testing
import VPL

@testable import Engine

/// Trends go on from checkpoints as if nothing had happened, whichever way they were and are run.
@Suite("Checkpoints of trends")
struct TrendCheckpointTests {
    @Test("random programs of all kinds", arguments: 0..<4 as Range<UInt64>)
    func seeds(part: UInt64) throws {
        var (count, columns) = (0, 0)
        var kinds: Set<String> = []
        for seed in part * 200 + 1...part * 200 + 200 {
            var generator = TrendGenerator(seed: 300_000 + seed)
            let program = generator.makePattern().program
            let plan = try #require(Plan.load(program).plan, "\(program)")
            guard let found = try RestartedProgram.check(plan, generator.makeEvents(), seed: seed, program) else {
                return
            }
            count += found
            columns += BatchPipeline(plan) == nil ? 0 : 1
            for (trends, _) in plan.streams.compactMap(\.trends) { kinds.insert("\(trends.kind)") }
        }
        #expect(count > 100 && columns > 20 && kinds.count > 1, "\(count) results, \(columns) in columns, \(kinds)")
    }

    @Test("sums of floats are the same to the last bit, also where an index holds them")
    func floats() throws {
        let program = """
            stream S = A as a -> all B where v > b.v as b -> C as c
                .partition_by(k)
                .within(200s)
                .trend_aggregate(n: count_trends(), s: sum_trends(b.v), m: avg_trends(b.v), lo: min_trends(b.v))
                .emit(n: n, s: s, m: m, lo: lo, k: k)
            """
        let plan = try #require(Plan.load(program).plan)
        var count = 0
        for seed in 0..<20 as Range<UInt64> {
            var random = SeededGenerator(seed: 900 + seed)
            let events = (0..<200 as Range<Int64>).map { number in
                let type = ["A", "B", "B", "B", "C"].randomElement(using: &random) ?? "A"
                let value = Value.float(Double.random(in: 0..<3, using: &random))
                let fields: Fields = ["k": .int(Int64.random(in: 0..<3, using: &random)), "v": value]
                return Event(type: type, timestamp: number * 3_000_000_000, fields: fields)
            }
            guard let found = try RestartedProgram.check(plan, events, seed: seed, program) else { return }
            count += found
        }
        #expect(count > 100, "\(count)")
    }
}
