import Engine
import Testing
import VPL

@Suite("Traces")
struct TraceTests {
    /// What is told of each line of an event file.
    private func told(_ source: String, _ events: String) throws -> String {
        var pipeline = Pipeline(try self.plan(source))
        return try self.told(events, by: &pipeline)
    }

    private func plan(_ source: String) throws -> Plan {
        let (plan, diagnostics) = Plan.load(source)
        #expect(diagnostics.filter(\.isError).isEmpty, "\(diagnostics.filter(\.isError))")
        return try #require(plan)
    }

    private func told(_ events: String, by pipeline: inout Pipeline) throws -> String {
        var reader = EventFileReader()
        var outputs = Outputs()
        var text = ""
        for line in events.split(separator: "\n", omittingEmptySubsequences: false) {
            guard let event = try reader.read(Array(line.utf8)) else { continue }
            var explanations: [EventExplanation] = []
            pipeline.process(event, into: &outputs, explaining: &explanations)
            for explanation in explanations {
                text += TraceRenderer().text(of: explanation, at: "line \(reader.line)")
            }
        }
        return text
    }

    private static let fraud = """
        stream Fraud = Login as a -> Withdrawal where amount > a.limit and place != a.place as w -> Confirm as c
            .partition_by(user)
            .within(1m)
            .not(Logout where device == a.device)
            .where(c.risk > 3)
            .emit(user: user, amount: w.amount)
        """

    @Test("of a sequence tell why a run moves, waits, ends, expires or gives a match that is dropped")
    func sequence() throws {
        let told = try self.told(
            Self.fraud,
            """
            Withdrawal { user: "ann", amount: 3 }
            @1s Login { user: "ann", limit: 10, place: "Ghent", device: 7 }
            @2s Withdrawal { user: "ann", amount: 5, place: "Ghent" }
            @3s Withdrawal { user: "ann", amount: 15 }
            @4s Confirm { user: "ann" }
            @5s Withdrawal { user: "ann", amount: 15, place: "Lier" }
            @6s Logout { user: "ann", device: 8 }
            @7s Confirm { user: "ann", risk: 2 }
            @8s Login { user: "ann", limit: 10, place: "Ghent", device: 7 }
            @9s Logout { user: "ann", device: 7 }
            @10s Login { user: "ann", limit: 10, place: "Ghent", device: 7 }
            @80s Withdrawal { user: "ann", amount: 15, place: "Lier" }
            @81s Parcel { user: "ann" }
            """
        )
        #expect(
            told == """
                line 1: Withdrawal {user: "ann", amount: 3} at 1970-01-01T00:00:00Z
                  stream Fraud, key "ann"
                    no run is open; one begins with Login as a
                line 2: Login {user: "ann", limit: 10, place: "Ghent", device: 7} at 1970-01-01T00:00:01Z
                  stream Fraud, key "ann"
                    run 1 begins with it; the run waits for Withdrawal where amount > a.limit and place != a.place as w
                line 3: Withdrawal {user: "ann", amount: 5, place: "Ghent"} at 1970-01-01T00:00:02Z
                  stream Fraud, key "ann"
                    run 1 stays: the run waits for Withdrawal where amount > a.limit and place != a.place as w
                      `amount > a.limit` is false: 5 > 10
                      `place != a.place` is false: "Ghent" != "Ghent"
                line 4: Withdrawal {user: "ann", amount: 15} at 1970-01-01T00:00:03Z
                  stream Fraud, key "ann"
                    run 1 goes on: step 2, Withdrawal as w, takes it; the run waits for Confirm as c
                line 5: Confirm {user: "ann"} at 1970-01-01T00:00:04Z
                  stream Fraud, key "ann"
                    run 1 goes on: step 3, Confirm as c, takes it: the run is complete
                    the match is dropped
                      `c.risk > 3` has no value: nothing is known of `c.risk`
                line 6: Withdrawal {user: "ann", amount: 15, place: "Lier"} at 1970-01-01T00:00:05Z
                  stream Fraud, key "ann"
                    no run is open; one begins with Login as a
                line 7: Logout {user: "ann", device: 8} at 1970-01-01T00:00:06Z
                  stream Fraud, key "ann"
                    no run is open; one begins with Login as a
                line 8: Confirm {user: "ann", risk: 2} at 1970-01-01T00:00:07Z
                  stream Fraud, key "ann"
                    no run is open; one begins with Login as a
                line 9: Login {user: "ann", limit: 10, place: "Ghent", device: 7} at 1970-01-01T00:00:08Z
                  stream Fraud, key "ann"
                    run 2 begins with it; the run waits for Withdrawal where amount > a.limit and place != a.place as w
                line 10: Logout {user: "ann", device: 7} at 1970-01-01T00:00:09Z
                  stream Fraud, key "ann"
                    run 2 is ended by .not(Logout where device == a.device)
                line 11: Login {user: "ann", limit: 10, place: "Ghent", device: 7} at 1970-01-01T00:00:10Z
                  stream Fraud, key "ann"
                    run 3 begins with it; the run waits for Withdrawal where amount > a.limit and place != a.place as w
                line 12: Withdrawal {user: "ann", amount: 15, place: "Lier"} at 1970-01-01T00:01:20Z
                  stream Fraud, key "ann"
                    run 3 expires: it began at 1970-01-01T00:00:10Z, more than 1m before 1970-01-01T00:01:20Z
                line 13: Parcel {user: "ann"} at 1970-01-01T00:01:21Z
                    no stream reads Parcel

                """
        )
    }

    @Test("of a key tell what its runs have, what they wait for, until when, and what would end them")
    func key() throws {
        var pipeline = Pipeline(try self.plan(Self.fraud))
        _ = try self.told(
            """
            @1s Login { user: "ann", limit: 10, place: "Ghent", device: 7 }
            @2s Login { user: "ann", limit: 20, place: "Lier", device: 7 }
            @3s Withdrawal { user: "ann", amount: 15, place: "Lier" }
            @4s Login { user: "anna", limit: 20, place: "Lier", device: 7 }
            """,
            by: &pipeline
        )
        #expect(
            TraceRenderer().text(of: pipeline.trace(key: "ann")) == """
                stream Fraud, user "ann": 2 open runs
                  its time is 1970-01-01T00:00:03Z
                  run 1, since 1970-01-01T00:00:01Z
                    has       Login as a: a.limit 10, a.place "Ghent", a.device 7, a.user "ann"
                    has       Withdrawal as w: w.amount 15
                    waits for Confirm as c
                    until     1970-01-01T00:01:01Z
                    ended by  .not(Logout where device == a.device)
                  run 2, since 1970-01-01T00:00:02Z
                    has       Login as a: a.limit 20, a.place "Lier", a.device 7, a.user "ann"
                    waits for Withdrawal where amount > a.limit and place != a.place as w
                    until     1970-01-01T00:01:02Z
                    ended by  .not(Logout where device == a.device)

                """
        )
        #expect(
            TraceRenderer().text(of: pipeline.trace(key: "an")) == """
                stream Fraud, user "an": no open run; one begins with Login as a
                nothing is held of the key "an"; there is "ann", "anna"

                """
        )
        #expect(
            pipeline.busiestKeys(atMost: 1).map { TraceRenderer().text(of: $0) } == [
                "stream Fraud: 3 open runs of 2 users\n  \"ann\"  2\n  and 1 more\n"
            ]
        )
    }

    @Test("of a step that takes many tell what was added up, and that the run waits for more")
    func kleene() throws {
        let source = """
            stream Rise = Start as s -> all Tick where p > last(t.p) as t -> Stop as e
                .partition_by(symbol)
                .emit(n: count(t), top: max(t.p), s: s.level)
            """
        var pipeline = Pipeline(try self.plan(source))
        let told = try self.told(
            """
            Start { symbol: "AB", level: 1 }
            Tick { symbol: "AB", p: 3 }
            Tick { symbol: "AB", p: 4 }
            Tick { symbol: "AB", p: 2 }
            """,
            by: &pipeline
        )
        #expect(
            told == """
                line 1: Start {symbol: "AB", level: 1} at 1970-01-01T00:00:00Z
                  stream Rise, key "AB"
                    run 1 begins with it; the run waits for all Tick where p > last(t.p) as t
                line 2: Tick {symbol: "AB", p: 3} at 1970-01-01T00:00:00Z
                  stream Rise, key "AB"
                    run 1 goes on: step 2, all Tick as t, takes it; the run waits for another Tick where p > last(t.p) as t, or Stop as e
                line 3: Tick {symbol: "AB", p: 4} at 1970-01-01T00:00:00Z
                  stream Rise, key "AB"
                    run 1 goes on: step 2, all Tick as t, takes it; the run waits for another Tick where p > last(t.p) as t, or Stop as e
                line 4: Tick {symbol: "AB", p: 2} at 1970-01-01T00:00:00Z
                  stream Rise, key "AB"
                    run 1 stays: the run waits for another Tick where p > last(t.p) as t, or Stop as e
                      `p > last(t.p)` is false: 2 > 4

                """
        )
        #expect(
            TraceRenderer().text(of: pipeline.trace(key: "AB")) == """
                stream Rise, symbol "AB": 1 open run
                  run 1, since 1970-01-01T00:00:00Z
                    has       Start as s: s.level 1, s.symbol "AB"
                    has       all Tick as t: last(t.p) 4, count(t) 2, max(t.p) 4
                    waits for another Tick where p > last(t.p) as t
                    waits for Stop as e

                """
        )
    }

    @Test("of an event that begins no run tell why")
    func starts() throws {
        let told = try self.told(
            """
            stream S = A as a
                .where(v > 3)
                -> B as b
                .within(5s)
                .emit(v: a.v)
            """,
            """
            @20s A { v: 2 }
            @21s A { w: 2 }
            @14s A { v: 5 }
            @21s A { v: "x" }
            """
        )
        #expect(
            told == """
                line 1: A {v: 2} at 1970-01-01T00:00:20Z
                  stream S
                    no run begins with it
                      `v > 3` is false: 2 > 3
                line 2: A {w: 2} at 1970-01-01T00:00:21Z
                  stream S
                    no run begins with it
                      `v > 3` has no value: nothing is known of `v`
                line 3: A {v: 5} at 1970-01-01T00:00:14Z
                  stream S
                    no run begins with it: it is more than 5s older than an event that came before
                line 4: A {v: "x"} at 1970-01-01T00:00:21Z
                  stream S
                    no run begins with it
                      `v > 3` has no value: "x" > 3

                """
        )
    }

    @Test("of streams without a sequence tell what drops or keeps an event, and what follows from it")
    func streams() throws {
        let told = try self.told(
            """
            stream Big = Order
                .where(amount * 2 > 100 and (kind == "a" or kind == "b") and not done)
                .select(amount, kind)
            stream Tops = Big
                .partition_by(kind)
                .window(2)
                .aggregate(top: max(amount), kind: last(kind))
                .having(top > 70)
                .emit(kind: kind, top: top)
            stream Once = Big
                .distinct(kind)
                .limit(1)
                .emit()
            stream Lost = Order
                .where(amount > 80)
                .select(amount)
            stream Pairs = join(Order, Payment)
                .on(Order.id == Payment.id and Order.amount < 50)
                .window(5s)
                .emit(id: Order.id)
            stream Either = merge(stream Huge = Order.where(amount > 90), Payment)
                .emit(amount: amount)
            """,
            """
            Order { id: 1, amount: 40, kind: "a", done: false }
            Order { id: 2, amount: 60, kind: "a" }
            Order { id: 3, amount: 60, kind: "a", done: false }
            Order { id: 4, amount: 65, kind: "a", done: false }
            @1s Payment { id: 9 }
            @2s Payment { id: 3 }
            @7s Payment { id: 3 }
            @8s Order { amount: 95, kind: "b", done: false }
            """
        )
        #expect(
            told == """
                line 1: Order {id: 1, amount: 40, kind: "a", done: false} at 1970-01-01T00:00:00Z
                  stream Big
                    is dropped
                      `amount * 2 > 100` is false: 80 > 100
                  stream Lost
                    is dropped
                      `amount > 80` is false: 40 > 80
                  stream Pairs
                    joins nothing: none of Payment with id 1 came in the 5s before
                  stream Either
                    is not let in
                      `amount > 90` is false: 40 > 90
                line 2: Order {id: 2, amount: 60, kind: "a"} at 1970-01-01T00:00:00Z
                  stream Big
                    is dropped
                      `not done` has no value: nothing is known of `done`
                  stream Lost
                    is dropped
                      `amount > 80` is false: 60 > 80
                  stream Pairs
                    joins nothing: none of Payment with id 2 came in the 5s before
                  stream Either
                    is not let in
                      `amount > 90` is false: 60 > 90
                line 3: Order {id: 3, amount: 60, kind: "a", done: false} at 1970-01-01T00:00:00Z
                  stream Big
                    gives {amount: 60, kind: "a"}
                  stream Lost
                    is dropped
                      `amount > 80` is false: 60 > 80
                  stream Pairs
                    joins nothing: none of Payment with id 3 came in the 5s before
                  stream Either
                    is not let in
                      `amount > 90` is false: 60 > 90
                    result: Big {amount: 60, kind: "a"} at 1970-01-01T00:00:00Z
                      stream Tops
                        the window of kind "a" (2 events) gathers it, and holds 1 event
                      stream Once
                        emits Once {amount: 60, kind: "a"}
                line 4: Order {id: 4, amount: 65, kind: "a", done: false} at 1970-01-01T00:00:00Z
                  stream Big
                    gives {amount: 65, kind: "a"}
                  stream Lost
                    is dropped
                      `amount > 80` is false: 65 > 80
                  stream Pairs
                    joins nothing: none of Payment with id 4 came in the 5s before
                  stream Either
                    is not let in
                      `amount > 90` is false: 65 > 90
                    result: Big {amount: 65, kind: "a"} at 1970-01-01T00:00:00Z
                      stream Tops
                        the window of kind "a" (2 events) gives its sums
                        is dropped
                          `top > 70` is false: 65 > 70
                      stream Once
                        is dropped: seen before
                line 5: Payment {id: 9} at 1970-01-01T00:00:01Z
                  stream Pairs
                    joins nothing: none of Order with id 9 came in the 5s before
                  stream Either
                    emits Either {}
                line 6: Payment {id: 3} at 1970-01-01T00:00:02Z
                  stream Pairs
                    is not joined
                      `Order.amount < 50` is false: 60 < 50
                  stream Either
                    emits Either {}
                line 7: Payment {id: 3} at 1970-01-01T00:00:07Z
                  stream Pairs
                    joins nothing: none of Order with id 3 came in the 5s before
                  stream Either
                    emits Either {}
                line 8: Order {amount: 95, kind: "b", done: false} at 1970-01-01T00:00:08Z
                  stream Big
                    gives {amount: 95, kind: "b"}
                  stream Lost
                    gives {amount: 95}, which nothing reads: the stream has no .emit
                  stream Pairs
                    joins nothing: it has no id
                  stream Either
                    emits Either {amount: 95}
                    result: Big {amount: 95, kind: "b"} at 1970-01-01T00:00:08Z
                      stream Tops
                        the window of kind "b" (2 events) gathers it, and holds 1 event
                      stream Once
                        is dropped: 1 passed already, as many as may

                """
        )
    }

    @Test("show strings in quotes and without control characters, and cut what is long")
    func shown() throws {
        let long = String(repeating: "x", count: 1000)
        let told = try self.told(
            "stream S = E\n    .where(a == b)\n    .emit()",
            "E { a: \"\u{1B}[2J\", b: \"\(long)\" }"
        )
        #expect(!told.contains("\u{1B}"))
        #expect(told.utf8.count < 800)
    }

    @Test("of a sequence at its limit say so, and tell of the first runs only")
    func limits() throws {
        let lines = (0..<50).map { "@\($0)s A { v: \($0) }" }.joined(separator: "\n")
        var pipeline = Pipeline(try self.plan("stream S = A as a -> B where v == a.v as b\n    .emit(v: a.v)"))
        _ = try self.told(lines, by: &pipeline)
        let trace = try #require(pipeline.trace(key: "whatever").sequences.first)
        #expect(trace.runCount == 50 && trace.runs.map(\.number) == Array(1...20))
        let explanation = try #require(
            pipeline.explain(Event(type: "B", timestamp: 0, fields: ["v": 45])).first?.streams.first
        )
        let runs = explanation.notes.filter { $0.run != nil }
        #expect(runs.map(\.run) == Array(1...19) + [46] && explanation.runsWaiting == 30)
        #expect(runs.last?.kind == .completed)
        #expect(runs.first?.reasons.map(\.text) == ["`v == a.v` is false: 45 == 0"])
    }
}
