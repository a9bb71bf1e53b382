import Engine
import Testing
import VPL

/// Sequences over batches beside those that take one event after the other.
@Suite("Sequences in columns")
struct SequenceBatchTests {
    private static let second: Int64 = 1_000_000_000

    private func event(_ type: String, _ fields: Fields = Fields(), at second: Int64 = 0) -> Event {
        Event(type: type, timestamp: second * Self.second, fields: fields)
    }

    private static func lines(_ outputs: Outputs) -> [String] {
        outputs.emitted.map { "\($0.timestamp) \($0.type) \($0.fields.text)" } + outputs.printed
    }

    /// Runs the program both ways, in batches of several sizes. Returns how many events come out.
    @discardableResult
    private func compare(_ source: String, _ events: [Event]) throws -> Int {
        let (loaded, diagnostics) = Plan.load(source)
        let plan = try #require(loaded, "\(diagnostics)")
        #expect(plan.obstacleToBatches == nil)
        var pipeline = Pipeline(plan)
        var outputs = Outputs()
        pipeline.process(events, into: &outputs)
        pipeline.finish(into: &outputs)
        for size in [1, 7, 1024] {
            let columns = try #require(BatchPipeline(plan))
            var given = Outputs()
            for start in stride(from: 0, to: events.count, by: size) {
                columns.process(events[start..<min(start + size, events.count)], into: &given)
            }
            columns.finish(into: &given)
            let (lines, wanted) = (Self.lines(given), Self.lines(outputs))
            let first = zip(lines, wanted).first { $0 != $1 }
            #expect(lines.count == wanted.count && first == nil, "in batches of \(size): \(String(describing: first))")
            #expect(columns.counters == pipeline.counters)
        }
        return outputs.emitted.count
    }

    @Test("an event completes more matches than a batch has rows, and those who read them see all in order")
    func manyMatches() throws {
        let source = """
            stream S = A as a -> B as b
                .emit(a: a.v, b: b.v)
            stream R = S
                .where(a > 2)
                .emit(r: a + b)
            stream Q = S
                .emit(q: a)
            stream T = S
                .where(a < 5)
            stream W = merge(S, T, B)
                .aggregate(n: count(), s: sum(a))
                .emit(n: n, s: s)
            stream U = Q as x -> R as y
                .emit(x: x.q, y: y.r)
            """
        var events = (0..<2500 as Range<Int64>).map { self.event("A", ["v": .int($0)]) }
        events += [self.event("B", ["v": 1]), self.event("A", ["v": 7]), self.event("B", ["v": 2])]
        #expect(try self.compare(source, events) > 12_000)
    }

    @Test("runs keep texts of any length, and arrays, from batches before")
    func texts() throws {
        let source = """
            stream S = A as a -> all B where t != a.t as b -> C where x == a.x as c
                .partition_by(k)
                .emit(a: a.t, b: b.t, c: c.t, x: b.x, k: k, first: first(b.t), last: last(b.x), n: count(b))
            """
        var random = SeededGenerator(seed: 5)
        let events = (0..<3000).map { number in
            let text = String(repeating: "é", count: Int.random(in: 0..<40, using: &random)) + "\(number % 5)"
            let x: Value = number % 3 == 0 ? .array([.int(Int64(number % 2))]) : .string(String(text.prefix(1)))
            let key: Value = number % 4 == 0 ? .int(Int64(number % 3)) : .string("\(number % 3)")
            let type = ["A", "B", "B", "C"][Int.random(in: 0..<4, using: &random)]
            return self.event(type, ["t": .string(text), "x": x, "k": key], at: Int64(number))
        }
        #expect(try self.compare(source, events) > 300)
    }

    @Test("keys of all kinds are told apart by their texts")
    func keys() throws {
        let source = """
            stream S = A as a -> B as b
                .partition_by(k)
                .within(100s)
                .emit(k: k, a: a.v, b: b.v)
            """
        let keys: [Value?] = [
            1, "1", 1.0, "1.0", -5, "-5", "-", "007", 7, "", nil, .null, "null", true, "true",
            1_234_567_890_123_456_789, "1234567890123456789", .string(String(repeating: "long", count: 20)),
            .string(String(repeating: "long", count: 19) + "gnol"), "twenty-four bytes, so so",
            "twenty-five bytes, so so!",
        ]
        var random = SeededGenerator(seed: 8)
        let events = (0..<2000).map { number in
            var fields: Fields = ["v": .int(Int64(number))]
            if let key = keys[Int.random(in: keys.indices, using: &random)] { fields["k"] = key }
            return self.event(Bool.random(using: &random) ? "A" : "B", fields, at: Int64(number))
        }
        #expect(try self.compare(source, events) > 500)
    }

    @Test("partitions come and go by the thousands without being mixed up")
    func churn() throws {
        for within in ["", ".within(40s)"] {
            let source = "stream S = A as a -> B as b\n.partition_by(k)\(within)\n.emit(k: k, a: a.v, b: b.v)"
            var random = SeededGenerator(seed: 13)
            let events = (0..<6000).map { number in
                let key = Int64(Int.random(in: 0..<(number < 3000 ? 2000 : 50), using: &random))
                let type = ["A", "B", "B"][Int.random(in: 0..<3, using: &random)]
                return self.event(type, ["k": .int(key), "v": .int(Int64(number))], at: Int64(number))
            }
            #expect(try self.compare(source, events) > 200)
        }
    }

    @Test("keys that do not come again take no memory for longer than a run may take")
    func idleKeys() throws {
        let plan = try #require(Plan.load("stream S = A as a -> B as b\n    .partition_by(k)\n    .within(10s)").plan)
        let pipeline = try #require(BatchPipeline(plan))
        var outputs = Outputs()
        var (most, keys) = (0, 0)
        for start in stride(from: 0, to: 50_000, by: 1000) as StrideTo<Int64> {
            let events = (start..<start + 1000).map { number in
                self.event("A", ["k": .string("a key of some length, \(number)")], at: number)
            }
            pipeline.process(events, into: &outputs)
            most = max(most, pipeline.heldBytes)
            keys = max(keys, pipeline.streamStates[0].keys)
        }
        #expect(most < 40_000 && keys < 200, "\(most) bytes, \(keys) keys")
    }

    @Test("a partition has 10,000 runs at most; memory is given back when they are gone")
    func limit() throws {
        let source = "stream S = A as a -> B as b\n    .partition_by(k)\n    .emit(a: a.v, t: a.t)"
        let plan = try #require(Plan.load(source).plan)
        let pipeline = try #require(BatchPipeline(plan))
        var outputs = Outputs()
        let before = pipeline.heldBytes
        let text = Value.string(String(repeating: "x", count: 100))
        for number in 0..<10_005 as Range<Int64> {
            pipeline.process([self.event("A", ["k": 1, "v": .int(number), "t": text])], into: &outputs)
        }
        #expect(pipeline.counters.limits.runsDropped == 5)
        #expect(pipeline.streamStates[0].runs == 10_000)
        #expect(pipeline.heldBytes > before + 1_000_000)
        pipeline.process([self.event("B", ["k": 1])], into: &outputs)
        #expect(outputs.emitted.count == 10_000)
        #expect(outputs.emitted.last?.fields["a"] == 9_999)
        #expect(pipeline.heldBytes < before + 1000)
    }

    @Test("shards give what one pipeline gives")
    func shards() throws {
        let source = """
            stream S = A as a -> all B where v > b.v as b -> C as c
                .partition_by(k)
                .within(300s)
                .emit(k: k, a: a.v, n: count(b), c: c.v)
            """
        let plan = try #require(Plan.load(source).plan)
        var random = SeededGenerator(seed: 3)
        let input = (0..<4000).map { number in
            let type = ["A", "B", "C"][Int.random(in: 0..<3, using: &random)]
            let (key, value) = (Int.random(in: 0..<40, using: &random), Int.random(in: 0..<100, using: &random))
            return "@\(number)s \(type) { k: \(key), v: \(value) }\n"
        }.joined()
        let bytes = Array(input.utf8) + Array(repeating: 0, count: BatchPipeline.paddingBytes)
        var outputs: [[UInt8]] = []
        for count in [1, 3] {
            let pipeline = try #require(ShardedPipeline(plan, key: "k", shardCount: count))
            var output: [UInt8] = []
            _ = try bytes.withUnsafeBufferPointer { bytes in
                try pipeline.take(
                    UnsafeBufferPointer(rebasing: bytes[..<input.utf8.count]),
                    isLast: true,
                    concurrently: { count, body in for number in 0..<count { body(number) } },
                    rejected: { _ in },
                    output: { output.append(contentsOf: $0) }
                )
            }
            outputs.append(output)
        }
        #expect(outputs[0] == outputs[1] && outputs[0].count > 10_000)
    }

    @Test("patterns end with a NOT, or have one between their steps")
    func negations() throws {
        let source = """
            pattern Silent = SEQ(A as a, B as b, NOT C where v > a.v) within 20s partition by k
            pattern Between = SEQ(A as a, NOT C where v == a.v, B as b, D as d) within 50s partition by k
            stream S = Silent
                .emit(a: a.v, b: b.v, k: k, d: match_duration_ms)
            stream T = Between
                .emit(a: a.v, b: b.v, d: d.v)
            stream R = S
                .aggregate(n: count(), s: sum(a))
                .emit(n: n, s: s)
            """
        var random = SeededGenerator(seed: 21)
        let events = (0..<3000).map { number in
            let type = ["A", "B", "C", "D"][Int.random(in: 0..<4, using: &random)]
            let (key, value) = (Int.random(in: 0..<4, using: &random), Int.random(in: 0..<10, using: &random))
            return self.event(type, ["k": .string("k\(key)"), "v": .int(Int64(value))], at: Int64(number))
        }
        #expect(try self.compare(source, events) > 1000)
    }
}
