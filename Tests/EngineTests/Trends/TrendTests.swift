import Testing
import VPL

@testable import Engine

@Suite("Trends")
struct TrendTests {
    private func event(_ type: String, _ fields: Fields = Fields(), at second: Int64 = 0) -> Event {
        Event(type: type, timestamp: second * 1_000_000_000, fields: fields)
    }

    private func plan(_ source: String) throws -> Plan {
        let (plan, diagnostics) = Plan.load(source)
        return try #require(plan, "\(diagnostics)")
    }

    /// What comes of events one after the other, which must be what comes of them in batches.
    private func lines(_ source: String, _ events: [Event]) throws -> [String] {
        let plan = try self.plan(source)
        var pipeline = Pipeline(plan)
        var outputs = Outputs()
        pipeline.process(events, into: &outputs)
        pipeline.finish(into: &outputs)
        let lines = outputs.emitted.map { "@\($0.timestamp / 1_000_000_000)s \($0.fields.text)" }
        if let batches = BatchPipeline(plan) {
            var outputs = Outputs()
            batches.process(events, into: &outputs)
            batches.finish(into: &outputs)
            #expect(outputs.emitted.map { "@\($0.timestamp / 1_000_000_000)s \($0.fields.text)" } == lines)
            #expect(batches.counters.limits == pipeline.counters.limits)
            #expect(batches.counters.emitted == pipeline.counters.emitted)
        }
        return lines
    }

    // MARK: - Counts

    @Test("`all E` alone counts every choice of events that is not empty")
    func alone() throws {
        let source = "stream S = all E as e\n    .within(1h)\n    .trend_aggregate(n: count_trends())\n    .emit(n: n)"
        let events = (0..<20 as Range<Int64>).map { self.event("E", at: $0) }
        #expect(try self.lines(source, events) == ["@19s {n: 1048575}"])
        let filtered = source.replacing("\n    .within", with: "\n    .where(v > 1)\n    .within")
        let valued = (0..<4 as Range<Int64>).map { self.event("E", ["v": .int($0)]) }
        #expect(try self.lines(filtered, valued) == ["@0s {n: 3}"])
    }

    @Test("a count that does not fit is the largest there is, and that is counted; averages stay right")
    func saturation() throws {
        let source = """
            stream S = A -> all B as b -> C
                .within(1h)
                .trend_aggregate(n: count_trends(), s: sum_trends(b.v), m: avg_trends(b.v), e: count_events(b))
                .emit(n: n, s: s, m: m, e: e)
            """
        func events(_ count: Int) -> [Event] {
            [self.event("A")] + (0..<count).map { _ in self.event("B", ["v": 3]) } + [self.event("C")]
        }
        // Each event is in half of all choices.
        #expect(try self.lines(source, events(3)) == ["@0s {n: 7, s: 36, m: \(Value.float(36.0 / 7).text), e: 3}"])
        let exact = try self.lines(source, events(62)).first
        #expect(exact?.hasPrefix("@0s {n: \(Int64(1) << 62 - 1), s: ") == true, "\(exact ?? "")")
        let plan = try self.plan(source)
        var pipeline = Pipeline(plan)
        var outputs = Outputs()
        pipeline.process(events(100), into: &outputs)
        pipeline.finish(into: &outputs)
        #expect(outputs.emitted[0].fields["n"] == .int(.max))
        let mean = outputs.emitted[0].fields["m"].number ?? 0
        #expect(abs(mean - 150) < 1e-6)
        #expect(outputs.emitted[0].fields["e"] == 100)
        #expect(pipeline.counters.limits.reached.map { "\($0.name) \($0.count)" } == ["trend_counts_saturated 1"])
        _ = try self.lines(source, events(100))
    }

    @Test("sums over more trends than floats can count are infinite, and have no average")
    func overflow() throws {
        for condition in ["", " where v >= b.v"] {
            let source = """
                stream S = A -> all B\(condition) as b
                    .within(1h)
                    .trend_aggregate(n: count_trends(), s: sum_trends(b.v), m: avg_trends(b.v), e: count_events(b))
                    .emit(n: n, s: s, m: m, e: e)
                """
            let events = [self.event("A")] + (0..<1_100).map { _ in self.event("B", ["v": 3]) }
            #expect(try self.lines(source, events) == ["@0s {n: \(Int64.max), s: inf, m: null, e: 1100}"])
        }
    }

    @Test("the words of a window follow an example by hand")
    func example() throws {
        let layout = TrendLayout(
            try #require(
                try self.plan(
                    """
                    stream S = A -> all B as b -> C
                        .within(1h)
                        .trend_aggregate(n: count_trends(), e: count_events(b))
                    """
                ).streams[0].trends
            ).0.steps,
            []
        )
        let words = UnsafeMutablePointer<UInt64>.allocate(capacity: layout.wordCount)
        defer { words.deallocate() }
        layout.begin(words)
        var seen: [[UInt64]] = []
        for step in [0, 1, 1, 1, 2] {
            #expect(layout.take(step, EventNumbers(fields: Fields(), names: []), words))
            seen.append((0..<3).map { words[TrendLayout.counts + $0] })
        }
        #expect(seen == [[1, 0, 0], [1, 1, 0], [1, 3, 0], [1, 7, 0], [1, 7, 7]])
    }

    // MARK: - Windows

    @Test("a window takes what is exactly `.within` later, and is closed by what is later, also by what fits no step")
    func edges() throws {
        let source = """
            stream S = A -> B as b where_
                .within(10s)
                .partition_by(k)
                .trend_aggregate(n: count_trends())
                .emit(n: n, k: k)
            """.replacing("B as b where_", with: "B where v > 0 as b")
        let events = [
            self.event("B", ["k": 1, "v": 1], at: 0), self.event("A", ["k": 1], at: 1),
            self.event("B", ["k": 1, "v": 1], at: 11), self.event("A", ["k": "x"], at: 11),
            self.event("A", ["k": 1], at: 5), self.event("B", ["k": "x", "v": 1], at: 30),
            self.event("B", ["k": 1, "v": 0], at: 12), self.event("B", ["k": 1, "v": 1], at: 12),
        ]
        #expect(try self.lines(source, events) == ["@5s {n: 1, k: 1}"])
    }

    @Test("windows that are open at the end give their results in the order in which their keys appeared")
    func order() throws {
        let source = """
            stream S = A -> B
                .within(10s)
                .partition_by(k)
                .trend_aggregate(n: count_trends())
            stream T = S
                .emit(k: k, n: n, s: stream)
            """
        let keys: [Value] = [3, "b", 1, .null, 2.5]
        let events =
            keys.map { self.event("B", ["k": $0]) } + keys.reversed().map { self.event("A", ["k": $0], at: 1) }
            + keys.map { self.event("B", ["k": $0], at: 2) }
        let expected = ["3", "\"b\"", "1", "null", "2.5"].map { "@2s {k: \($0), n: 1, s: \"S\"}" }
        #expect(try self.lines(source, events) == expected)
        // The field of the key is left out where no event of the window's beginning has it.
        let bare = [self.event("A"), self.event("B")]
        #expect(try self.lines(source, bare) == ["@0s {n: 1, s: \"S\"}"])
    }

    @Test("a window of another stream gathers results, and an event closes a window before it opens the next")
    func chain() throws {
        let source = """
            stream S = A -> all B as b
                .within(5s)
                .partition_by(k)
                .trend_aggregate(n: count_trends(), hi: max_trends(b.v))
                .where(n > 1)
            stream T = S.window(2).aggregate(total: sum(n), best: max(hi)).emit(total: total, best: best)
            """
        var events: [Event] = []
        for round in 0..<4 as Range<Int64> {
            events += [
                self.event("A", ["k": "x"], at: 10 * round),
                self.event("B", ["v": .int(round), "k": "x"], at: 10 * round),
                self.event("B", ["v": 1, "k": "x"], at: 10 * round + 1),
            ]
        }
        #expect(
            try self.lines(source, events) == ["@11s {total: 6, best: 1}", "@31s {total: 6, best: 3}"]
        )
    }

    // MARK: - Conditions

    @Test("comparisons of texts and of large numbers are not taken for comparisons of floats")
    func kinds() throws {
        let source = """
            stream S = all A as a
                -> all B where v > b.v as b
                .within(1h)
                .trend_aggregate(n: count_trends(), e: count_events(b))
                .emit(n: n, e: e)
            """
        func result(_ values: [Value]) throws -> [String] {
            try self.lines(source, [self.event("A")] + values.map { self.event("B", ["v": $0]) })
        }
        #expect(try result([1, 2, 3, 3]) == ["@0s {n: 11, e: 4}"])
        #expect(try result(["a", "b", "c", "c"]) == ["@0s {n: 11, e: 4}"])
        #expect(try result(["a", 1, "b", 2]) == ["@0s {n: 6, e: 4}"])
        let large: Int64 = 1 << 60
        #expect(try result([.int(large), .int(large + 1), .float(Double(large))]) == ["@0s {n: 4, e: 3}"])
        #expect(try result([.int(.min), .int(.max), 0]) == ["@0s {n: 5, e: 3}"])
        #expect(try result([.null, 1, .float(.nan), 2]) == ["@0s {n: 5, e: 4}"])
    }

    @Test("one order comparison costs little for very many events, and gives what going over all of them does")
    func ordered() throws {
        func source(_ extra: String) -> String {
            """
            stream S = A -> all B where v > b.v\(extra) as b
                .within(1h)
                .trend_aggregate(n: count_trends(), s: sum_trends(b.v), e: count_events(b), m: min_trends(b.v))
                .emit(n: n, s: s, e: e, m: m)
            """
        }
        var random = SeededGenerator(seed: 7)
        let events =
            [self.event("A")]
            + (0..<400).map { _ in self.event("B", ["v": .int(Int64.random(in: 0..<6, using: &random))]) }
        let all = try self.lines(source(" and v >= b.v"), events)
        #expect(try self.lines(source(""), events) == all)
        #expect(try self.lines(source(" and (v > b.v or v < -1)"), events) == all)
        var pipeline = Pipeline(try self.plan(source("")))
        var outputs = Outputs()
        let time = ContinuousClock().measure {
            pipeline.process(self.event("A"), into: &outputs)
            for value in 0..<3_000 as Range<Int64> {
                pipeline.process(self.event("B", ["v": .int(value * 7919 % 3_001)]), into: &outputs)
            }
            pipeline.finish(into: &outputs)
        }
        #expect(outputs.emitted.count == 1 && time < .seconds(30), "\(time)")
    }

    // MARK: - Limits and memory

    @Test("a window keeps so many groups of partial trends, and counts those that it does not")
    func groups() throws {
        let plan = try self.plan(
            """
            stream S = A as a -> B where v == a.v
                .within(1h)
                .trend_aggregate(n: count_trends())
            """
        )
        var state = TrendState(try #require(plan.streams[0].trends).0, stream: "S", groupsMax: 10)
        var evaluator = Evaluator(code: plan.code, functions: [], globals: [])
        for _ in 0..<15 { #expect(state.take(self.event("A", ["v": 1]), &evaluator) == nil) }
        #expect(state.dropped == 5)
        #expect(state.take(self.event("B", ["v": 1]), &evaluator) == nil)
        var partition = 0
        #expect(state.finish(from: &partition, &evaluator)?.fields["n"] == 10)
        #expect(state.finish(from: &partition, &evaluator) == nil)
    }

    @Test(
        "the memory of windows is counted, and given back when they close",
        arguments: ["", " where v > b.v", " where v > a.v"]
    )
    func heldBytes(condition: String) throws {
        let plan = try self.plan(
            """
            stream S = A as a -> all B\(condition) as b
                .within(10s)
                .partition_by(k)
                .trend_aggregate(n: count_trends(), e: count_events(b))
            """
        )
        var pipeline = Pipeline(plan)
        var outputs = Outputs()
        var (most, rest) = (0, 0)
        for round in 0..<50 as Range<Int64> {
            pipeline.process(self.event("A", ["k": 1, "v": 0], at: 100 * round), into: &outputs)
            for value in 0..<100 as Range<Int64> {
                pipeline.process(self.event("B", ["k": 1, "v": .int(value)], at: 100 * round), into: &outputs)
            }
            if round == 1 { most = pipeline.heldBytes }
            pipeline.process(self.event("B", ["k": 1, "v": 0], at: 100 * round + 50), into: &outputs)
            if round == 0 { rest = pipeline.heldBytes }
        }
        #expect(pipeline.heldBytes == rest && rest < 4_000, "\(pipeline.heldBytes), \(rest)")
        #expect(condition.isEmpty ? most < 4_000 : most > 5_000, "\(most)")
        let batches = BatchPipeline(plan)
        #expect((batches == nil) == !condition.isEmpty)
        batches?.process((0..<1_000).map { self.event("A", ["k": .int($0 % 10)], at: $0) }, into: &outputs)
        #expect((1...20_000).contains(batches?.heldBytes ?? 1))
    }

    // MARK: - How it runs

    @Test(
        "an explanation says what an event costs",
        arguments: [
            ("", "the same for each event, however many trends there are", "one set of sums for each k"),
            (" where v > b.v", "a look-up among the events of the window", "up to 100000 groups"),
            (" where v != b.v", "the events of the window that may come before: conditions", "up to 100000 groups"),
            (" where v > a.v", "for each choice of those that conditions ask for", "up to 100000 groups"),
        ]
    )
    func explanation(condition: String, cost: String, kept: String) throws {
        let plan = try self.plan(
            """
            stream S = A as a -> all B\(condition) as b -> C
                .not(N)
                .within(10m)
                .partition_by(k)
                .trend_aggregate(n: count_trends(), e: count_events(b))
                .emit(n: n)
            """
        )
        let text = plan.explanation
        #expect(text.contains(cost) && text.contains(kept), "\(text)")
        #expect(
            text.contains("  then      all B\(condition.isEmpty ? "" : " if")\n  then      C\n  unless    N\n"),
            "\(text)"
        )
        #expect(text.contains("  counts    all trends: n, e\n  emits     S: n\n"), "\(text)")
        #expect(plan.keyFields == ["k"])
        #expect(plan.obstacles(toPartitioningBy: "k").isEmpty)
        #expect(plan.obstacles(toPartitioningBy: "v") == ["stream S counts trends of events whose v may differ"])
        #expect(plan.obstacles(toPartitioningBy: nil) == ["stream S counts trends of events with each other"])
        #expect(plan.outlines.first?.operations == ["trend_aggregate", "emit"])
    }

    @Test("shards give what one pipeline gives, windows that are open at the end included")
    func shards() throws {
        let plan = try self.plan(
            """
            stream S = A -> all B as b
                .within(3s)
                .partition_by(k)
                .trend_aggregate(n: count_trends(), s: sum_trends(b.v))
                .emit(k: k, n: n, s: s)
            stream T = A.partition_by(k).aggregate(n: count()).emit(k: k, n: n)
            """
        )
        var random = SeededGenerator(seed: 5)
        let lines = (0..<9_000).map { number in
            let type = Int.random(in: 0..<4, using: &random) == 0 ? "A" : "B"
            return "@\(number)ms \(type) { k: \(Int.random(in: 0..<300, using: &random)), v: \(number % 7) }\n"
        }
        let text = Array(lines.joined().utf8)
        let padded = text + Array(repeating: 0, count: BatchPipeline.paddingBytes)
        let alone = try #require(BatchPipeline(plan))
        var (expected, reader) = ([UInt8](), EventFileReader())
        try padded.withUnsafeBufferPointer { bytes in
            let bytes = UnsafeBufferPointer(rebasing: bytes[..<text.count])
            _ = try alone.take(bytes, reader: &reader, isLast: true, rejected: { throw $0.error }) {
                $0.appendOutputLines(to: &expected)
            }
        }
        let before = expected.count
        alone.finish { $0.appendOutputLines(to: &expected) }
        #expect(expected.count > before + 300 * 20)
        for count in [1, 3] {
            // So little at a time that there are many rounds.
            let shards = try #require(ShardedPipeline(plan, key: "k", shardCount: count, pieceBytesMax: 20_000))
            var written: [UInt8] = []
            _ = try padded.withUnsafeBufferPointer { bytes in
                try shards.take(
                    UnsafeBufferPointer(rebasing: bytes[..<text.count]),
                    isLast: true,
                    concurrently: { count, body in for number in (0..<count).reversed() { body(number) } },
                    rejected: { throw $0.error },
                    output: { written.append(contentsOf: $0) }
                )
            }
            try shards.finish(
                concurrently: { count, body in for number in (0..<count).reversed() { body(number) } },
                output: { written.append(contentsOf: $0) }
            )
            #expect(written == expected, "\(count) shards")
        }
    }

    @Test(
        "what makes no sense is said at its place",
        arguments: [
            ("all A as a\n    .trend_aggregate(n: count_trends())", "2:6 E020"),
            ("A\n    .within(5s)\n    .trend_aggregate(n: count_trends())\n    .select(n)", "4:6 E020"),
            ("A -> B\n    .within(5s)\n    .where(v > 1)\n    .trend_aggregate(n: count_trends())", "3:6 E020"),
            (
                "A -> B\n    .within(5s)\n    .trend_aggregate(n: count_trends())\n    .trend_aggregate(m: count_trends())",
                "4:6 E011"
            ),
            ("merge(A, B)\n    .trend_aggregate(n: count_trends())", "2:6 E020"),
            ("A as a -> B\n    .within(5s)\n    .trend_aggregate(n: count_trend())", "3:25 E070"),
            ("A as a -> B\n    .within(5s)\n    .trend_aggregate(n: count_trends() + 1)", "3:25 E070"),
            ("A as a -> B\n    .within(5s)\n    .trend_aggregate(n: count_trends(a))", "3:25 E071"),
            ("A as a -> B\n    .within(5s)\n    .trend_aggregate(n: sum_trends())", "3:25 E071"),
            ("A as a -> B\n    .within(5s)\n    .trend_aggregate(n: sum_trends(a))", "3:36 E073"),
            ("A as a -> B\n    .within(5s)\n    .trend_aggregate(n: count_events(a.v))", "3:38 E073"),
            ("A as a -> B\n    .within(5s)\n    .trend_aggregate(n: count_events(c))", "3:38 E033"),
            ("A as a -> B\n    .within(5s)\n    .trend_aggregate(n: sum_trends(c.v))", "3:36 E033"),
            (
                "A -> all B as b -> C where count(b) > 1\n    .within(5s)\n    .trend_aggregate(n: count_trends())",
                "1:8 E090"
            ),
            (
                "A" + String(repeating: " -> B", count: 64)
                    + "\n    .within(5s)\n    .trend_aggregate(n: count_trends())", "1:8 E090"
            ),
        ]
    )
    func mistakes(stream: String, expected: String) {
        let (plan, diagnostics) = Plan.load("stream S = " + stream)
        #expect(plan == nil)
        let errors = diagnostics.filter(\.isError).map { "\($0.line):\($0.column) \($0.code ?? "")" }
        #expect(errors.first == expected, "\(diagnostics.filter(\.isError))")
    }
}
