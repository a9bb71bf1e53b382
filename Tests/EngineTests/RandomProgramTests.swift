import Engine
import Testing
import VPL

@Suite("Random programs")
struct RandomProgramTests {
    private static let atoms = [
        "a", "b", "absent", "1", "-1", "0", "2.5", "\"x\"", "\"é{a}\"", "true", "null", "9223372036854775807", "[1, a]",
        "{ k: b }", "5s", "@2026-01-01", "timestamp", "g", "E.a", "a?.k", "f(a, b)",
    ]
    private static let operators = [
        "+", "-", "*", "/", "%", "**", "==", "!=", "<", "<=", ">", ">=", "and", "or", "in", "not in", "&", "|", "^",
        "<<",
        ">>", "??", "is",
    ]
    private static let values: [Value] = [
        .null, true, 0, 1, -1, .int(.max), .int(.min), 0.0, .float(.nan), .float(-.infinity), 1e300, "", "é", "日本",
        .timestamp(.max), .timestamp(.min), .duration(.max), .array([]), .array([1, "x", .null]), .map(["k": 1]),
    ]

    private func expression(_ depth: Int, _ generator: inout SeededGenerator) -> String {
        RandomExpressions(
            atoms: Self.atoms,
            operators: Self.operators,
            forms: [.atom, .negation, .index, .slice, .conditional, .call, .binary, .binary]
        ).expression(depth, &generator)
    }

    @Test("never trap, and give the same output twice", arguments: [1, 2, 3, 4] as [UInt64])
    func run(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for round in 0..<150 {
            let source = """
                var g = 1
                fn f(x: int, y: int):
                    for i in [x, y]:
                        g := i
                    if x == y:
                        return \(self.expression(2, &generator))
                    x
                stream S = E
                    .where(\(self.expression(3, &generator)) != 1)
                    .emit(r: \(self.expression(4, &generator)), s: \(self.expression(3, &generator)))
                stream T = S
                    .distinct(r)
                    .select(r, t: \(self.expression(3, &generator)))
                    .emit()
                """
            let (plan, diagnostics) = Plan.load(source)
            let loaded = try #require(plan, "seed \(seed), round \(round): \(diagnostics.filter(\.isError))\n\(source)")
            var events: [Event] = []
            for a in Self.values {
                let b = Self.values.randomElement(using: &generator) ?? .null
                events.append(Event(type: "E", timestamp: .max, fields: ["a": a, "b": b]))
            }
            #expect(self.lines(loaded, events) == self.lines(loaded, events), "seed \(seed), round \(round)")
        }
    }

    private func lines(_ plan: Plan, _ events: [Event]) -> [[UInt8]] {
        var pipeline = Pipeline(plan)
        var outputs = Outputs()
        pipeline.process(events, into: &outputs)
        return outputs.emitted.map { EventEncoder.outputLine($0) }
    }
}
