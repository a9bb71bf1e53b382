import Engine
import Testing
import VPL

@Suite("Pipeline")
struct PipelineTests {
    private func event(_ type: String = "E", _ fields: Fields = Fields(), at timestamp: Int64 = 0) -> Event {
        Event(type: type, timestamp: timestamp, fields: fields)
    }

    @Test("a stream that reads itself stops after ten results")
    func circle() throws {
        let (plan, _) = Plan.load("stream E = E\n    .emit(n: (n ?? 0) + 1)")
        var pipeline = Pipeline(try #require(plan))
        var outputs = Outputs()
        pipeline.process(self.event(), into: &outputs)
        #expect(outputs.emitted.count == 10)
        #expect(outputs.emitted.last?.fields["n"] == 10)
        #expect(pipeline.counters.limits.resultsTooDeep == 1)
        #expect(pipeline.counters.processed == 1)
        #expect(pipeline.counters.emitted == 10)
    }

    @Test("an emitted type has readers of its own, beside those of the stream")
    func emitAs() throws {
        let source = """
            stream S = E
                .emit as T (v: 1)
            stream ByStream = S
                .emit(v: 2)
            stream ByType = T
                .emit(v: 3)
            """
        #expect(try run(source, [self.event()]).emitted.map(\.type) == ["T", "ByStream", "ByType"])
    }

    @Test("an empty emit passes all fields on under the stream's name")
    func emptyEmit() throws {
        let outputs = try run("stream S = E\n    .emit()", [self.event("E", ["a": 1])])
        #expect(outputs.emitted.map(\.type) == ["S"])
        #expect(outputs.emitted.first?.fields["a"] == 1)
    }

    @Test("deliveries carry the sink's id, and bindings the parameters of stream and connector")
    func connectors() throws {
        let source = """
            connector In = mqtt (host: "h", qos: 1)
            stream S = E.from(In, topic: "in/#")
                .to(Out, topic: "raw")
                .emit(v: v)
                .to(Out)
            """
        let outside = ConnectorDeclaration(
            name: "Out",
            type: "mqtt",
            parameters: [ConnectorParameter(name: "topic", value: .string("default"))]
        )
        let (plan, diagnostics) = Plan.load(source, connectors: [outside])
        #expect(diagnostics.filter(\.isError).isEmpty)
        let loaded = try #require(plan)
        #expect(loaded.connectors.map(\.name) == ["In", "Out"])
        #expect(loaded.sources.map(\.eventType) == ["E"])
        #expect(loaded.sources[0].parameter("topic") == .string("in/#"))
        #expect(loaded.sources[0].parameter("qos")?.int == 1)
        #expect(loaded.sinks.map(\.id.rawValue) == [0, 1])
        #expect(loaded.sinks.map { $0.parameter("topic")?.string } == ["raw", "default"])

        var pipeline = Pipeline(loaded)
        var outputs = Outputs()
        pipeline.process(self.event("E", ["v": 1]), into: &outputs)
        #expect(outputs.deliveries.map(\.sink.rawValue) == [0, 1])
        let types = outputs.deliveries.map { try? EventDecoder.decode($0.payload, defaultType: nil, arrival: 0).type }
        #expect(types == ["E", "S"])
    }

    @Test("print and log give lines and entries, in order, and change nothing")
    func printAndLog() throws {
        let source = """
            fn shout(x: int):
                print("loud", x)
                x
            stream S = E
                .print()
                .print("v", v, absent)
                .emit(v: shout(v))
                .log(level: "warn", message: "m {v}", data: v)
                .log()
            """
        let outputs = try run(source, [self.event("E", ["v": 1])])
        #expect(outputs.printed == ["[PRINT] S E {v: 1}", "[PRINT] v 1 null", "[PRINT] loud 1"])
        #expect(outputs.logged.map(\.level) == [.warning, .info])
        #expect(outputs.logged.map(\.message) == ["m 1", "S {v: 1}"])
        #expect(outputs.logged.first?.data == 1)
    }

    @Test("taps count what passes")
    func taps() throws {
        let (plan, _) = Plan.load("stream S = E\n    .where(v > 1)\n    .tap(large: v)")
        var pipeline = Pipeline(try #require(plan))
        var outputs = Outputs()
        pipeline.process([1, 2, 3].map { self.event("E", ["v": $0]) }, into: &outputs)
        #expect(pipeline.taps == ["large": 2])
    }

    @Test("limits take constants and globals, and refuse what is no int")
    func limit() throws {
        let events = (0..<5).map { self.event("E", ["v": .int($0)]) }
        #expect(try run("let n = 2\nstream S = E\n    .limit(n + 1)\n    .emit()", events).emitted.count == 3)
        let (plan, diagnostics) = Plan.load("stream S = E\n    .limit(v)")
        #expect(plan == nil)
        #expect(diagnostics.last?.code == "E062")
    }

    @Test("distinct without a key compares all fields, in any order")
    func distinct() throws {
        let events = [
            self.event("E", ["a": 1, "b": 2]), self.event("E", ["b": 2.0, "a": 1]), self.event("E", ["a": 1]),
        ]
        #expect(try run("stream S = E\n    .distinct()\n    .emit()", events).emitted.count == 2)
    }

    @Test("the clock is the event's time unless one is given")
    func clock() throws {
        let (plan, _) = Plan.load("stream S = E\n    .emit(t: now())")
        var pipeline = Pipeline(try #require(plan))
        var outputs = Outputs()
        pipeline.process(self.event(at: 5), into: &outputs)
        pipeline.now = 7
        pipeline.process(self.event(at: 5), into: &outputs)
        #expect(outputs.emitted.map { $0.fields["t"] } == [.timestamp(5), .timestamp(7)])
    }
}
