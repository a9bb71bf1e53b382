import Testing
import VPL

@testable import Engine

@Suite("Named patterns")
struct NamedPatternTests {
    private static let second: Int64 = 1_000_000_000

    private func event(_ type: String, _ fields: Fields = Fields(), at seconds: Int64 = 0) -> Event {
        Event(type: type, timestamp: seconds * Self.second, fields: fields)
    }

    private func lines(_ events: [Event]) -> [String] {
        events.map { event in
            "@\(event.timestamp / Self.second) "
                + event.fields.entries.map { "\($0.name): \($0.value.text)" }.joined(separator: ", ")
        }
    }

    private func lines(_ source: String, _ events: [Event]) throws -> [String] {
        self.lines(try run(source, events).emitted)
    }

    private func plan(_ source: String) throws -> Plan {
        let (plan, diagnostics) = Plan.load(source)
        return try #require(plan, "\(diagnostics)")
    }

    // MARK: - What may be missing

    @Test("a trailing `*` completes the match before it, and again for every event that it takes")
    func trailingStar() throws {
        let source = "pattern P = SEQ(A, B* as b)\nstream S = P.emit(n: count(b), v: b.v)"
        let events = [self.event("A"), self.event("B", ["v": 1]), self.event("B", ["v": 2])]
        #expect(try self.lines(source, events) == ["@0 n: 0", "@0 n: 1, v: 1", "@0 n: 2, v: 2"])
    }

    @Test("a trailing `?` completes the match before it, and once more with its event")
    func trailingOptional() throws {
        let source = "pattern P = SEQ(A, B? as b)\nstream S = P.emit(v: b.v)"
        let events = [self.event("A"), self.event("B", ["v": 1]), self.event("B", ["v": 2])]
        #expect(try self.lines(source, events) == ["@0 ", "@0 v: 1"])
    }

    @Test("leading items may be skipped, and the key is that of the event that began the run")
    func leadingOptional() throws {
        let source = "pattern P = SEQ(A? as a, B as b) partition by k\nstream S = P.emit(k: k, a: a.v, b: b.v)"
        let events = [
            self.event("B", ["k": 1, "v": 1]), self.event("A", ["k": 1, "v": 2]), self.event("B", ["k": 1, "v": 3]),
        ]
        // The last event completes the run of the A, and is a match of its own.
        #expect(try self.lines(source, events) == ["@0 k: 1, b: 1", "@0 k: 1, a: 2, b: 3", "@0 k: 1, b: 3"])
    }

    @Test("a comparison with an item that was skipped is not met, what is added up over it is nothing")
    func skippedInConditions() throws {
        let source = """
            pattern P = SEQ(A as a, B* as b, C where v != b.v as c)
            stream S = P.emit(c: c.v)
            pattern Q = SEQ(A as a, B* as b, C where count(b) == 0 as c)
            stream R = Q.emit(q: c.v)
            """
        let events = [self.event("A"), self.event("C", ["v": 1]), self.event("B", ["v": 2]), self.event("C", ["v": 3])]
        #expect(try self.lines(source, events) == ["@0 q: 1", "@0 c: 3"])
    }

    @Test("a `NOT` after items that may be skipped holds as long as they are skipped")
    func notAfterOptional() throws {
        let source = "pattern P = SEQ(A, B?, NOT C, D)\nstream S = P.emit(n: 1)"
        func matches(_ types: String) throws -> Int {
            try self.lines(source, types.map { self.event(String($0)) }).count
        }
        #expect(try ["AD", "ABD", "ACD", "ABCD", "ACBD"].map(matches) == [1, 1, 0, 0, 0])
    }

    // MARK: - Deadlines

    private static let unanswered = """
        pattern P = SEQ(Order as o, NOT Confirm where id == o.id) within 10s
        stream S = P.emit(id: o.id, d: match_duration_ms)
        """

    @Test("a clock completes what waited for a deadline before it, and no other run")
    func clock() throws {
        let plan = try self.plan(Self.unanswered)
        #expect(plan.sessionInterval == Self.second)
        var pipeline = Pipeline(plan)
        var outputs = Outputs()
        pipeline.process(
            [self.event("Order", ["id": 1], at: 0), self.event("Order", ["id": 2], at: 1)],
            into: &outputs
        )
        pipeline.closeSilentSessions(at: 10 * Self.second, into: &outputs)
        #expect(outputs.emitted.isEmpty)
        pipeline.closeSilentSessions(at: 11 * Self.second, into: &outputs)
        #expect(self.lines(outputs.emitted) == ["@10 id: 1, d: 10000"])
        pipeline.process([self.event("Confirm", ["id": 2], at: 5)], into: &outputs)
        pipeline.finish(into: &outputs)
        #expect(outputs.emitted.count == 1)
        #expect(pipeline.counters.emitted == 1)
    }

    @Test("a watermark does the same for one stream")
    func watermark() throws {
        let again = Self.unanswered.split(separator: "\n")[1].replacing("stream S", with: "stream R")
        var pipeline = Pipeline(try self.plan(Self.unanswered + "\n" + again))
        var outputs = Outputs()
        pipeline.process([self.event("Order", ["id": 1], at: 0)], into: &outputs)
        pipeline.completePatterns(of: 1, before: 10 * Self.second + 1, into: &outputs)
        #expect(outputs.emitted.map(\.type) == ["R"])
        pipeline.finish(into: &outputs)
        #expect(outputs.emitted.map(\.type) == ["R", "S"])
    }

    @Test("at the end of input what waits is complete in the order of deadlines, whatever its key")
    func end() throws {
        let source = """
            pattern P = SEQ(A as a, NOT B) within 10s partition by k
            stream S = P.emit(k: k)
            """
        let events = [
            self.event("A", ["k": 1], at: 5), self.event("A", ["k": 2], at: 3), self.event("A", ["k": 3], at: 5),
            self.event("A", ["k": 4], at: 4),
        ]
        #expect(try self.lines(source, events) == ["@13 k: 2", "@14 k: 4", "@15 k: 1", "@15 k: 3"])
    }

    @Test("keys for which nothing comes any more are remembered while a run waits, and forgotten then")
    func idleKeys() throws {
        let source = """
            pattern P = SEQ(A as a, NOT B) within 1s partition by k
            stream S = P.emit(k: k)
            """
        var pipeline = Pipeline(try self.plan(source))
        var outputs = Outputs()
        for key in 0..<20_000 {
            pipeline.process(self.event("A", ["k": .int(Int64(key))], at: Int64(key)), into: &outputs)
        }
        #expect(outputs.emitted.isEmpty)
        let held = pipeline.heldBytes
        pipeline.closeSilentSessions(at: 1_000_000 * Self.second, into: &outputs)
        #expect(self.lines(outputs.emitted) == (0..<20_000).map { "@\($0 + 1) k: \($0)" })
        // An event of a key that waited for long meets its run.
        pipeline.process(self.event("A", ["k": 0], at: 20_000), into: &outputs)
        pipeline.process(self.event("A", ["k": 1], at: 30_000), into: &outputs)
        pipeline.process(self.event("B", ["k": 0], at: 20_001), into: &outputs)
        pipeline.finish(into: &outputs)
        #expect(self.lines(outputs.emitted.suffix(1)) == ["@30001 k: 1"])
        #expect(held > 2_000_000 && pipeline.heldBytes < held)
    }

    @Test("a stream that reads what ends by deadline gets it at the end of input, too")
    func chain() throws {
        let source = """
            pattern P = SEQ(A as a, NOT B) within 10s
            stream S = P
            stream R = S.window(2).aggregate(n: count()).emit(n: n)
            """
        #expect(try self.lines(source, [self.event("A", at: 1), self.event("A", at: 2)]) == ["@12 n: 2"])
    }

    // MARK: - Groups

    @Test("an operand of `AND` that repeats takes what comes until the others are there")
    func repeatedOperand() throws {
        let source = "pattern P = A+ as a AND B as b\nstream S = P.emit(n: count(a), v: a.v)"
        let events = [
            self.event("A", ["v": 1]), self.event("A", ["v": 2]), self.event("B"), self.event("A", ["v": 3]),
        ]
        // The runs of both A, and the B that begins one of its own.
        #expect(try self.lines(source, events) == ["@0 n: 2, v: 2", "@0 n: 1, v: 2", "@0 n: 1, v: 3"])
    }

    @Test("operands of `OR` may share an alias: the one that has an event is meant")
    func sharedAlias() throws {
        let source = """
            pattern P = (Card as p OR Cash as p) AND Receipt where n == p.n as r
            stream S = P.emit(n: p.n, by: p_by)
            stream R = S.emit(n: n)
            """
        let events = [
            self.event("Card", ["n": 1, "by": "x"]), self.event("Cash", ["n": 2]), self.event("Receipt", ["n": 2]),
            self.event("Receipt", ["n": 1]),
        ]
        #expect(try self.lines(source, events) == ["@0 n: 2", "@0 n: 2", "@0 n: 1, by: x", "@0 n: 1"])
    }

    @Test("what an `OR` did not become is no part of the match")
    func losingOperand() throws {
        let source = """
            pattern P = Z AND (SEQ(A as a, B as b) OR SEQ(A as c, C as d))
            stream S = P
            stream R = S.emit()
            """
        let events = [self.event("Z"), self.event("A", ["v": 1]), self.event("C", ["v": 2])]
        let match = try #require(try run(source, events).emitted.first)
        #expect(match.fields.entries.map(\.name).filter { $0.count == 3 } == ["c_v", "d_v"])
    }

    @Test("a group that is not to happen ends a run when it is complete")
    func negatedGroup() throws {
        let source =
            "pattern P = SEQ(A as a, B) AND NOT SEQ(C where k == a.k as c, D where k == c.k)\nstream S = P.emit(n: 1)"
        func matches(_ keys: [(String, Int)]) throws -> Int {
            try self.lines(source, keys.map { self.event($0.0, ["k": .int(Int64($0.1))]) }).count
        }
        #expect(try matches([("A", 1), ("C", 1), ("D", 1), ("B", 1)]) == 0)
        #expect(try matches([("A", 1), ("C", 1), ("D", 2), ("B", 1)]) == 1)
        #expect(try matches([("A", 1), ("C", 2), ("D", 2), ("B", 1)]) == 1)
        #expect(try matches([("C", 1), ("D", 1), ("A", 1), ("B", 1)]) == 1)
    }

    // MARK: - Bounds

    @Test(
        "a partition has only so many runs; those that do not start are counted",
        arguments: ["A AND B", "SEQ(A, B)"]
    )
    func runs(pattern: String) throws {
        let plan = try self.plan("pattern P = \(pattern)\nstream S = P.emit(n: 1)")
        let (sequence, _) = try #require(plan.streams[0].sequence)
        var evaluator = Evaluator(code: plan.code, functions: plan.functions, globals: plan.globals)
        var state = SequenceState(sequence, stream: "S", runsMax: 100)
        for _ in 0..<103 { #expect(state.take(self.event("A"), &evaluator).isEmpty) }
        #expect(state.dropped == 3)
        #expect(state.take(self.event("B"), &evaluator).count == 100)
        #expect(SequenceState.runsMax == 10_000)
    }

    @Test("what expired is freed")
    func expiry() throws {
        var pipeline = Pipeline(try self.plan("pattern P = A AND B within 5s partition by k\nstream S = P.emit(n: 1)"))
        var outputs = Outputs()
        for time in 0..<20_000 {
            pipeline.process(self.event("A", ["k": .int(Int64(time))], at: Int64(time)), into: &outputs)
        }
        #expect(pipeline.heldBytes < 100_000)
        #expect(outputs.isEmpty)
    }

    @Test("a long `SEQ` is loaded in time, and one with too many ways is refused")
    func length() throws {
        let items = (0..<2_000).map { "A where n == \($0) as a\($0)" }.joined(separator: ", ")
        var pipeline = Pipeline(try self.plan("pattern P = SEQ(\(items))\nstream S = P.emit(n: a1999.n)"))
        var outputs = Outputs()
        for number in 0..<2_000 {
            pipeline.process(self.event("A", ["n": .int(Int64(number))]), into: &outputs)
        }
        #expect(self.lines(outputs.emitted) == ["@0 n: 1999"])
        let optional = Array(repeating: "A?", count: 101).joined(separator: ", ")
        #expect(Plan.load("pattern P = SEQ(\(optional))\nstream S = P").plan == nil)
        let wide = Array(repeating: "A", count: 101).joined(separator: " AND ")
        #expect(Plan.load("pattern P = \(wide)\nstream S = P").plan == nil)
        let allowed = Array(repeating: "A", count: 100).joined(separator: " AND ")
        #expect(
            try self.lines("pattern P = \(allowed)\nstream S = P.emit(n: 1)", (0..<100).map { _ in self.event("A") })
                .count == 1
        )
    }

    // MARK: - Explanations

    @Test("an explanation shows the pattern and what it waits for")
    func explanation() throws {
        let source = """
            pattern P = SEQ(A as a, B*, NOT C where x == a.x) within 10s partition by k
            stream S = P.emit(n: 1)
            pattern Q = A as a AND (SEQ(B where x == 1, NOT C, D? as d) OR E+) AND NOT F partition by k
            stream R = Q.partition_by(j).emit(n: 1)
            """
        let plan = try self.plan(source)
        #expect(plan.explanation.contains("begins    A as a\n  perhaps   all B\n  unless    C if\n  after     10s\n"))
        #expect(
            plan.explanation.contains("matches   A as a AND (SEQ(B if, NOT C, D? as d) OR E+) AND NOT F\n"),
            "\(plan.explanation)"
        )
        #expect(plan.keyFields == ["k", "j"])
        #expect(!plan.obstacles(toPartitioningBy: "k").isEmpty)
        #expect(try self.plan(String(source.prefix { $0 != "Q" }.dropLast(8))).obstacles(toPartitioningBy: "k").isEmpty)
    }
}
