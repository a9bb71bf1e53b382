import Engine
import Testing
import VPL

@Suite("Windows of event time by a second reading")
struct EventTimeOracleTests {
    @Test("random programs over random events give what going over all events gives", arguments: 0..<600)
    func random(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let size = Int64.random(in: 1...8, using: &random)
        let (window, text): (EventTimeOracle.Window, String)
        switch seed % 3 {
        case 0: (window, text) = (.tumbling(size), "\(size)s")
        case 1:
            let step = Int64.random(in: 1...6, using: &random)
            (window, text) = (.sliding(size, every: step), "\(size)s, sliding: \(step)s")
        default: (window, text) = (.session(size), "session: \(size)s")
        }
        let tolerance = Int64.random(in: 0...6, using: &random)
        let lateness = Bool.random(using: &random) ? Int64.random(in: 0...9, using: &random) : nil
        let isKeyed = Bool.random(using: &random)
        let types = Bool.random(using: &random) ? ["A"] : ["A", "B"]
        let program = """
            stream S = merge(A, B)
                .watermark(out_of_order: \(tolerance)s)
                \(lateness.map { ".allowed_lateness(\($0)s)" } ?? "")
                \(isKeyed ? ".partition_by(k)" : "")
                .window(\(text))
            """
        var oracle = EventTimeOracle(window: window, tolerance: tolerance, lateness: lateness)
        var events: [Event] = []
        var now = Int64.random(in: -20...20, using: &random)
        for number in 0..<Int.random(in: 1...40, using: &random) {
            now += Int64.random(in: 0...3, using: &random)
            let time = now - (Bool.random(using: &random) ? 0 : Int64.random(in: 0...15, using: &random))
            let key = Int.random(in: 1...3, using: &random)
            let type = types.randomElement(using: &random) ?? "A"
            events.append(
                Event(
                    type: type,
                    timestamp: time * 1_000_000_000,
                    fields: ["k": .int(Int64(key)), "n": .int(Int64(number)), "bit": .int(1 << Int64(number))]
                )
            )
            oracle.take(
                EventTimeOracle.Arrival(number: number, type: type, key: isKeyed ? key : 0, time: time)
            )
        }
        oracle.finish()
        // What is in each batch, and then in which order.
        let sums = try self.values(of: "s", program + "\n    .aggregate(s: sum(bit))\n    .emit(s: s)", events, oracle)
        #expect(
            sums == oracle.batches.map { .float($0.reduce(0) { $0 + Double(Int64(1) << $1.number) }) },
            "\(program)"
        )
        let numbers = try self.values(of: "n", program + "\n    .emit(n: n)", events, oracle)
        #expect(numbers == oracle.batches.joined().map { .int(Int64($0.number)) }, "\(program)")
    }

    private func values(
        of field: String,
        _ source: String,
        _ events: [Event],
        _ oracle: EventTimeOracle
    ) throws -> [Value?] {
        let (plan, diagnostics) = Plan.load(source)
        let loaded = try #require(plan, "\(diagnostics)")
        var pipeline = Pipeline(loaded)
        var outputs = Outputs()
        // Stopped somewhere, and started again from a checkpoint.
        let stop = (events.count * 7 + source.utf8.count) % (events.count + 1)
        pipeline.process(Array(events[..<stop]), into: &outputs)
        let bytes = pipeline.snapshot.checkpoint.encoded()
        pipeline = try Pipeline(loaded, restoring: try Restoration(Checkpoint(decoding: bytes), of: loaded))
        pipeline.process(Array(events[stop...]), into: &outputs)
        pipeline.finish(into: &outputs)
        #expect(pipeline.counters.limits.eventsLateDropped == UInt64(oracle.dropped))
        return outputs.emitted.map { $0.fields[field] }
    }
}
