import Testing
import VPL

@testable import Engine

/// What runs over batches gives what runs over one event after the other.
@Suite("Batches")
struct BatchTests {
    private static func lines(_ plan: Plan, _ events: [Event]) -> [[UInt8]] {
        var pipeline = Pipeline(plan)
        var outputs = Outputs()
        pipeline.process(events, into: &outputs)
        return BatchPrograms.lines(outputs)
    }

    private static func lines(_ pipeline: BatchPipeline, _ events: [Event], batchSize: Int) -> [[UInt8]] {
        var outputs = Outputs()
        for start in stride(from: 0, to: events.count, by: batchSize) {
            pipeline.process(events[start..<min(start + batchSize, events.count)], into: &outputs)
        }
        return BatchPrograms.lines(outputs)
    }

    private static func load(_ source: String) throws -> Plan {
        let (plan, diagnostics) = Plan.load(source)
        return try #require(plan, "\(diagnostics.filter(\.isError))\n\(source)")
    }

    private func compare(_ source: String, _ events: [Event]) throws {
        let plan = try Self.load(source)
        var outputs = Outputs()
        var single = Pipeline(plan)
        single.process(events, into: &outputs)
        let expected = BatchPrograms.lines(outputs).map { String(decoding: $0, as: UTF8.self) }
        let counters = single.counters
        for (size, heapBytesMax) in [(1, 1 << 30), (7, 1 << 30), (1024, 1 << 30), (1024, 100)] {
            let pipeline = try #require(BatchPipeline(plan, heapBytesMax: heapBytesMax))
            let actual = Self.lines(pipeline, events, batchSize: size).map { String(decoding: $0, as: UTF8.self) }
            #expect(pipeline.counters == counters)
            let place =
                zip(actual, expected).enumerated().first { $1.0 != $1.1 }?.offset ?? min(actual.count, expected.count)
            let isSame = actual == expected
            #expect(
                isSame,
                "at \(place): \(actual.dropFirst(place).prefix(2)), not \(expected.dropFirst(place).prefix(2))"
            )
        }
    }

    private func ticks(_ count: Int) -> [Event] {
        (0..<count).map { (number: Int) -> Event in
            let fields: Fields = [
                "symbol": .string("S\(number % 7)"), "price": .float(Double(number) / 2), "volume": .int(Int64(number)),
            ]
            let type = number % 5 == 3 ? "Other" : "Tick"
            return Event(type: type, timestamp: Int64(number) * 1_000_000, fields: fields)
        }
    }

    @Test("streams that read each other's results emit in the order of single events")
    func order() throws {
        try self.compare(
            """
            let limit = 40
            stream C = B.where(p > limit).emit(p: p, c: true)
            stream A = Tick.where(price > 3.5).select(p: price * 2, symbol).emit(p: p)
            stream B = A.emit as Big (p: p + 1)
            stream D = merge(A, stream X = Other.where(volume > 50), Big).emit(p: p, v: volume).emit(v: v, t: timestamp)
            stream E = D.limit(500).where(v > 60).tap(seen: 1).emit(v: v / 7)
            stream F = Tick.where(symbol == "S3").limit(30).emit(symbol: symbol, v: volume - 1)
            """,
            self.ticks(3000)
        )
    }

    @Test("windows, aggregates and joins agree with single events", arguments: 0..<BatchPrograms.stateful.count)
    func state(program: Int) throws {
        for seed in 1...6 as ClosedRange<UInt64> {
            var random = SeededGenerator(seed: seed)
            try self.compare(BatchPrograms.stateful[program], BatchPrograms.mixture(1500, &random))
        }
    }

    @Test("what programs print, log, send, drop as seen and pass on whole agrees with single events")
    func asides() throws {
        let source = """
            connector Screen = console ()
            connector File = file (path: "x")
            stream Whole = A.where(n > 3).print().to(Screen).emit()
            stream Named = Whole.distinct(k).log(level: "warn", message: "n is {n}", data: v).to(File).emit(n: n, k: k)
            stream Both = merge(Named, B).distinct().print("both", n, v ?? "none", timestamp).log().emit as Seen ()
            stream Later = merge(Seen, C).limit(300).print(n).to(Screen).emit(n: n + 1)
            stream Sums = Later.window(3).aggregate(s: sum(n)).print().distinct().to(File).emit()
            """
        for seed in 1...4 as ClosedRange<UInt64> {
            var random = SeededGenerator(seed: seed)
            try self.compare(source, BatchPrograms.mixture(800, &random))
        }
    }

    @Test("what is given up at a limit is counted alike")
    func limits() throws {
        let source = """
            fn deep(x: int) -> int:
                if x > 0:
                    return deep(x - 1) + 1
                0
            fn long(x: int) -> int:
                var n = 0
                while true:
                    n := n + x
                n
            stream S = A.where(n == 4 or n == 6).emit(a: deep(n * 100) ?? -1, b: if n > 5 then long(n) else 0)
            stream J = join(A, B).on(A.k == B.k).window(1d).where(A.n > 18).emit(a: A.n, b: B.n)
            """
        // Times that go back are what a join keeps.
        let events = (0..<5000).map { (number: Int) -> Event in
            let fields: Fields = ["k": 1, "n": .int(Int64(number % 20))]
            let time = Int64(5000 - number) * 1_000_000
            return Event(type: number % 2 == 0 ? "A" : "B", timestamp: time, fields: fields)
        }
        try self.compare(source, events)
        let pipeline = try #require(BatchPipeline(try Self.load(source)))
        _ = Self.lines(pipeline, events, batchSize: 1000)
        #expect(pipeline.counters.limits.reached.map(\.name) == ["join_events_forgotten", "evaluations_cut"])
        #expect(pipeline.counters.limits.joinEventsForgotten == 3000)
    }

    @Test("an int constant beside floats stays an int where that shows")
    func identity() throws {
        let events = [1.0, 2.5, -0.0].map { Event(type: "E", timestamp: 0, fields: ["w": .float($0)]) }
        try self.compare(
            "stream S = E.emit(a: 1 is w, b: w is 1, c: w is 1.0, d: w == 1, e: 0 / w, f: w % 2, g: w in [1])",
            events
        )
    }

    @Test("what expressions repeat is evaluated once, for the rows that are left")
    func shared() throws {
        let source = """
            let g = 2
            stream S = A.where(n * 2 + 1 > 9 and round(v * 1.5) != 3).limit(400)
                .emit(a: n * 2 + 1, b: (n * 2 + 1) * (n * 2 + 1), c: v * 1.5, d: round(v * 1.5), n: n, e: 1 + n, f: 1.0 + n)
            stream T = S.where(n * 2 + 1 < 33).select(n: n * 2 + 1, a).emit(a: n * 2 + 1, b: n * 2 + 1 > a, c: a is 1, d: a is 1.0)
            stream U = merge(stream P = A.where(n * g > 9), stream Q = B.where(n * g < 20)).emit(x: n * g, y: -(n * g))
            stream W = U.distinct(x + y).emit(z: x + y, t: -(x + y))
            """
        for seed in 1...4 as ClosedRange<UInt64> {
            var random = SeededGenerator(seed: seed)
            try self.compare(source, BatchPrograms.mixture(900, &random))
        }
        let code = try Self.load(source).code
        #expect(SharedNodes(code).numbers.count { $0 >= 0 } > 20)
    }

    @Test("functions of the program agree with single events")
    func functions() throws {
        let source = """
            let factor = 3
            fn scaled(x: int) -> int:
                let y = x * factor
                if y > 20:
                    return y - n
                y + 1
            fn deep(x: int) -> int:
                if x > 0:
                    return deep(x - 1) + 1
                0
            stream S = A.where(scaled(n) > 5 and deep(n) < 15).emit(a: scaled(n), b: scaled(v), c: "{k}: {n}", d: deep(300))
            stream T = S.emit(a: scaled(a) + scaled(b), b: max(a, 2), c: upper(c), d: if a > 10 then c else a, e: b ?? 0)
            stream U = merge(T, B).where(not (n == 3)).emit(x: -n / 2, y: n % 0, z: v / 2, w: v in [1, 2.5], u: n ** 2)
            """
        for seed in 1...4 as ClosedRange<UInt64> {
            var random = SeededGenerator(seed: seed)
            try self.compare(source, BatchPrograms.mixture(800, &random))
        }
    }

    @Test("a program that needs one event after the other is not run over batches")
    func unsuitable() throws {
        for source in [
            "stream A = B.emit(x: x)\nstream B = A.emit(x: x)",
            "stream A = E.window(5s).emit(x: x)", "stream A = E.process(1).emit(x: x)",
            "stream A = join(E, F).on(E.k == F.k).emit()", "stream A = E.where(print(x) == null).emit(x: x)",
            "stream A = E.window(5s, sliding: 1s).aggregate(n: count()).emit(n: n)",
            "stream A = E.window(5s).partition_by(k).aggregate(n: count()).emit(n: n)",
            "stream A = join(stream L = E, stream R = E).on(L.k == R.k).emit(k: k)",
            "stream A = join(E, F).on(E.k < F.k).emit(k: k)",
            "stream A = E.window(5).aggregate(n: count(distinct(x))).emit(n: n)",
            "var g = 1\nfn f():\n    g := 2\nstream A = E.emit(x: f())",
        ] {
            #expect(BatchPipeline(try Self.load(source)) == nil, "\(source)")
        }
    }

    private static let atoms = [
        "a", "b", "twice(a)", "absent", "1", "-1", "0", "2.5", "\"x\"", "\"é{a}\"", "true", "null",
        "9223372036854775807", "[1, a]",
        "{ k: b }", "5s", "@2026-01-01", "timestamp", "g", "E.a", "a?.k", "9007199254740993", "1.0",
    ]
    private static let operators = [
        "+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "and", "or", "in", "not in", "??", "is",
        "**", "&", "|", "^", "<<", ">>", "..",
    ]
    private static let values: [Value] = [
        .null, true, false, 0, 1, -1, .int(.max), .int(.min), 0.0, -0.0, .float(.nan), .float(-.infinity), 1e300, "",
        "é",
        "x", .timestamp(.max), .duration(.max), .array([]), .array([1, "x", .null]), .map(["k": 1]),
    ]

    private func expression(_ depth: Int, _ random: inout SeededGenerator) -> String {
        RandomExpressions(
            atoms: Self.atoms,
            operators: Self.operators,
            forms: [.atom, .negation, .not, .index, .slice, .conditional, .call, .binary, .binary, .binary, .binary],
            functions: BuiltinFunction.allCases.map(\.rawValue).filter { $0 != "print" }
        ).expression(depth, &random)
    }

    @Test("random programs over random events agree with single events", arguments: 1...8 as ClosedRange<UInt64>)
    func random(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<40 {
            let source = """
                let g = 7
                fn twice(x: int) -> int:
                    let y = x ?? g
                    y + y
                stream S = E
                    .where(\(self.expression(3, &random)) == \(self.expression(2, &random)) or a != 1)
                    .emit(r: \(self.expression(3, &random)), s: \(self.expression(2, &random)), a: a)
                stream T = S.where(r != 1).select(r, t: \(self.expression(2, &random)), a: s).emit()
                stream U = merge(S, stream X = E.where((\(self.expression(2, &random))) != a), F)
                    .where(a \(["<", ">", "<=", ">=", "==", "!="].randomElement(using: &random) ?? "<") \
                \(["1", "2.5", "\"x\"", "b"].randomElement(using: &random) ?? "1"))
                    .emit(a: a + b, b: b * 2, c: a - 1.5, d: \(self.expression(2, &random)))
                """
            // Of one kind, so that kernels are met; of two; of all.
            let kinds: [[Value]] = [
                [1, 2, 3, .int(.max)], [0.5, 1.0, .float(.nan)], [1, 2.5], ["x", "y", "xy"], [1, .null], Self.values,
            ]
            let pool = kinds.randomElement(using: &random) ?? Self.values
            let others = kinds.randomElement(using: &random) ?? Self.values
            let events = (0..<60).map { number in
                var fields = Fields()
                if pool.count < 6 || !Bool.random(using: &random) { fields["a"] = pool.randomElement(using: &random) }
                fields["b"] = others.randomElement(using: &random)
                return Event(type: number % 9 == 4 ? "F" : "E", timestamp: .max - Int64(number), fields: fields)
            }
            let plan = try Self.load(source)
            let expected = Self.lines(plan, events).map { String(decoding: $0, as: UTF8.self) }
            let pipeline = try #require(BatchPipeline(plan))
            let actual = Self.lines(pipeline, events, batchSize: 50).map { String(decoding: $0, as: UTF8.self) }
            #expect(actual == expected, "seed \(seed)\n\(source)")
            if actual != expected { return }
        }
    }

    // MARK: - Reading

    private static let reading =
        "stream S = merge(E, F).emit(a: a, b: b, timestamp: timestamp, data: data, type: type, event_type: event_type)"

    /// What the columns hold after a file was read, and the lines that hold no event.
    private func read(_ text: [UInt8], splitAt split: Int) throws -> [String] {
        let pipeline = try #require(BatchPipeline(try Self.load(Self.reading)))
        var reader = EventFileReader()
        var written: [UInt8] = []
        var rejected: [String] = []
        var rest = ArraySlice(text[..<split])
        for (part, isLast) in [(ArraySlice<UInt8>(), false), (text[split...], true)] {
            rest += part
            let padded = Array(rest) + Array(repeating: 0, count: BatchPipeline.paddingBytes)
            let taken = try padded.withUnsafeBufferPointer { bytes in
                try pipeline.take(
                    .init(rebasing: bytes[..<rest.count]),
                    reader: &reader,
                    isLast: isLast,
                    rejected: { rejected.append("\($0.error) \(Array($0.bytes))") },
                    output: { $0.appendOutputLines(to: &written) }
                )
            }
            rest = rest.dropFirst(taken)
        }
        return String(decoding: written, as: UTF8.self).split(separator: "\n").map(String.init) + rejected
    }

    private func readOneByOne(_ text: [UInt8]) throws -> [String] {
        var reader = EventFileReader()
        var events: [Event] = []
        var rejected: [String] = []
        for line in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            do {
                if let event = try reader.read(Array(line)) { events.append(event) }
            } catch let failure {
                rejected.append("\(failure) \(Array(line))")
            }
        }
        return Self.lines(try Self.load(Self.reading), events).map { String(decoding: $0, as: UTF8.self) } + rejected
    }

    private static let pieces = [
        #"{"event_type":"E","a":1,"b":2.5}"#, #"{"type":"F","a":"x","timestamp":12}"#, "BATCH 100",
        #"{"event_type":"E","timestamp":"2026-01-02T03:04:05Z","data":{"a":true,"b":null,"type":"t"}}"#,
        #"{"event_type":"E","fields":{"a":-12,"b":1e5,"timestamp":7}, "a": 9}"#, "E { a: 5, b: 'q' }", "", "# comment",
        #"{"a":{"x":[1,2]},"event_type":"E","b":[1,"é"]}"#, #"{"event_type":"E","a":"q\"\u00e9","b":"日本"}"#,
        #"{"event_type":"G","a":1}"#, #"{"event_type":"E","type":"F","a":0.1,"b":123456789012345678901}"#,
        #" {"event_type" : "E" , "a" : 1.25 , "b" : "long text with more than eight bytes" } "#, "@5s E(1)",
        #"{"data":5,"event_type":"E","a":3,"data":{"a":4}}"#,
        #"{"event_type":"E","a":-0,"b":-0.0,"a":0.1234567890123456}"#,
        "@10ms E { a: -5, b: word } ;", "@7 F { a: 0.5 , b: true };", "E { a: nil, b: false, c: [1, 2] }", "E{a:1,b:2}",
        "E { a: 007, b: 1. }", "E { a: two words, b: 'x\"y' }", "E { a: -, b: 1e3 }", "BATCH {",
        "E { a: \"q\", b: nan }",
        "@3s  E { a: 12ab, b: \"\\n\" }", "E {}", "E { }", "@1m E { b: 99999999999999999999 }", "@10sE { a: 1 }",
        "Ä { a: 1 }",
        #"{"event_type":"E","fields":{"type":"x","timestamp":"y","data":"z"}}"#,
        #"{"event_type":"E","a":1,"b":2,"timestamp":5}"#, #"{"event_type":"E","fields":{"b":1,"timestamp":6}}"#,
        #"{"a":1,"event_type":"E"}"#, #"{"ab":1,"event_type":"E","a":2}"#, #"{"event_type":"E","a" :3,"b":4}"#,
        #"{"event_type":"E","a name that is longer than sixteen bytes":1,"b":7}"#,
        #"{"event_type":"E"}"#, #"{"event_type":"E","data":{}}"#, #"{"event_type":"E","a":1,"fields":{"b":2}}"#,
    ]

    @Test("files are read into columns as they are read event by event", arguments: 1...20 as ClosedRange<UInt64>)
    func files(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for round in 0..<40 {
            var text: [UInt8] = []
            for _ in 0..<Int.random(in: 0...12, using: &random) {
                text += Array((Self.pieces.randomElement(using: &random) ?? "").utf8) + [UInt8(ascii: "\n")]
            }
            if Bool.random(using: &random), !text.isEmpty { text.removeLast() }
            // Half of them are damaged, with bytes that mean something.
            if round % 2 == 1, !text.isEmpty {
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    let place = Int.random(in: 0..<text.count, using: &random)
                    text[place] = Array("\"\\{}[],:0-.et \u{1}\u{ff}".utf8).randomElement(using: &random) ?? 0
                }
            }
            let split = Int.random(in: 0...text.count, using: &random)
            let (actual, expected) = (try self.read(text, splitAt: split), try self.readOneByOne(text))
            #expect(actual == expected, "seed \(seed), round \(round): \(String(decoding: text, as: UTF8.self))")
        }
    }

    @Test("payloads are read into columns as they are read one by one", arguments: 1...10 as ClosedRange<UInt64>)
    func payloads(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let programs = [Self.reading, "stream S = merge(E, F).where(a != 1).print().emit()"]
        for round in 0..<40 {
            var payloads = EventPayloads(arrival: 77)
            for _ in 0..<Int.random(in: 0...30, using: &random) {
                var text = Array(
                    (Bool.random(using: &random)
                        ? #"{"a":1,"b":"x"}"# : Self.pieces.randomElement(using: &random) ?? "").utf8
                )
                if round % 2 == 1, !text.isEmpty {
                    let place = Int.random(in: 0..<text.count, using: &random)
                    text[place] = Array("\"\\{}[],:0-.et \u{1}\u{ff}\n".utf8).randomElement(using: &random) ?? 0
                }
                payloads.append(text, defaultType: ["E", "F", "G", nil].randomElement(using: &random) ?? "E")
            }
            let plan = try Self.load(programs[round / 2 % 2])
            var (expected, expectedRejections) = (Outputs(), [String]())
            var pipeline = Pipeline(plan)
            pipeline.process(payloads, into: &expected) { expectedRejections.append("\($0)") }
            var (actual, rejections) = (Outputs(), [String]())
            let columns = try #require(BatchPipeline(plan))
            columns.process(payloads, into: &actual, emits: true) { rejections.append("\($0)") }
            #expect(rejections == expectedRejections)
            #expect(
                BatchPrograms.lines(actual).map { String(decoding: $0, as: UTF8.self) }
                    == BatchPrograms.lines(expected).map { String(decoding: $0, as: UTF8.self) }
            )
            #expect(columns.counters == pipeline.counters)
            #expect(columns.cuts == pipeline.cuts)
        }
    }
}
