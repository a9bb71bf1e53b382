import Engine
import Testing
import VPL

/// The matcher against one that goes through all events again for every event that may begin a match.
@Suite("Sequences and the oracle")
struct SequenceOracleTests {
    @Test("random sequences match what the specification says", arguments: 0..<20 as Range<UInt64>)
    func seeds(part: UInt64) throws {
        var (matchCount, emptyCount, columnCount) = (0, 0, 0)
        for seed in part * 500 + 1...part * 500 + 500 {
            var generator = PatternGenerator(seed: seed)
            let pattern = generator.makePattern()
            let events = generator.makeEvents()
            let (plan, diagnostics) = Plan.load(pattern.program)
            let errors = diagnostics.filter(\.isError)
            let loaded = try #require(plan, "seed \(seed): \(errors)\n\(pattern.program)")
            var pipeline = Pipeline(loaded)
            var outputs = Outputs()
            // Stopped somewhere, and started again from a checkpoint.
            let stop = Int(seed) % (events.count + 1)
            pipeline.process(Array(events[..<stop]), into: &outputs)
            let bytes = pipeline.snapshot.checkpoint.encoded()
            pipeline = try Pipeline(loaded, restoring: try Restoration(Checkpoint(decoding: bytes), of: loaded))
            pipeline.process(Array(events[stop...]), into: &outputs)
            pipeline.finish(into: &outputs)
            let expected = OracleMatcher(pattern: pattern).output(events)
            matchCount += expected.count
            emptyCount += expected.isEmpty ? 1 : 0
            let wanted = expected.map(Self.line)
            var given = [("one by one", outputs.emitted.map(Self.line))]
            // One size for each program, so that the test takes as long as it is worth.
            let size = [1, 7, 1024][Int(seed % 3)]
            if let lines = Self.lines(loaded, events, inBatchesOf: size) {
                given.append(("in batches of \(size)", lines))
            }
            columnCount += given.count > 1 ? 1 : 0
            guard let (way, lines) = given.first(where: { $0.1 != wanted }) else { continue }
            let input = events.map { "\(Self.line($0))" }.joined(separator: "\n")
            Issue.record("seed \(seed) \(way)\n\(pattern.program)\n\(input)\ngives\n\(lines)\nnot\n\(wanted)")
            return
        }
        // What matches nothing shows nothing.
        #expect(matchCount > 2000 && emptyCount < 300, "\(matchCount) matches, \(emptyCount) without")
        // Matches that another stream emits with all their fields are not made in columns.
        #expect(columnCount > 350, "\(columnCount) in columns")
    }

    /// Nil for a program that is not done in columns.
    private static func lines(_ plan: Plan, _ events: [Event], inBatchesOf size: Int) -> [String]? {
        guard let pipeline = BatchPipeline(plan) else { return nil }
        var outputs = Outputs()
        for start in stride(from: 0, to: events.count, by: size) {
            pipeline.process(events[start..<min(start + size, events.count)], into: &outputs)
        }
        pipeline.finish(into: &outputs)
        return outputs.emitted.map(Self.line)
    }

    /// The order of fields does not count.
    private static func line(_ event: Event) -> String {
        let fields = event.fields.entries.map { "\($0.name): \($0.value.text)" }.sorted().joined(separator: ", ")
        return "@\(event.timestamp / 1_000_000_000)s \(event.type) { \(fields) }"
    }
}
