import Engine
import EngineThreads
import Foundation
import Synchronization
import Testing
import VPL

/// Contexts on threads of their own give what one thread gives.
@Suite("Contexts on threads")
struct ThreadedContextsTests {
    @Test("the language's own case of contexts")
    func conformance() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Conformance/Cases")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        let found = files.first { $0.hasPrefix("80-") && $0.hasSuffix(".vpl") }
        let file = try #require(found)
        let name = String(file.dropLast(4))
        func text(_ end: String) throws -> String {
            try String(contentsOf: folder.appending(path: name + end), encoding: .utf8)
        }
        let plan = try Run.plan(try text(".vpl"))
        #expect(plan.contextGraph.contexts.map(\.name) == ["ingest", "analyze"])
        let (written, rejected) = try Run.lines(plan, try text(".evt"))
        #expect(rejected.isEmpty)
        // One context after the other, round by round.
        let expected = try text(".expected.jsonl").split(separator: "\n").map(String.init)
        let goods = expected.filter { $0.contains("Good") }
        let sums = expected.filter { $0.contains("Sums") }
        func events(_ lines: [String]) throws -> [String] {
            try lines.map {
                let event = try EventDecoder.decode(Array($0.utf8), defaultType: nil, arrival: 0)
                return "\(event.type) \(event.fields.text)"
            }
        }
        let lines = written.split(separator: "\n").map(String.init)
        #expect(try events(lines) == events(goods + sums))
    }

    @Test("random programs in random contexts", arguments: 0..<150)
    func random(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let program = RandomContexts(&random)
        let plan = try Run.plan(program.source)
        let events = randomEvents(200, &random)
        let alone = Run.alone(plan, events)
        let queueEvents = [1, 2, 7, 100, 1000][seed % 5]
        let threaded = try Run.threaded(plan, events, queueEvents: queueEvents, call: [1, 30, 200][seed % 3])
        #expect(threaded == alone, "queues of \(queueEvents)\n\(program.source)")
    }

    @Test("the lines of a file, some of which hold no event, give the same lines", arguments: [1, 10, 1000])
    func file(queueEvents: Int) throws {
        let source = """
            context One (cores: [0])
            context Two
            stream S = A.context(One).where(v > 0).emit(v: v, k: k)
            stream Whole = A.context(One).emit()
            stream T = merge(S, B).context(Two).partition_by(k).window(2)
                .aggregate(s: sum(v), k: last(k)).emit(s: s, k: k)
            stream U = Whole.context(Two).where(v < 3).emit()
            stream V = T.emit(s: s)
            """
        let plan = try Run.plan(source)
        var (text, random) = ("", SeededGenerator(seed: 5))
        for number in 0..<600 {
            let v = Int.random(in: -3...9, using: &random)
            switch number % 5 {
            case 0: text += "A { k: \"x\\\"y\", v: \(v), more: [1, 2] }\n"
            case 1: text += "@\(number)s B { k: \"b\", v: \(v) }\n"
            case 2:
                text += "{\"event_type\":\"A\",\"timestamp\":\(number * 1000),\"k\":\"é\\u00e9\","
                text += "\"v\":\(v),\"deep\":{\"a\":null}}\n"
            case 3: text += number % 50 == 3 ? "A { v: \n" : "BATCH \(number)\n"
            default: text += "Unread { v: 1 }\n"
            }
        }
        var (events, reader) = ([Event](), EventFileReader())
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if let event = try? reader.read(Array(line.utf8)) { events.append(event) }
        }
        var outputs = Outputs()
        var pipeline = Pipeline(plan)
        pipeline.process(events, into: &outputs)
        pipeline.finish(into: &outputs)
        let (written, rejected) = try Run.lines(plan, text, queueEvents: queueEvents)
        #expect(rejected == (0..<600).filter { $0 % 50 == 3 }.map { "\($0 + 1)" })
        let lines = written.split(separator: "\n").map(String.init)
        for streams in [["S", "Whole"], ["T", "U"], ["V"]] {
            func isOfContext(_ line: String) -> Bool {
                streams.contains { line.hasPrefix("{\"event_type\":\"\($0)\"") }
            }
            let expected = outputs.emitted.map { String(decoding: EventEncoder.outputLine($0), as: UTF8.self) }
            #expect(expected.contains(where: isOfContext))
            #expect(lines.filter(isOfContext) == expected.filter(isOfContext), "\(streams)")
        }
    }

    @Test("the order of the output does not depend on the threads")
    func isRepeatable() throws {
        var random = SeededGenerator(seed: 7)
        let plan = try Run.plan(
            """
            context One
            context Two
            stream S = A.context(One).emit(v: v)
            stream T = B.context(Two).emit(v: v)
            stream U = merge(S, T).emit(v: v)
            """
        )
        let events = randomEvents(300, &random)
        let outputs = try (0..<8).map { _ in
            var lines: [UInt8] = []
            let contexts = ThreadedContexts(plan, .lines, queueEvents: 10)
            try contexts.process(events) { lines += $0.lines }
            try contexts.finish { lines += $0.lines }
            return lines
        }
        #expect(!outputs[0].isEmpty)
        #expect(outputs.allSatisfy { $0 == outputs[0] })
    }

    @Test("each context has its own copy of the global variables, on one thread too")
    func globals() throws {
        let plan = try Run.plan(
            """
            context One
            var seen = 10
            fn tally() -> int:
                seen := seen + 1
                return seen
            stream S = A.context(One).emit(n: tally())
            stream T = A.emit(n: tally())
            """
        )
        let events = (0..<3).map { Event(type: "A", timestamp: $0) }
        let run = Run.alone(plan, events)
        let numbers = run.emitted.mapValues { $0.map { $0.suffix(5) } }
        #expect(numbers == ["One": [":11}}", ":12}}", ":13}}"], "default": [":11}}", ":12}}", ":13}}"]])
        #expect(try Run.threaded(plan, events) == run)
    }

    @Test("what streams hold at the end comes in the order of one thread, across contexts")
    func end() throws {
        let plan = try Run.plan(
            """
            context One
            context Two
            stream X = A.context(Two).window(session: 1h).aggregate(n: count()).emit(n: n, from: "X")
            stream S = A.context(One).window(session: 1h).aggregate(n: count()).emit(n: n + 1)
            stream Y = merge(S, X).context(Two).window(session: 1h).aggregate(n: sum(n), first: first(n)).emit(n: n, first: first)
            stream Z = S.context(Two).emit(n: n)
            """
        )
        let events = (0..<5).map { Event(type: "A", timestamp: $0) }
        let run = Run.alone(plan, events)
        #expect(run.emitted["Two"]?.count == 3)
        #expect(try Run.threaded(plan, events) == run)
    }

    @Test("sessions are closed when they were silent, in all contexts")
    func silence() throws {
        let plan = try Run.plan(
            """
            context One
            stream S = A.context(One).window(session: 5s).aggregate(n: count()).emit(n: n)
            stream T = S.window(session: 5s).aggregate(m: sum(n)).emit(m: m)
            """
        )
        let events = (0..<5).map { Event(type: "A", timestamp: $0) }
        var outputs = Outputs()
        var pipeline = Pipeline(plan)
        pipeline.process(events, into: &outputs)
        pipeline.closeSilentSessions(at: 10_000_000_000, into: &outputs)
        let contexts = ThreadedContexts(plan, .events)
        var emitted: [String] = []
        try contexts.process(events) { emitted += $0.outputs.emitted.map(\.fields.text) }
        try contexts.closeSilentSessions(at: 10_000_000_000) { emitted += $0.outputs.emitted.map(\.fields.text) }
        try contexts.flush { emitted += $0.outputs.emitted.map(\.fields.text) }
        #expect(!emitted.isEmpty)
        #expect(emitted == outputs.emitted.map(\.fields.text))
    }
}
