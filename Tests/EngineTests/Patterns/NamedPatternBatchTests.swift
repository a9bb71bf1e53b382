import Engine
import Testing
import VPL

/// Random patterns over batches beside those that take one event after the other.
@Suite("Named patterns in columns")
struct NamedPatternBatchTests {
    @Test("random patterns give over batches what they give event by event", arguments: 0..<4 as Range<UInt64>)
    func seeds(part: UInt64) throws {
        var (count, waiting) = (0, 0)
        for seed in part * 700 + 1...part * 700 + 700 {
            var generator = NamedPatternGenerator(seed: seed)
            let pattern = generator.makePattern()
            let events = generator.makeEvents()
            guard let plan = Plan.load(pattern.program).plan, let columns = BatchPipeline(plan) else { continue }
            count += 1
            var pipeline = Pipeline(plan)
            var (outputs, given) = (Outputs(), Outputs())
            pipeline.process(events, into: &outputs)
            let size = [1, 7, 1024][Int(seed % 3)]
            for start in stride(from: 0, to: events.count, by: size) {
                columns.process(events[start..<min(start + size, events.count)], into: &given)
            }
            let before = outputs.emitted.count
            pipeline.finish(into: &outputs)
            columns.finish(into: &given)
            waiting += outputs.emitted.count > before ? 1 : 0
            let (lines, wanted) = (given.emitted.map(Self.line), outputs.emitted.map(Self.line))
            guard lines != wanted else { continue }
            let input = events.map { "\(Self.line($0))" }.joined(separator: "\n")
            Issue.record("seed \(seed)\n\(pattern.program)\n\(input)\ngives\n\(lines)\nnot\n\(wanted)")
            return
        }
        #expect(count > 30 && waiting > 0, "\(count) in columns, \(waiting) waited")
    }

    /// The order of fields does not count.
    private static func line(_ event: Event) -> String {
        let fields = event.fields.entries.map { "\($0.name): \($0.value.text)" }.sorted().joined(separator: ", ")
        return "@\(event.timestamp) \(event.type) { \(fields) }"
    }
}
