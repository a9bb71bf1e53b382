import Engine
import EngineThreads
import Testing
import VPL

/// What a program gives, as text: by the context of the stream that gives it, in order.
struct Run: Equatable {
    var emitted: [String: [String]] = [:]
    var printed: [String: [String]] = [:]
    var logged: [String: [String]] = [:]
    var taps: [String: Int64] = [:]
    var emittedCount: UInt64 = 0
    var processedCount: UInt64 = 0

    static func plan(_ source: String) throws -> Plan {
        let (plan, diagnostics) = Plan.load(source)
        return try #require(plan, "\(diagnostics.filter(\.isError))\n\(source)")
    }

    /// By the context of each stream, which emits under its own name, and begins what it prints with that.
    private static func contexts(_ plan: Plan) -> [String: String] {
        let pairs = plan.contextGraph.contexts.flatMap { context in context.streams.map { ($0, context.name) } }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    private mutating func take(_ outputs: Outputs, _ contexts: [String: String], in context: String?) {
        func name(_ stream: String) -> String {
            let known = contexts[stream] ?? contexts[String(stream.dropFirst())] ?? "?"
            if let context { #expect(known == context, "\(stream) gives something in \(context)") }
            return known
        }
        for event in outputs.emitted {
            let stream = event.type == "Part" ? event.fields["s"]?.text ?? "" : event.type
            self.emitted[name(stream), default: []].append(
                String(decoding: EventEncoder.outputLine(event), as: UTF8.self)
            )
        }
        for line in outputs.printed {
            let stream = line.split(separator: " ").dropFirst().first.map(String.init) ?? ""
            self.printed[name(stream), default: []].append(line)
        }
        for entry in outputs.logged { self.logged[name(entry.stream), default: []].append(entry.message) }
    }

    /// One event after the other, on one thread.
    static func alone(_ plan: Plan, _ events: [Event]) -> Run {
        var (run, outputs) = (Run(), Outputs())
        var pipeline = Pipeline(plan)
        pipeline.process(events, into: &outputs)
        pipeline.finish(into: &outputs)
        run.take(outputs, Self.contexts(plan), in: nil)
        run.taps = pipeline.taps
        (run.emittedCount, run.processedCount) = (pipeline.counters.emitted, pipeline.counters.processed)
        return run
    }

    static func threaded(_ plan: Plan, _ events: [Event], queueEvents: Int = 1000, call: Int = 100) throws -> Run {
        var run = Run()
        let contexts = ThreadedContexts(plan, .events, queueEvents: queueEvents)
        let names = Self.contexts(plan)
        func take(_ outputs: ContextOutputs) {
            run.take(outputs.outputs, names, in: contexts.graph.contexts[outputs.context].name)
        }
        for start in stride(from: 0, to: events.count, by: call) {
            try contexts.process(events[start..<min(start + call, events.count)], output: take)
        }
        try contexts.finish(output: take)
        run.taps = contexts.taps
        (run.emittedCount, run.processedCount) = (contexts.counters.emitted, contexts.counters.processed)
        return run
    }

    /// The program's output, read from the lines of a file.
    static func lines(_ plan: Plan, _ text: String, queueEvents: Int = 1000) throws -> (String, [String]) {
        let contexts = ThreadedContexts(plan, .lines, queueEvents: queueEvents)
        var (written, rejected, reader) = ([UInt8](), [String](), EventFileReader())
        let bytes = Array(text.utf8) + Array(repeating: 0, count: BatchPipeline.paddingBytes)
        _ = try bytes.withUnsafeBufferPointer { bytes in
            try contexts.take(
                UnsafeBufferPointer(rebasing: bytes[..<text.utf8.count]),
                reader: &reader,
                isLast: true,
                rejected: { rejected.append("\($0.error.line)") },
                output: { written += $0.lines }
            )
        }
        try contexts.finish { written += $0.lines }
        return (String(decoding: written, as: UTF8.self), rejected)
    }
}

/// Events of two types with a few keys, in the order of their times but for some.
func randomEvents(_ count: Int, _ random: inout SeededGenerator) -> [Event] {
    var time: Int64 = 0
    return (0..<count).map { _ in
        time += Int64.random(in: -1...4, using: &random) * 1_000_000_000
        var fields = Fields()
        fields["k"] = .string(["a", "b", "c\"é"].randomElement(using: &random) ?? "a")
        fields["v"] = .int(Int64.random(in: -3...9, using: &random))
        if Int.random(in: 0..<4, using: &random) > 0 { fields["n"] = .float(Double.random(in: 0...9, using: &random)) }
        let type = ["A", "B", "C"].randomElement(using: &random) ?? "A"
        return Event(type: type, timestamp: max(0, time), fields: fields)
    }
}

/// SplitMix64: the same numbers on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { self.state = seed }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
