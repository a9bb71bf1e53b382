import Engine
import VPL

/// What must hold for any text that is given as a program. The fuzzer tries texts, and a test the corpus.
package enum ProgramCheck {
    /// What does not hold for the text; nil if everything does.
    package static func failure(of source: String) -> String? {
        let result = check(source)
        if let failure = Self.failure(of: result.diagnostics, in: source) { return failure }
        if (result.program == nil) != result.diagnostics.contains(where: \.isError) {
            return "a program has errors, or it has none and there is no program"
        }
        let (plan, diagnostics) = Plan.load(source)
        guard let plan else {
            return diagnostics.contains(where: \.isError) ? nil : "nothing says why it is not loaded"
        }
        if plan.explanation.isEmpty { return "nothing explains the plan" }
        // A loop may take a million rounds for each event.
        let isSlow = ["while", "for", "fn"].contains { source.contains($0) }
        return Self.difference(plan, Self.events(for: plan, source, count: isSlow ? 3 : 40))
    }

    // MARK: - Findings

    private static func failure(of diagnostics: [Diagnostic], in source: String) -> String? {
        let lines = source.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let lengths = lines.map { line in line.count { $0 & 0xC0 != 0x80 } }
        // A loop writes numbers where its variable stands, which may be longer.
        let hasLoop = lines.contains { $0.starts(with: "for".utf8) }
        let renderer = DiagnosticRenderer([SourceFile(path: "program.vpl", text: source)])
        for diagnostic in diagnostics.prefix(100) {
            let (line, column) = (diagnostic.line, diagnostic.column)
            guard line >= 1, line <= lengths.count, column >= 1 else { return "\(diagnostic) is not in the text" }
            guard hasLoop || diagnostic.endColumn <= lengths[line - 1] + 2 else {
                return "\(diagnostic) is not in its line"
            }
            if renderer.text(of: diagnostic).isEmpty { return "\(diagnostic) is not drawn" }
        }
        let places = diagnostics.map(\.location)
        return zip(places, places.dropFirst()).allSatisfy { $0 <= $1 } ? nil : "findings are not in the text's order"
    }

    // MARK: - Both ways to run

    /// Where the two ways to run the plan differ.
    private static func difference(_ plan: Plan, _ events: [Event]) -> String? {
        var pipeline = Pipeline(plan)
        var outputs = Outputs()
        pipeline.process(events, into: &outputs)
        let expected = Self.lines(outputs)
        let (counters, taps) = (pipeline.counters, pipeline.taps)
        pipeline.finish(into: &outputs)
        for size in [1, 7, 1024] {
            guard let batches = BatchPipeline(plan) else { return nil }
            var outputs = Outputs()
            for start in stride(from: 0, to: events.count, by: size) {
                batches.process(events[start..<min(start + size, events.count)], into: &outputs)
            }
            let actual = Self.lines(outputs)
            if let difference = Difference.of(actual, expected) { return "in batches of \(size): \(difference)" }
            if batches.counters != counters { return "counters \(batches.counters), not \(counters)" }
            if batches.taps != taps { return "taps \(batches.taps), not \(taps)" }
        }
        return nil
    }

    /// What a program emitted, sent, printed and logged.
    private static func lines(_ outputs: Outputs) -> [[UInt8]] {
        let logged = outputs.logged.map { "\($0.stream) \($0.level) \($0.message) \($0.data?.text ?? "")" }
        return outputs.emitted.map { EventEncoder.outputLine($0) } + outputs.deliveries.map(\.payload)
            + (outputs.printed + logged).map { Array($0.utf8) }
    }

    /// Events of the types that the program's text names, with fields that it names.
    private static func events(for plan: Plan, _ source: String, count: Int) -> [Event] {
        let values: [Value] = [
            1, 2, "a", 2.5, .int(.max), .null, "b", -1, true, .float(.nan), 0, "a longer text than fits in a word", 7,
            .float(-.infinity), .array([1, "x", .null]), "é", .int(.min), .map(["k": 1]), 10, "", .timestamp(.max), 3,
        ]
        var (types, names): ([String], [String]) = ([], [])
        var ints: [Value] = [1, 2, 3]
        var isKnown: Set<Substring> = []
        let words = source.prefix(4096).split { !$0.isASCII || !($0.isLetter || $0.isNumber || $0 == "_") }
        for word in words {
            if let int = Int64(word), ints.count < 32 { ints.append(.int(int)) }
            guard let first = word.first, !first.isNumber, isKnown.insert(word).inserted else { continue }
            if first.isUppercase, types.count < 12 { types.append(String(word)) }
            if !first.isUppercase, names.count < 48 { names.append(String(word)) }
        }
        guard !types.isEmpty else { return [] }
        var state: UInt64 = 1
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        var time: Int64 = 1_700_000_000_000_000_000
        return (0..<count).map { number in
            time += Int64(random(6) - 1) * 700_000_000
            var fields = Fields()
            // First ints alone, with those that the program compares to, so that the kernels for ints are met; and so on.
            let kinds = [ints, [0.5, 1, 2.5, 100.0], ["a", "b", "A", "x"], values + ints][number * 4 / count]
            for name in names where random(8) > 0 { fields[name] = kinds[random(kinds.count)] }
            return Event(type: types[random(types.count)], timestamp: time, fields: fields)
        }
    }
}
