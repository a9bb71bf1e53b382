import Engine
import Testing
import VPL

@Suite("Windows and aggregates")
struct WindowTests {
    private func event(_ seconds: Int64, _ fields: Fields) -> Event {
        Event(type: "E", timestamp: seconds * 1_000_000_000, fields: fields)
    }

    private func texts(_ source: String, _ events: [Event]) throws -> [String] {
        try run(source, events).emitted.map { "\($0.timestamp / 1_000_000_000) \($0.fields.text)" }
    }

    @Test("without a window the aggregate is over all events so far, for each key, at the latest time")
    func withoutWindow() throws {
        let events = [
            self.event(1, ["k": "a", "v": 1]), self.event(5, ["k": "b", "v": 2]), self.event(3, ["k": "a", "v": 4]),
            self.event(2, ["v": 8]),
        ]
        let lines = try self.texts(
            "stream S = E.partition_by(k).aggregate(s: sum(v), n: count()).emit(s: s, n: n, k: k)",
            events
        )
        #expect(
            lines == [
                "1 {s: 1, n: 1, k: \"a\"}", "5 {s: 2, n: 1, k: \"b\"}", "3 {s: 5, n: 2, k: \"a\"}", "2 {s: 8, n: 1}",
            ]
        )
    }

    @Test("a key after the window splits its batch, in the order of first events")
    func keyAfterWindow() throws {
        let events = [("b", 1), ("a", 2), ("b", 3)].map { self.event(0, ["k": .string($0.0), "v": .int($0.1)]) }
        let lines = try self.texts(
            "stream S = E.window(3).partition_by(k).aggregate(s: sum(v)).emit(p: _partition, s: s)",
            events
        )
        #expect(lines == ["0 {p: \"b\", s: 4}", "0 {p: \"a\", s: 2}"])
    }

    @Test("an item that has the key's name stays, and 1 and \"1\" are one key")
    func keyNames() throws {
        let events = [self.event(0, ["k": 1, "v": 5]), self.event(0, ["k": "1", "v": 6])]
        let lines = try self.texts(
            "stream S = E.partition_by(k).window(2).aggregate(k: max(v)).emit(k: k, p: _partition)",
            events
        )
        #expect(lines == ["0 {k: 6, p: \"1\"}"])
    }

    @Test("at the end sessions fire, each stream after those it reads, and other windows do not")
    func end() throws {
        let source = """
            stream Total = Session.window(session: 9s).aggregate(n: count(), s: sum(c)).emit(n: n, s: s)
            stream Session = E.partition_by(k).window(session: 2s).aggregate(c: count())
            stream Never = E.window(100).aggregate(c: count()).emit(c: c)
            """
        let events = [
            self.event(0, ["k": 1]), self.event(1, ["k": 2]), self.event(2, ["k": 1]), self.event(9, ["k": 1]),
        ]
        #expect(try self.texts(source, events) == ["9 {n: 3, s: 4}"])
    }

    @Test("live input closes sessions that are silent for longer than their gap, and the next event begins one")
    func silentSessions() throws {
        let source = "stream S = E.partition_by(k).window(session: 5s).aggregate(c: count()).emit(k: k, c: c)"
        let plan = try #require(Plan.load(source).plan)
        #expect(plan.sessionInterval == 5_000_000_000)
        var pipeline = Pipeline(plan)
        var outputs = Outputs()
        func counts(at seconds: Int64) -> [String] {
            pipeline.closeSilentSessions(at: seconds * 1_000_000_000, into: &outputs)
            defer { outputs.clear() }
            return outputs.emitted.map { $0.fields.text }
        }
        pipeline.process([self.event(0, ["k": 1]), self.event(2, ["k": 2]), self.event(3, ["k": 1])], into: &outputs)
        #expect(counts(at: 7) == [])
        #expect(counts(at: 8) == ["{k: 2, c: 1}"])
        pipeline.process(self.event(8, ["k": 2]), into: &outputs)
        #expect(counts(at: 9) == ["{k: 1, c: 2}"])
        #expect(counts(at: 14) == ["{k: 2, c: 1}"])
        #expect(counts(at: 100) == [])
        #expect(pipeline.counters.emitted == 3)
    }

    @Test("a window's size may be an expression of globals, and has to be positive")
    func sizes() throws {
        let events = (0..<4).map { self.event($0, [:]) }
        let source = "let n = 1\nstream S = E.window(n + 1).aggregate(c: count()).emit(c: c)"
        #expect(try self.texts(source, events) == ["1 {c: 2}", "3 {c: 2}"])
        for size in ["0", "0s", "v", "5s, sliding: 1", "3, sliding: 0", "session: 0s"] {
            let diagnostics = Plan.load("stream S = E.window(\(size)).emit(a: 1)").diagnostics.filter(\.isError)
            #expect(diagnostics.map(\.code) == ["E061"], "\(size)")
        }
    }

    @Test("times at the ends of their range do not overflow")
    func extremes() throws {
        for window in ["10s", "10s, sliding: 5s", "session: 5s"] {
            let source = "stream S = E.window(\(window)).aggregate(c: count()).emit(c: c)"
            let times: [Int64] = [.min, .max, .min, .max, 0]
            let outputs = try run(source, times.map { Event(type: "E", timestamp: $0) })
            #expect(!outputs.emitted.isEmpty)
        }
    }
}

@Suite("Joins")
struct JoinTests {
    private func event(_ type: String, _ seconds: Int64, _ fields: Fields) -> Event {
        Event(type: type, timestamp: seconds * 1_000_000_000, fields: fields)
    }

    @Test("a type joined with itself stands for each of its names")
    func selfJoin() throws {
        let source = """
            stream S = join(stream L = E, stream R = E).on(L.next == R.id).window(10s).emit(l: L.id, r: R.id)
            """
        let events = [
            self.event("E", 0, ["id": 1, "next": 2]), self.event("E", 1, ["id": 2, "next": 9]),
            self.event("E", 20, ["id": 2, "next": 2]),
        ]
        let pairs = try run(source, events).emitted.map { $0.fields.text }
        #expect(pairs == ["{l: 1, r: 2}", "{l: 2, r: 2}"])
    }

    @Test("the newest partner that is young enough is taken, also when times go back")
    func outOfOrder() throws {
        let source = "stream S = join(A, B).on(A.k == B.k).window(5s).emit(a: A.v, b: B.v, t: timestamp)"
        let events = [
            self.event("B", 10, ["k": 1, "v": "old but late"]), self.event("B", 4, ["k": 1, "v": "new but early"]),
            self.event("A", 8, ["k": 1, "v": 1]), self.event("A", 12, ["k": 1, "v": 2]),
            self.event("A", 16, ["k": 1, "v": 3]),
            self.event("A", 12, ["v": 4]),
        ]
        let lines = try run(source, events).emitted.map { $0.fields.text }
        #expect(
            lines == [
                "{a: 1, b: \"new but early\", t: @1970-01-01T00:00:08Z}",
                "{a: 2, b: \"old but late\", t: @1970-01-01T00:00:12Z}",
            ]
        )
    }

    @Test("without an equality every pair matches, and other conditions are of the joined event")
    func conditions() throws {
        let source = "stream S = join(A, B).on(A.v < B.v).window(1m).where(v > 1).emit(a: v, b: B.v)"
        let events = [
            self.event("A", 0, ["v": 2]), self.event("B", 0, ["v": 1]), self.event("B", 0, ["v": 3]),
            self.event("A", 0, ["v": 1]),
        ]
        #expect(try run(source, events).emitted.map { $0.fields.text } == ["{a: 2, b: 3}"])
    }

    @Test("without an aggregate each event goes through all that follows before the next")
    func individually() throws {
        let events = [0, 1, 12].map { Event(type: "B", timestamp: $0 * 1_000_000_000, fields: ["v": .int($0)]) }
        let outputs = try run("stream S = B.window(10s).emit(v: v, a: 1).emit(v: v)", events)
        #expect(outputs.emitted.map { $0.fields.text } == ["{v: 0, a: 1}", "{v: 0}", "{v: 1, a: 1}", "{v: 1}"])
    }
}
