import Engine
import Testing
import VPL

@Suite("Watermarks and lateness")
struct WatermarkTests {
    private func event(_ seconds: Int64, _ type: String = "E", _ fields: Fields = Fields()) -> Event {
        var fields = fields
        if fields["t"] == nil { fields["t"] = .int(seconds) }
        return Event(type: type, timestamp: seconds * 1_000_000_000, fields: fields)
    }

    private func pipeline(_ source: String) throws -> Pipeline {
        let (plan, diagnostics) = Plan.load(source)
        return Pipeline(try #require(plan, "\(diagnostics)"))
    }

    /// What each event lets out, and what the end does.
    private func steps(_ source: String, _ events: [Event]) throws -> [String] {
        var pipeline = try self.pipeline(source)
        var steps: [String] = []
        var outputs = Outputs()
        func note() {
            steps.append(
                outputs.emitted.map { $0.fields.entries.map(\.value.text).joined(separator: ":") }.joined(
                    separator: " "
                )
            )
            outputs.clear()
        }
        for event in events {
            pipeline.process(event, into: &outputs)
            note()
        }
        pipeline.finish(into: &outputs)
        note()
        return steps
    }

    @Test("an event before the watermark less the lateness is dropped and counted, by this stream alone")
    func lateness() throws {
        var pipeline = try self.pipeline(
            """
            stream S = E.watermark(out_of_order: 2s).allowed_lateness(3s).emit(t: t)
            stream Other = E.emit(t: t)
            """
        )
        var outputs = Outputs()
        // The last event is late by the one before it, and not yet by itself.
        pipeline.process([10, 5, 4, 20, 15, 14].map { self.event($0) }, into: &outputs)
        let times = outputs.emitted.filter { $0.type == "S" }.map { $0.fields["t"]?.text }
        #expect(times == ["10", "5", "20", "15"])
        #expect(outputs.emitted.count { $0.type == "Other" } == 6)
        #expect(pipeline.counters.limits.eventsLateDropped == 2)
        #expect(pipeline.counters.limits.reached.map(\.name) == ["events_late_dropped"])
    }

    @Test("without a lateness late events pass, except into windows that have fired")
    func withoutLateness() throws {
        let source = "stream S = E.watermark(out_of_order: 0s).window(10s).aggregate(n: count()).emit(n: n)"
        #expect(try self.steps(source, [1, 9, 10, 5, 20].map { self.event($0) }) == ["", "", "2", "", "1", ""])
        let all = "stream S = E.watermark(out_of_order: 0s).emit(t: t)"
        #expect(try self.steps(all, [9, 1].map { self.event($0) }) == ["9", "1", ""])
    }

    @Test("the watermark is the least of the types seen so far, and a new type does not take it back")
    func sources() throws {
        var pipeline = try self.pipeline(
            "stream S = merge(A, B).watermark(out_of_order: 1s).emit(t: t)\nstream T = S.emit(t: t)"
        )
        #expect(pipeline.watermarks.map(\.effective) == [nil])
        #expect(pipeline.watermarks.first?.slowest == nil)
        var outputs = Outputs()
        func marks(after event: Event) -> [Int64?] {
            pipeline.process(event, into: &outputs)
            let watermark = pipeline.watermarks[0]
            return (watermark.sources.map(\.watermark) + [watermark.effective]).map { $0.map { $0 / 1_000_000_000 } }
        }
        #expect(marks(after: self.event(10, "A")) == [9, nil, 9])
        #expect(pipeline.watermarks.first?.slowest?.type == "A")
        #expect(marks(after: self.event(5, "B")) == [9, 4, 9])
        #expect(marks(after: self.event(20, "A")) == [19, 4, 9])
        #expect(pipeline.watermarks.first?.slowest?.type == "B")
        #expect(marks(after: self.event(15, "B")) == [19, 14, 14])
        #expect(marks(after: self.event(12, "B")) == [19, 14, 14])
        #expect(pipeline.watermarks.map(\.stream) == ["S"])
    }

    @Test("a branch's condition keeps events from the stream, and not their time")
    func branches() throws {
        let source = """
            stream S = merge(stream Low = A.where(t < 100), B)
                .watermark(out_of_order: 0s).allowed_lateness(0s)
                .emit(t: t)
            """
        var pipeline = try self.pipeline(source)
        var outputs = Outputs()
        pipeline.process(
            [self.event(1, "A"), self.event(200, "A"), self.event(150, "A"), self.event(99, "A")],
            into: &outputs
        )
        #expect(outputs.emitted.map { $0.fields["t"]?.text } == ["1"])
        // One that the branch would not have let pass is none that was dropped.
        #expect(pipeline.counters.limits.eventsLateDropped == 1)
    }

    @Test("tumbling windows are aligned, several open at once, and fire by end and then by first appearance")
    func tumbling() throws {
        let source = """
            stream S = E.watermark(out_of_order: 15s).partition_by(k)
                .window(5s).aggregate(n: count(), f: first(t)).emit(k: k, n: n, f: f)
            """
        let events: [(Int64, String)] = [
            (12, "b"), (3, "a"), (11, "a"), (4, "b"), (-1, "a"), (14, "b"), (26, "c"), (31, "c"),
        ]
        #expect(
            try self.steps(source, events.map { self.event($0.0, "E", ["k": .string($0.1)]) })
                == ["", "", "", "", "", "", "a:1:-1 b:1:4 a:1:3", "b:2:12 a:1:11", ""]
        )
    }

    @Test("a late event lets a window that has fired fire again, as long as the lateness lasts")
    func again() throws {
        let source = """
            stream S = E.watermark(out_of_order: 0s).allowed_lateness(3s)
                .window(5s).aggregate(n: count(), l: last(t)).emit(n: n, l: l)
            """
        var pipeline = try self.pipeline(source)
        var outputs = Outputs()
        let events = [1, 6, 4, 7, 4, 8, 4].map { self.event($0) }
        pipeline.process(events, into: &outputs)
        #expect(outputs.emitted.map { "\($0.fields.text)" } == ["{n: 1, l: 1}", "{n: 2, l: 4}", "{n: 3, l: 4}"])
        #expect(pipeline.counters.limits.eventsLateDropped == 1)
        // A window without an event fires for a late one alone.
        #expect(try self.steps(source, [1, 11, 9].map { self.event($0) }) == ["", "1:1", "1:9", ""])
    }

    @Test("windows that are over are forgotten")
    func memory() throws {
        for window in ["5s", "10s, sliding: 5s", "session: 2s"] {
            var pipeline = try self.pipeline(
                "stream S = E.watermark(out_of_order: 5s).allowed_lateness(5s).window(\(window)).aggregate(n: count())"
            )
            var outputs = Outputs()
            var most = 0
            for second in Int64(0)..<1000 {
                pipeline.process(self.event(4 * (second ^ 1)), into: &outputs)
                if second == 50 { most = pipeline.heldBytes }
            }
            #expect(pipeline.heldBytes <= 2 * most && most > 0, "\(window)")
            #expect(pipeline.counters.limits.reached.isEmpty)
        }
    }

    @Test("sessions fire when the watermark has passed their gap, and events between two make them one")
    func sessions() throws {
        let source = """
            stream S = E.watermark(out_of_order: 5s).window(session: 3s)
                .aggregate(n: count(), f: first(t), l: last(t)).emit(n: n, f: f, l: l)
            """
        let events = [0, 5, 3, 13, 20, 30, 27].map { self.event(Int64($0)) }
        #expect(try self.steps(source, events) == ["", "", "", "3:0:3", "", "1:13:13 1:20:20", "", "2:30:27"])
    }

    @Test("a session that has fired goes on with a late event that makes it longer")
    func longerSessions() throws {
        let source = """
            stream S = E.watermark(out_of_order: 0s).allowed_lateness(5s).window(session: 2s)
                .aggregate(n: count()).emit(n: n)
            """
        #expect(try self.steps(source, [1, 4, 1, 20].map { self.event(Int64($0)) }) == ["", "1", "2", "1", "1"])
        // 3 lets the session of 1 fire again; 4 makes one session of that and of 6, which ends at 8.
        let events = [1, 6, 3, 4, 20].map { self.event(Int64($0)) }
        #expect(try self.steps(source, events) == ["", "1", "2", "", "4", "1"])
    }

    @Test("a silent session is closed by the clock, the disorder allowed for")
    func silence() throws {
        var pipeline = try self.pipeline(
            "stream S = E.watermark(out_of_order: 5s).window(session: 3s).aggregate(n: count()).emit(n: n)"
        )
        var outputs = Outputs()
        pipeline.process([self.event(0), self.event(1)], into: &outputs)
        pipeline.closeSilentSessions(at: 9_000_000_000, into: &outputs)
        #expect(outputs.emitted.isEmpty)
        pipeline.closeSilentSessions(at: 9_000_000_001, into: &outputs)
        #expect(outputs.emitted.map { $0.fields.text } == ["{n: 2}"])
        pipeline.finish(into: &outputs)
        #expect(outputs.emitted.count == 1)
    }

    @Test("sliding windows are evaluated at the watermark, with what it has come to")
    func sliding() throws {
        let source = """
            stream S = E.watermark(out_of_order: 3s).window(4s, sliding: 2s)
                .aggregate(n: count(), f: first(t), l: last(t)).emit(n: n, f: f, l: l)
            """
        // Watermarks: -3, -1, -1, 0, 2, 3, 8, where none of the events is in the last 4 seconds.
        let events = [0, 2, 1, 3, 5, 6, 15].map { self.event(Int64($0)) }
        #expect(try self.steps(source, events) == ["", "", "", "1:0:0", "3:0:1", "", "", ""])
    }

    @Test("count windows are as without a watermark")
    func counts() throws {
        for window in ["2", "3, sliding: 1"] {
            let rest = "window(\(window)).aggregate(n: count(), l: last(t)).emit(n: n, l: l)"
            let events = [5, 1, 9, 2, 3, 30].map { self.event(Int64($0)) }
            #expect(
                try self.steps("stream S = E.watermark(out_of_order: 1s).\(rest)", events)
                    == self.steps("stream S = E.\(rest)", events)
            )
        }
    }

    @Test("a stream that reads another has a watermark by that one's results")
    func derived() throws {
        let source = """
            stream Twice = E.emit(t: t)
            stream S = Twice.watermark(out_of_order: 1s).window(5s).aggregate(n: count()).emit(n: n, s: sum)
            let sum = 7
            """
        let steps = try self.steps(source, [1, 4, 6].map { self.event(Int64($0)) })
        #expect(steps == ["1", "4", "6 2:7", ""])
    }

    @Test("late events are kept from sequences and joins, too")
    func others() throws {
        let declared = "watermark(out_of_order: 1s).allowed_lateness(0s)"
        let events = [self.event(10, "A"), self.event(5, "B"), self.event(11, "B"), self.event(10, "B")]
        #expect(try self.steps("stream S = A -> B.\(declared).emit(t: B.t)", events) == ["", "", "11", "", ""])
        let join = "stream S = join(A, B).\(declared).on(A.one == B.one).window(9s).emit(t: B.t)"
        let pairs = [self.event(10, "A", ["one": 1]), self.event(5, "B", ["one": 1]), self.event(11, "B", ["one": 1])]
        #expect(try self.steps(join, pairs) == ["", "", "11", ""])
    }

    @Test("durations may be constants of the program, the place of a watermark does not matter")
    func constants() throws {
        let source = """
            let disorder = 1s
            stream S = E.window(5s).aggregate(n: count()).emit(n: n)
                .watermark(out_of_order: disorder + 1s).allowed_lateness(disorder)
            """
        #expect(try self.steps(source, [1, 6, 7].map { self.event(Int64($0)) }) == ["", "", "1", ""])
        let (plan, diagnostics) = Plan.load("stream S = E.watermark(out_of_order: x)\nlet x = 3")
        #expect(plan == nil && diagnostics.map(\.code) == ["W030", "E061"])
    }

    @Test("times at the ends of the numbers are times like others")
    func extremes() throws {
        for window in ["5s", "5s, sliding: 1s", "session: 5s"] {
            let source = "stream S = E.watermark(out_of_order: 1s).allowed_lateness(1s).window(\(window)).emit(t: t)"
            var pipeline = try self.pipeline(source)
            var outputs = Outputs()
            for time in [Int64.min, .min + 1, 0, .max - 1, .max, .min] {
                pipeline.process(Event(type: "E", timestamp: time, fields: ["t": 1]), into: &outputs)
            }
            pipeline.finish(into: &outputs)
            #expect(pipeline.counters.limits.eventsLateDropped == 1, "\(window)")
        }
    }

    @Test("such a program runs event by event, on one worker")
    func placement() throws {
        let (plan, _) = Plan.load(
            "stream S = E.watermark(out_of_order: 2s).allowed_lateness(1s).partition_by(k).window(5s).aggregate(n: count())"
        )
        let program = try #require(plan)
        #expect(program.obstacleToBatches == "stream S is not done in columns yet")
        #expect(program.obstacles(toPartitioningBy: "k") == ["stream S keeps a watermark over all events"])
        #expect(
            program.explanation == """
                Runs one event after the other: stream S is not done in columns yet.

                stream S
                  reads     events E
                  tells     the time by the latest of E, less 2s
                  drops     what is more than 1s late
                  gathers   5s for each k, until the watermark has passed
                  sums up   n by k
                  costs     the same for each event
                  keeps     the events of windows that it has not passed, and for 1s after that, for every key ever seen: unbounded in keys

                """
        )
        #expect(program.outlines.map(\.operations) == [["watermark", "window", "aggregate"]])
    }
}
