import Engine
import Foundation
import Testing
import VPL

/// Named patterns against a matcher that goes through all events again for every event that may begin a match.
///
/// `PATTERN_PROGRAMS=10000 swift test --filter NamedPatternOracleTests` goes through so many programs.
@Suite("Named patterns and the oracle")
struct NamedPatternOracleTests {
    private static let parts: UInt64 = 20
    private static let programsOfPart =
        max(1, (ProcessInfo.processInfo.environment["PATTERN_PROGRAMS"].flatMap(UInt64.init) ?? 2_000) / parts)

    @Test("random patterns match what the specification says", arguments: 0..<parts)
    func seeds(part: UInt64) throws {
        var (matchCount, emptyCount) = (0, 0)
        for seed in part * Self.programsOfPart + 1...(part + 1) * Self.programsOfPart {
            var generator = NamedPatternGenerator(seed: seed)
            let pattern = generator.makePattern()
            let events = generator.makeEvents()
            let (plan, diagnostics) = Plan.load(pattern.program)
            let errors = diagnostics.filter(\.isError)
            let loaded = try #require(plan, "seed \(seed): \(errors)\n\(pattern.program)")
            var pipeline = Pipeline(loaded)
            var outputs = Outputs()
            pipeline.process(events, into: &outputs)
            pipeline.finish(into: &outputs)
            let expected = NamedPatternMatcher(pattern: pattern).output(events)
            matchCount += expected.count
            emptyCount += expected.isEmpty ? 1 : 0
            let (lines, wanted) = (outputs.emitted.map(Self.line), expected.map(Self.line))
            guard lines != wanted else { continue }
            let input = events.map { "\(Self.line($0))" }.joined(separator: "\n")
            Issue.record("seed \(seed)\n\(pattern.program)\n\(input)\ngives\n\(lines)\nnot\n\(wanted)")
            return
        }
        // What matches nothing shows nothing.
        let count = Int(Self.programsOfPart)
        #expect(matchCount > 3 * count && emptyCount < count, "\(matchCount) matches, \(emptyCount) without")
    }

    /// The order of fields does not count.
    private static func line(_ event: Event) -> String {
        let fields = event.fields.entries.map { "\($0.name): \($0.value.text)" }.sorted().joined(separator: ", ")
        return "@\(event.timestamp / 1_000_000_000)s \(event.type) { \(fields) }"
    }
}
