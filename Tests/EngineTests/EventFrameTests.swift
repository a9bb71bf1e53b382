import Testing
import VPL

@testable import Engine

@Suite("Frames of events")
struct EventFrameTests {
    private static func load(_ source: String) throws -> Plan {
        let (plan, diagnostics) = Plan.load(source)
        return try #require(plan, "\(diagnostics.filter(\.isError))\n\(source)")
    }

    private static func texts(_ lines: [[UInt8]]) -> [String] { lines.map { String(decoding: $0, as: UTF8.self) } }

    @Test("the format is what it was")
    func golden() throws {
        let events = [
            Event(
                type: "Tick",
                timestamp: 1_000_000_000,
                fields: ["price": 1.5, "n": 7, "on": true, "s": "é", "v": "X"]
            ),
            Event(type: "Tock", timestamp: 1_002_000_000, fields: ["s": "xy", "price": 2.0, "on": .null]),
            Event(
                type: "Tick",
                timestamp: 1_001_000_000,
                fields: ["price": -1.0, "n": .int(-1), "on": .map(["k": .array([.duration(2)])]), "s": "", "v": "X"]
            ),
        ]
        let frame = EventFrameSamples.bytes(
            """
            56504652 01 00 0300  0200 0500 0200 0000  d2000000
            04000000 5469636b  04000000 546f636b
            05000000 7072696365  01000000 6e  02000000 6f6e  01000000 73  01000000 76
            0000 0500 0000 0100 0200 0300 0400  0100 0300 0300 0000 0200
            02 00ca9a3b00000000 40420f0000000000  0000 0200 0100
            00 01 00
            04 000000000000f83f 0000000000000040 000000000000f0bf
            03 0700000000000000 ffffffffffffffff
            00  02 01  01  09 01000000 01000000 6b 08 01000000 07 0200000000000000
            05 02000000 04000000 04000000 c3a97879
            0a 0100 01 58 00 00
            """
        )
        let encoded = EventFrame.encode(events)
        #expect(encoded == [frame])
        #expect(try EventFrame.decode(frame).map(EventFrameSamples.text) == events.map(EventFrameSamples.text))
    }

    @Test("the frame in docs/formats.md is what it says")
    func documented() throws {
        let events = [
            Event(type: "Tick", timestamp: 1_000_000_000, fields: ["price": 1.5, "n": 7, "v": "X"]),
            Event(type: "Tock", timestamp: 1_002_000_000, fields: ["price": .null]),
            Event(type: "Tick", timestamp: 1_001_000_000, fields: ["price": -1.0, "n": -1, "v": "X"]),
        ]
        let frame = EventFrameSamples.bytes(
            """
            56504652  01 00  0300 0200 0300 0200 0000  8d000000
            04000000 5469636b  04000000 546f636b
            05000000 7072696365  01000000 6e  01000000 76
            0000 0300 0000 0100 0200  0100 0100 0000
            02  00ca9a3b00000000  40420f0000000000  0000 0200 0100
            00 01 00
            00  04 000000000000f83f  01  04 000000000000f0bf
            03  0700000000000000 ffffffffffffffff
            0a  0100  01  58  00 00
            """
        )
        #expect(EventFrame.encode(events) == [frame])
        #expect(try EventFrame.decode(frame).map(EventFrameSamples.text) == events.map(EventFrameSamples.text))
    }

    @Test("events come back as they were", arguments: 1...30 as ClosedRange<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for count in [0, 1, 2, 7, 60, 1024, 1025] {
            let events = EventFrameSamples.events(count, &random)
            let frames = EventFrame.encode(events)
            #expect(frames.count == (count + 1023) / 1024)
            let decoded = try frames.flatMap { try EventFrame.decode($0) }
            #expect(decoded.map(EventFrameSamples.text) == events.map(EventFrameSamples.text), "seed \(seed)")
            #expect(EventFrame.encode(decoded) == frames)
        }
    }

    @Test("a frame has room for a shape in each row, and for many names")
    func shapes() throws {
        let events = (0..<1024).map { number in
            Event(type: "T\(number)", timestamp: 0, fields: Fields((0..<100).map { ("f\(number + $0 * 1000)", 1) }))
        }
        let frames = EventFrame.encode(events)
        #expect(frames.count > 1)
        let decoded = try frames.flatMap { try EventFrame.decode($0) }
        #expect(decoded.map(EventFrameSamples.text) == events.map(EventFrameSamples.text))
    }

    @Test("texts that repeat are there once", arguments: [1, 2, 256, 257, 511, 512, 513])
    func repeatedTexts(count: Int) throws {
        let events = (0..<1024).map { number in
            Event(type: "E", timestamp: 0, fields: ["a": .string("\(number % count)é"), "b": .int(Int64(number))])
        }
        let frames = EventFrame.encode(events)
        #expect(try EventFrame.decode(frames[0]).map(EventFrameSamples.text) == events.map(EventFrameSamples.text))
        let kind = try frames[0].withUnsafeBufferPointer { try FrameLayout($0).columns[0].kind }
        #expect(kind == (count <= 512 ? EventFrame.Kind.repeated : Cell.string))
        try self.compare(try Self.load("stream S = E.where(b > 5).emit(a: a, b: b)"), frames, "\(count) texts")
    }

    @Test(
        "times take as many bytes as they need",
        arguments: [
            (65_535, 1, 2), (65_536, 1, 4), (4_294_967_295, 1, 4), (4_294_967_296, 1, 8), (4_294_967_296_000, 1000, 8),
            (65_535_000_000, 1_000_000, 2), (0, 0, 2), (.max, .max, 2), (.max, 7, 8), (.max, 1, 8),
        ] as [(Int64, Int64, Int)]
    )
    func times(longest: Int64, unit: Int64, width: Int) throws {
        let events = [longest, 0, unit, 0].map { Event(type: "E", timestamp: $0 &- 5, fields: ["a": 1]) }
        let frames = EventFrame.encode(events)
        #expect(try EventFrame.decode(frames[0]).map(\.timestamp) == events.map(\.timestamp))
        #expect(frames[0].count == 20 + 10 + 6 + 1 + (width < 8 ? 16 : 0) + 4 * width + 33)
        try self.compare(try Self.load("stream S = E.emit(t: timestamp)"), frames, "\(longest)")
    }

    @Test("rows have numbers of shapes of one byte, or of two", arguments: [1, 2, 255, 256, 257, 1024])
    func shapeNumbers(count: Int) throws {
        let events = (0..<1024).map { Event(type: "T\($0 % count)", timestamp: 0, fields: ["n": .int(Int64($0))]) }
        let frames = EventFrame.encode(events)
        #expect(try EventFrame.decode(frames[0]).map(EventFrameSamples.text) == events.map(EventFrameSamples.text))
        let tables = (0..<count).reduce(0) { $0 + "T\($1)".utf8.count + 10 } + 5
        let numbers = count == 1 ? 0 : count <= 256 ? 1024 : 2048
        #expect(frames[0].count == 20 + tables + 17 + 2048 + numbers + 1 + 8192)
        try self.compare(try Self.load("stream S = merge(T0, T1).emit(n: n)"), frames, "\(count) shapes")
    }

    // MARK: - Programs

    @Test("what a program gives for a frame is what it gives for the events", arguments: BatchPrograms.stateful.indices)
    func state(program: Int) throws {
        let plan = try Self.load(BatchPrograms.stateful[program])
        for seed in 1...4 as ClosedRange<UInt64> {
            var random = SeededGenerator(seed: seed)
            let frames = EventFrame.encode(BatchPrograms.mixture(1500, &random))
            try self.compare(plan, frames, "seed \(seed)")
        }
    }

    @Test("programs that read some fields, or whole events, find them", arguments: 1...20 as ClosedRange<UInt64>)
    func fields(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for source in [
            "stream S = merge(E, F).emit(a: a, b: b, c: c, t: timestamp, n: type_of(a), l: len(b))",
            "stream S = E.where(a == b or c != null).select(a, c).emit()",
            "stream S = merge(E, F).where(a != 1).print().emit()",
        ] {
            let plan = try Self.load(source)
            for count in [1, 40, 1100] {
                try self.compare(plan, EventFrame.encode(EventFrameSamples.events(count, &random)), "seed \(seed)")
            }
        }
    }

    private func compare(_ plan: Plan, _ frames: [[UInt8]], _ comment: Comment) throws {
        let columns = try #require(BatchPipeline(plan))
        var pipeline = Pipeline(plan)
        var (actual, expected) = (Outputs(), Outputs())
        for frame in frames {
            try columns.process(frame: frame.span, into: &actual)
            try pipeline.process(frame: frame.span, into: &expected)
        }
        #expect(Self.texts(BatchPrograms.lines(actual)) == Self.texts(BatchPrograms.lines(expected)), comment)
        #expect(columns.counters == pipeline.counters)
    }

    @Test("events between frames go on where the frame ended")
    func mixed() throws {
        var random = SeededGenerator(seed: 3)
        let events = BatchPrograms.mixture(900, &random)
        let plan = try Self.load(BatchPrograms.stateful[0])
        let pipeline = try #require(BatchPipeline(plan))
        var (actual, expected) = (Outputs(), Outputs())
        for (number, start) in stride(from: 0, to: events.count, by: 90).enumerated() {
            let some = events[start..<start + 90]
            if number % 2 == 0 {
                pipeline.process(some, into: &actual)
            } else {
                for frame in EventFrame.encode(some) { try pipeline.process(frame: frame.span, into: &actual) }
            }
        }
        var scalar = Pipeline(plan)
        scalar.process(events, into: &expected)
        #expect(Self.texts(BatchPrograms.lines(actual)) == Self.texts(BatchPrograms.lines(expected)))
    }

    @Test("texts of a frame are escaped where they are written, also after a frame comes text again")
    func escapes() throws {
        let plan = try Self.load("connector C = console ()\nstream S = E.emit(s: s, n: n).to(C)")
        let texts = ["q\"x", "back\\slash", "line\n", "\u{1}", "é", "a longer text with a \" in it", ""]
        let events = texts.enumerated().map { number, text in
            Event(type: "E", timestamp: Int64(number), fields: ["s": .string(text), "n": .int(Int64(number))])
        }
        var pipeline = Pipeline(plan)
        var expected = Outputs()
        pipeline.process(events, into: &expected)
        let lines = expected.emitted.map { String(decoding: EventEncoder.outputLine($0), as: UTF8.self) + "\n" }
            .joined()

        let columns = try #require(BatchPipeline(plan))
        for frame in EventFrame.encode(events) {
            var written: [UInt8] = []
            try columns.take(frame: frame.span) { $0.appendOutputLines(to: &written) }
            #expect(String(decoding: written, as: UTF8.self) == lines)
            var outputs = Outputs()
            try columns.process(frame: frame.span, into: &outputs)
            #expect(outputs.deliveries.map(\.payload) == expected.deliveries.map(\.payload))
        }
        var payloads = EventPayloads(arrival: 0)
        payloads.append(Array(#"{"event_type":"E","timestamp":0,"data":{"s":"plain","n":1}}"#.utf8), defaultType: nil)
        var outputs = Outputs()
        columns.process(payloads, into: &outputs, emits: false) { Issue.record("\($0)") }
        #expect(
            outputs.deliveries.map { String(decoding: $0.payload, as: UTF8.self) }.allSatisfy {
                $0.contains(#""s":"plain""#)
            }
        )
    }
}
