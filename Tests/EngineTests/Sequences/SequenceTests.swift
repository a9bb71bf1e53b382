import Engine
import Testing
import VPL

@Suite("Sequences")
struct SequenceTests {
    private static let second: Int64 = 1_000_000_000

    private func event(_ type: String, _ fields: Fields = Fields(), at seconds: Int64 = 0) -> Event {
        Event(type: type, timestamp: seconds * Self.second, fields: fields)
    }

    private func fields(_ source: String, _ events: [Event]) throws -> [String] {
        try run(source, events).emitted.map(\.fields.entries).map { entries in
            entries.map { "\($0.name): \($0.value.text)" }.joined(separator: ", ")
        }
    }

    // MARK: - What a match gives

    @Test("what a Kleene step took is added up, and a field of its alias is that of the last event")
    func aggregates() throws {
        let source = """
            stream S = A as a -> all B as b -> C as c
                .emit(n: count(b), k: count(b.v), s: sum(b.v), m: avg(b.v), lo: min(b.v), hi: max(b.v),
                    f: first(b.v), l: last(b.v), v: b.v, d: count_distinct(b.v))
            """
        let events = [
            self.event("A"), self.event("B", ["v": 3]), self.event("B", ["v": 1]), self.event("B"),
            self.event("B", ["v": 1.0]), self.event("B", ["v": 7]), self.event("C"),
        ]
        #expect(try self.fields(source, events) == ["n: 5, k: 4, s: 12, m: 3, lo: 1, hi: 7, f: 3, l: 7, v: 7, d: 3"])
        #expect(
            try self.fields(source, [events[0], events[3], events[6]]) == [
                "n: 1, k: 0, s: 0, m: null, lo: null, hi: null, f: null, l: null, d: 0"
            ]
        )
    }

    @Test("what a Kleene step took so far can be asked for by the steps that follow, and by itself")
    func aggregatesInConditions() throws {
        let source = """
            stream S = A as a -> all B where v >= avg(b.v) as b -> C where count(b) == n as c
                .emit(n: count(b), s: sum(b.v))
            """
        let events = [
            self.event("A"), self.event("B", ["v": 4]), self.event("B", ["v": 1]), self.event("B", ["v": 6]),
            self.event("B", ["v": 4]), self.event("C", ["n": 3]), self.event("C", ["n": 2]),
        ]
        #expect(try self.fields(source, events) == ["n: 2, s: 10"])
    }

    @Test("two-argument min and max stay functions of values, and a program's own function wins")
    func functions() throws {
        let source = """
            fn sum(x: int):
                x + 100
            stream S = A as a -> all B as b -> C
                .emit(lo: min(b.v, 3), s: sum(b.v))
            """
        let events = [self.event("A"), self.event("B", ["v": 4]), self.event("B", ["v": 5]), self.event("C")]
        #expect(try self.fields(source, events) == ["lo: 3, s: 105"])
    }

    @Test("a match has the time of its last event, its duration, its stream, and the key")
    func match() throws {
        let source = """
            stream S = A as a -> B
                .partition_by(k)
                .emit(s: stream, d: match_duration_ms, k: k, flat: a_v, dotted: a.v, type: B.v, kept: B_v, t: timestamp)
            """
        let outputs = try run(
            source,
            [self.event("A", ["k": "x", "v": 1], at: 3), self.event("B", ["k": "x", "v": 2], at: 1)]
        )
        let match = try #require(outputs.emitted.first)
        #expect(match.timestamp == Self.second)
        let expected: Fields = [
            "s": "S", "d": -2000, "k": "x", "flat": 1, "dotted": 1, "type": 2, "kept": 2, "t": .timestamp(Self.second),
        ]
        #expect(Value.map(match.fields) == .map(expected))
    }

    @Test("other streams see the fields of all steps, by the names of the steps")
    func results() throws {
        let source = """
            stream S = A as a -> all B as b -> C
            stream All = S
                .emit()
            stream Some = S
                .where(b_v > 1)
                .emit(x: a_v, y: b_v, z: C_v, u: S.a_v, n: b.v)
            """
        let events = [
            self.event("A", ["v": 1, "w": 5]), self.event("B", ["v": 2]), self.event("B", ["v": 3]),
            self.event("C", ["v": 4], at: 1),
        ]
        #expect(
            try self.fields(source, events) == [
                "a_v: 1, a_w: 5, b_v: 3, C_v: 4, stream: S, match_duration_ms: 1000", "x: 1, y: 3, z: 4, u: 1",
            ]
        )
    }

    @Test("after an emit only its fields are there")
    func afterEmit() throws {
        let source = """
            stream S = A as a -> B as b
                .emit(a: { v: 5 }, b: b.v)
                .emit(v: a.v, w: b.v)
            """
        let events = [self.event("A", ["v": 1]), self.event("B", ["v": 2])]
        #expect(try self.fields(source, events) == ["a: {v: 5}, b: 2", "v: 5"])
    }

    @Test("matches go through windows and aggregates with what they captured")
    func windows() throws {
        let source = """
            stream S = A as a -> B as b
                .partition_by(k)
                .window(2)
                .aggregate(n: count(), s: sum(b.v - a.v), f: first(a_v))
                .emit(k: k, n: n, s: s, f: f)
            """
        let events = [
            self.event("A", ["k": 1, "v": 1]), self.event("A", ["k": 2, "v": 2]), self.event("B", ["k": 1, "v": 4]),
            self.event("B", ["k": 2, "v": 5]), self.event("A", ["k": 1, "v": 3]), self.event("B", ["k": 1, "v": 5]),
        ]
        #expect(try self.fields(source, events) == ["k: 1, n: 2, s: 5, f: 1"])
    }

    // MARK: - Names

    @Test("a step without an alias is known by its type, if no other step has it")
    func types() throws {
        let events = [self.event("A", ["v": 1]), self.event("B", ["v": 2]), self.event("B", ["v": 1])]
        for (steps, expected) in [
            ("A -> B where v == A.v\n    .emit(v: A.v, w: B.v)", "v: 1, w: 1"),
            // In a step's own condition its type and its alias are the arriving event.
            ("A as a -> B where B.v == a.v and b.v < 5 as b\n    .emit(v: b.v)", "v: 1"),
            ("B as x -> B as y\n    .emit(v: x.v, w: y.v)", "v: 2, w: 1"),
        ] {
            #expect(try self.fields("stream S = \(steps)", events) == [expected])
        }
    }

    @Test("a comparison with a step that is not there yet is not met, whatever it asks")
    func unbound() throws {
        let events = [self.event("A"), self.event("B"), self.event("C", ["v": 1])]
        for condition in ["v == c.v", "v != c.v", "v < c.v", "c.v is null", "not (v == c.v)"] {
            #expect(try self.fields("stream S = A -> B where \(condition) -> C as c\n    .emit(x: 1)", events) == [])
        }
        let negated = "stream S = A as a -> B as b -> C as c\n    .not(N where v != b.v)\n    .emit(x: 1)"
        let negation = self.event("N", ["v": 7])
        #expect(try self.fields(negated, [events[0], negation, events[1], events[2]]) == ["x: 1"])
        #expect(try self.fields(negated, [events[0], events[1], negation, events[2]]) == [])
    }

    @Test("a condition before the first arrow is of the event that begins")
    func firstFilter() throws {
        let source = "stream S = A as a\n    .where(v > 1 and a.v < 5)\n    -> A as b\n    .emit(a: a.v, b: b.v)"
        let events = [5, 2, 1, 3].map { self.event("A", ["v": .int($0)]) }
        #expect(try self.fields(source, events) == ["a: 2, b: 1"])
    }

    @Test("a Kleene condition on its own alias compares with the event taken before")
    func selfReference() throws {
        let source = """
            stream S = A as a -> all B where v > b.v and w == 1 as b -> C
                .emit(n: count(b), v: b.v)
            """
        let events =
            [self.event("A"), self.event("B", ["v": 9])]
            + [3, 2, 5, 4].map { self.event("B", ["v": .int($0), "w": 1]) } + [self.event("C")]
        #expect(try self.fields(source, events) == ["n: 2, v: 5"])
    }

    // MARK: - Time and limits

    @Test(
        "a run may take as long as `.within` says, to the nanosecond; an int is in seconds, and the last one counts",
        arguments: [".within(2s)", ".within(2)", ".within(1h)\n    .within(span)"]
    )
    func within(operation: String) throws {
        let source = "let span = 2s\nstream S = A as a -> B as b\n    \(operation)\n    .emit(b: b.v)"
        let late = Event(type: "B", timestamp: 2 * Self.second + 1, fields: ["v": 1])
        #expect(try self.fields(source, [self.event("A"), late, self.event("B", ["v": 2], at: 2)]) == [])
        #expect(try self.fields(source, [self.event("A"), self.event("B", ["v": 2], at: 2), late]) == ["b: 2"])
        let extremes = [self.event("A", at: .min / Self.second), self.event("B", at: .max / Self.second)]
        #expect(try self.fields(source, extremes) == [])
    }

    @Test("runs that began late end when they are too old, whatever the order in which they began")
    func disorder() throws {
        let source = "stream S = A as a -> B as b\n    .within(10s)\n    .emit(a: a.v)"
        var events = [20, 12, 15, 25, 14].enumerated().map { self.event("A", ["v": .int(Int64($0))], at: $1) }
        events.append(self.event("B", at: 25))
        #expect(try self.fields(source, events) == ["a: 0", "a: 2", "a: 3"])
    }

    @Test("`.within` takes what is known when the program is loaded")
    func withinOfFields() {
        let (plan, diagnostics) = Plan.load("stream S = A -> B\n    .within(v)")
        #expect(plan == nil)
        #expect(diagnostics.last?.code == "E061")
    }

    @Test("a partition has 10,000 runs at most; more do not start, and are counted")
    func limit() throws {
        let (plan, _) = Plan.load("stream S = A as a -> B as b\n    .partition_by(k)\n    .emit(a: a.v)")
        var pipeline = Pipeline(try #require(plan))
        var outputs = Outputs()
        for number in 0..<10_005 {
            pipeline.process(self.event("A", ["k": 1, "v": .int(Int64(number))]), into: &outputs)
        }
        pipeline.process(self.event("A", ["k": 2, "v": -1]), into: &outputs)
        #expect(pipeline.counters.limits.runsDropped == 5)
        #expect(pipeline.counters.limits.reached.map(\.name) == ["runs_dropped"])
        pipeline.process(self.event("B", ["k": 2]), into: &outputs)
        pipeline.process(self.event("B", ["k": 1]), into: &outputs)
        #expect(outputs.emitted.count == 10_001)
        let values = outputs.emitted.compactMap { $0.fields["a"] }
        #expect(values.prefix(2) == [-1, 0] && values.last == 9_999)
    }

    @Test(
        "keys that do not come again take no memory for longer than a run may take",
        arguments: [
            ("stream S = A as a -> B as b\n    .partition_by(k)\n    .within(10s)", "A"),
            ("stream S = A as a -> B as b\n    .partition_by(k)", "B"),
        ]
    )
    func idleKeys(source: String, type: String) throws {
        let (plan, _) = Plan.load(source)
        var pipeline = Pipeline(try #require(plan))
        var outputs = Outputs()
        var most = 0
        for number in 0..<20_000 as Range<Int64> {
            let event = self.event(type, ["k": .string("a key of some length, \(number)")], at: number)
            pipeline.process(event, into: &outputs)
            most = max(most, pipeline.heldBytes)
        }
        #expect(most < 20_000)
    }

    @Test("the memory of runs is counted, and given back")
    func heldBytes() throws {
        let (plan, _) = Plan.load("stream S = A as a -> B where v == a.v as b\n    .emit(v: a.v, t: a.text)")
        var pipeline = Pipeline(try #require(plan))
        var outputs = Outputs()
        let before = pipeline.heldBytes
        for _ in 0..<5_000 {
            let text = Value.string(String(repeating: "x", count: 1000))
            pipeline.process(self.event("A", ["v": 1, "text": text, "other": text]), into: &outputs)
        }
        #expect((5_000_000...7_000_000).contains(pipeline.heldBytes), "\(pipeline.heldBytes)")
        pipeline.process(self.event("B", ["v": 1]), into: &outputs)
        #expect(outputs.emitted.count == 5_000)
        #expect(pipeline.heldBytes == before)
    }

    @Test("a run takes each of very many events in the same time")
    func long() throws {
        let (plan, _) = Plan.load("stream S = A -> all B as b -> C\n    .emit(n: count(b), s: sum(b.v))")
        var pipeline = Pipeline(try #require(plan))
        var outputs = Outputs()
        pipeline.process(self.event("A"), into: &outputs)
        for _ in 0..<100_000 { pipeline.process(self.event("B", ["v": 1]), into: &outputs) }
        pipeline.process(self.event("C"), into: &outputs)
        #expect(outputs.emitted.first?.fields["n"] == 100_000)
        #expect(pipeline.heldBytes < 10_000)
    }

    // MARK: - How it runs

    @Test("sequences may be shared out by their key alone")
    func plan() throws {
        let source = """
            stream S = A as a -> B as b
                .partition_by(k)
                .emit(k: k)
            stream T = S
                .partition_by(k)
                .window(2)
            """
        let keyed = try #require(Plan.load(source).plan)
        #expect(keyed.keyFields == ["k"])
        #expect(keyed.obstacles(toPartitioningBy: "k").isEmpty)
        #expect(keyed.obstacles(toPartitioningBy: "v").count == 2)
        #expect(keyed.obstacles(toPartitioningBy: nil).first == "stream S matches sequences of events with each other")
        let other = try #require(
            Plan.load("stream F = A\n    .select(v)\nstream S = F -> B\n    .partition_by(k)").plan
        )
        #expect(other.obstacles(toPartitioningBy: "k") == ["stream S matches sequences of events whose k may differ"])
    }

    @Test("an explanation has a line for each step")
    func explanation() throws {
        let source = """
            stream S = A as a -> all B where v > a.v as b -> C
                .not(N where v == a.v)
                .within(10m)
                .partition_by(k)
                .emit(v: b.v)
            """
        let plan = try #require(Plan.load(source).plan)
        #expect(
            plan.explanation == """
                Runs over batches of columns.
                Workers may share events out by k.
                Expressions name the fields k, v.

                stream S
                  reads     events A, events B, events C, events N
                  begins    A as a
                  then      all B as b if
                  then      C
                  unless    N if
                  within    10m
                  emits     S: v
                  costs     the runs that wait for an event of the type
                  keeps     up to 10000 runs of each k, with 3 values each, for 10m

                """
        )
        #expect(plan.outlines.first?.operations == ["sequence", "emit"])
    }

    @Test(
        "what is not there yet is refused",
        arguments: [
            "stream S = A\n    .select(v)\n    -> B",
            "stream S = merge(A, B)\n    -> C",
            "stream S = join(A, B)\n    -> C",
            "stream S = sequence(a: A, b: B where v == a.v .within(5s))",
            "stream S = A\n    .not(B)",
            "stream S = A -> B\n    .forecast()",
        ]
    )
    func refused(source: String) {
        let (plan, diagnostics) = Plan.load(source)
        #expect(plan == nil)
        #expect(diagnostics.filter(\.isError).map(\.code) == ["E090"], "\(diagnostics)")
    }

    @Test("aggregates of a step are unknown where its events are", arguments: [".emit(x: 1)\n    .where(count(b) > 1)"])
    func leftBehind(operation: String) {
        let (plan, diagnostics) = Plan.load("stream S = A -> all B as b\n    \(operation)")
        #expect(plan == nil)
        #expect(diagnostics.last?.code == "E050")
    }

    @Test("a single step is a match by itself, and `all` without an arrow is an event like any other")
    func single() throws {
        let events = [self.event("A", ["v": 1]), self.event("A", ["v": 2])]
        #expect(
            try self.fields("stream S = sequence(a: A where v > 1)\n    .emit(v: a.v, d: match_duration_ms)", events)
                == ["v: 2, d: 0"]
        )
        #expect(try self.fields("stream S = all A as a\n    .emit(v: a.v)", events) == ["v: 1", "v: 2"])
    }

    @Test("a stream may match its own results, up to the depth of results")
    func circle() throws {
        let source = "stream S = A as a -> S as b\n    .emit(v: 1)\nstream A = E\nstream S2 = E\n    .emit as S (v: 1)"
        #expect(try !run(source, [self.event("E"), self.event("E")]).emitted.isEmpty)
    }
}
