import Engine
import Testing
import VPL

/// What is told of patterns with operands, of watermarks, of windows by event time and of trends.
@Suite("Traces of operators")
struct TraceOperatorTests {
    private func pipeline(_ source: String) throws -> Pipeline {
        let (plan, diagnostics) = Plan.load(source)
        #expect(diagnostics.filter(\.isError).isEmpty, "\(diagnostics.filter(\.isError))")
        return Pipeline(try #require(plan))
    }

    /// The notes on each line, without the event itself.
    private func told(_ events: String, by pipeline: inout Pipeline) throws -> [[String]] {
        var reader = EventFileReader()
        var outputs = Outputs()
        var told: [[String]] = []
        for line in events.split(separator: "\n") {
            guard let event = try reader.read(Array(line.utf8)) else { continue }
            var explanations: [EventExplanation] = []
            pipeline.process(event, into: &outputs, explaining: &explanations)
            told.append(explanations.flatMap(\.streams).flatMap(\.notes).map(\.text))
        }
        return told
    }

    @Test("of a pattern with AND and OR tell which operands have their events")
    func tree() throws {
        var pipeline = try self.pipeline(
            """
            pattern Break = (SEQ(A as a, B where v > a.v as b) AND (C OR D) AND NOT E) within 10s
            stream S = Break
                .emit(v: b.v)
            """
        )
        let told = try self.told("@1s A { v: 3 }\n@2s B { v: 2 }\n@3s C { v: 1 }\n@4s X { }", by: &pipeline)
        #expect(
            told == [
                ["begins with it; the run waits for B where v > a.v as b AND (C OR D)"],
                ["the run waits for B where v > a.v as b AND (C OR D)"],
                [
                    "step 3, C, takes it; the run waits for B where v > a.v as b",
                    "begins with it; the run waits for A as a",
                ],
                [],
            ]
        )
        #expect(
            TraceRenderer().text(of: pipeline.trace(key: "")) == """
                stream S, all events together: 2 open runs
                  its time is 1970-01-01T00:00:03Z
                  run 1, since 1970-01-01T00:00:01Z
                    has       A as a: a.v 3
                    has       C
                    operand   SEQ(A as a, B as b if): has A as a; waits for B where v > a.v as b
                    operand   (C OR D): has its events
                    operand   NOT E: has not come
                    until     1970-01-01T00:00:11Z
                  run 2, since 1970-01-01T00:00:03Z
                    has       C
                    operand   SEQ(A as a, B as b if): waits for A as a
                    operand   (C OR D): has its events
                    operand   NOT E: has not come
                    until     1970-01-01T00:00:13Z
                nothing is held of the key ""

                """
        )
        let ends = try self.told("@4s E { }\n@5s D { }\n@6s A { v: 1 }\n@7s B { v: 2 }", by: &pipeline)
        #expect(
            ends == [
                ["is ended by a NOT of the pattern", "is ended by a NOT of the pattern"],
                ["begins with it; the run waits for A as a"],
                [
                    "step 1, A as a, takes it; the run waits for B where v > a.v as b",
                    "begins with it; the run waits for B where v > a.v as b AND (C OR D)",
                ],
                [
                    "step 2, B as b, takes it: the run is complete",
                    "step 2, B as b, takes it; the run waits for (C OR D)", "emits S {v: 2}",
                ],
            ]
        )
    }

    @Test("of a pattern that waits for its deadline tell so, with what may be skipped and what ends it")
    func deadline() throws {
        var pipeline = try self.pipeline(
            """
            pattern Lost = SEQ(A as a, B? as b, C as c, NOT D) within 10s
            stream S = Lost
                .partition_by(k)
                .emit(v: a.v)
            """
        )
        let told = try self.told(
            "@1s A { k: 1, v: 3 }\n@2s C { k: 1 }\n@12s A { k: 1, v: 4 }\n@13s C { k: 1 }\n@14s D { k: 1 }",
            by: &pipeline
        )
        #expect(
            told == [
                ["begins with it; the run waits for perhaps B as b, or C as c"],
                ["step 3, C as c, takes it; the run waits for the end of its time"],
                [
                    "is complete: its time is over, and nothing came that ends it",
                    "begins with it; the run waits for perhaps B as b, or C as c", "emits S {v: 3}",
                ],
                ["step 3, C as c, takes it; the run waits for the end of its time"],
                ["is ended by NOT D"],
            ]
        )
        _ = try self.told("@15s A { k: 1, v: 5 }\n@16s C { k: 1 }", by: &pipeline)
        #expect(
            TraceRenderer().text(of: pipeline.trace(key: "1")) == """
                stream S, k "1": 1 open run
                  its time is 1970-01-01T00:00:16Z
                  run 3, since 1970-01-01T00:00:15Z
                    has       A as a: a.v 5, a.k 1
                    may have  perhaps B as b
                    has       C as c
                    waits for the end of its time: then it is a match
                    until     1970-01-01T00:00:25Z
                    ended by  NOT D

                """
        )
    }

    @Test("of watermarks tell which source is the slowest, what waits for them, and what is late")
    func watermarks() throws {
        var pipeline = try self.pipeline(
            """
            stream Sums = merge(A, B)
                .watermark(out_of_order: 2s)
                .allowed_lateness(1s)
                .partition_by(k)
                .window(10s)
                .aggregate(n: count())
                .emit(n: n)
            """
        )
        let told = try self.told(
            "@5s A { k: 1 }\n@30s B { k: 2 }\n@14s A { k: 1 }\n@10s A { k: 1 }\n@24s A { k: 3 }",
            by: &pipeline
        )
        #expect(
            told == [
                ["the window of k 1 (10s) gathers it, and waits for the watermark 1970-01-01T00:00:10Z"],
                [
                    "the window of k 2 (10s) gathers it, and waits for the watermark 1970-01-01T00:00:40Z; it was"
                        + " 1970-01-01T00:00:03Z"
                ],
                [
                    "the window of k 1 (10s) gathers it, and waits for the watermark 1970-01-01T00:00:10Z; it was"
                        + " 1970-01-01T00:00:03Z",
                    "the window of k 1 (10s) gives 1 event: the watermark is 1970-01-01T00:00:12Z", "emits Sums {n: 1}",
                ],
                ["is dropped because it is late: more than 1s before the watermark, 1970-01-01T00:00:12Z"],
                [
                    "the window of k 3 (10s) gathers it, and waits for the watermark 1970-01-01T00:00:30Z; it was"
                        + " 1970-01-01T00:00:12Z",
                    "the window of k 1 (10s) gives 1 event: the watermark is 1970-01-01T00:00:22Z", "emits Sums {n: 1}",
                ],
            ]
        )
        #expect(
            TraceRenderer().text(of: pipeline.trace(key: "2")) == """
                stream Sums, k "2": the window (10s) holds 1 event, and waits for the watermark 1970-01-01T00:00:40Z
                stream Sums: its watermark is 1970-01-01T00:00:22Z
                    A 1970-01-01T00:00:22Z, the slowest
                    B 1970-01-01T00:00:28Z
                    what is more than 1s before it is dropped: 1 so far

                """
        )
    }

    @Test("of trends tell which steps take an event, and what the window of a key holds")
    func trends() throws {
        var pipeline = try self.pipeline(
            """
            stream T = A as a -> all B where v > a.v as b -> C as c
                .partition_by(k)
                .within(10s)
                .not(E where v > 3)
                .trend_aggregate(n: count_trends())
                .emit(n: n)
            """
        )
        let told = try self.told(
            """
            @1s B { k: 1, v: 1 }
            @2s A { k: 1, v: 2 }
            @3s B { k: 1, v: 1 }
            @4s B { k: 1, v: 3 }
            @5s B { k: 1, v: 4 }
            @6s E { k: 1, v: 1 }
            @7s C { k: 1 }
            """,
            by: &pipeline
        )
        #expect(
            told == [
                ["no window is open; one opens with A as a"],
                [
                    "opens a window, for events until 1970-01-01T00:00:12Z",
                    "step 1, A as a, takes it: 0 trends are complete in the window",
                ],
                ["step 2, all B as b, does not take it: no partial trend of the window may go on with it"],
                ["step 2, all B as b, takes it: 0 trends are complete in the window"],
                ["step 2, all B as b, takes it: 0 trends are complete in the window"],
                ["no partial trend is ended by .not(E where v > 3)"],
                ["step 3, C as c, takes it: 3 trends are complete in the window"],
            ]
        )
        #expect(
            TraceRenderer().text(of: pipeline.trace(key: "1")) == """
                stream T, k "1": the window holds 3 complete trends
                    since     1970-01-01T00:00:02Z
                    until     1970-01-01T00:00:12Z
                    step 1    A as a: 1 partial trend ends here
                    step 2    all B where v > a.v as b: 3 partial trends end here
                    step 3    C as c: 3 complete trends end here

                """
        )
        let closed = try self.told("@13s A { k: 1, v: 2 }\n@30s E { k: 1, v: 4 }", by: &pipeline)
        #expect(
            closed == [
                [
                    "closes the window that opened at 1970-01-01T00:00:02Z, with 3 complete trends",
                    "opens a window, for events until 1970-01-01T00:00:23Z",
                    "step 1, A as a, takes it: 0 trends are complete in the window", "emits T {n: 3}",
                ],
                [
                    "closes the window that opened at 1970-01-01T00:00:13Z: no trend is complete, so it gives nothing",
                    "no window is open; one opens with A as a",
                ],
            ]
        )
    }

    @Test("of a program that runs over columns come from what it would save")
    func columns() throws {
        let plan = try #require(
            Plan.load("stream T = A\n    .partition_by(k)\n    .window(3)\n    .aggregate(n: count())\n    .emit(n: n)")
                .plan
        )
        let columns = try #require(BatchPipeline(plan))
        var outputs = Outputs()
        columns.process([Event(type: "A", timestamp: 0, fields: ["k": "x"])], into: &outputs)
        let trace = try columns.snapshot.trace(key: "x", of: plan)
        #expect(trace.windows.map(\.heldCount) == [1] && trace.windows.map(\.kind) == ["3 events"])
    }
}
