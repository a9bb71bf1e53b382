import Engine
import Testing
import VPL

/// What is told of events against what then happens.
@Suite("Traces of random sequences")
struct TraceRandomTests {
    @Test("tell what happens to each run, and change nothing", arguments: 0..<4 as Range<UInt64>)
    func seeds(part: UInt64) throws {
        var kinds: [TraceNote.Kind: Int] = [:]
        for seed in part * 125 + 1...part * 125 + 125 {
            var generator = PatternGenerator(seed: seed)
            let pattern = generator.makePattern()
            let events = generator.makeEvents()
            let plan = try #require(Plan.load(pattern.program).plan, "seed \(seed)")
            let problem = Self.problem(plan, events, &kinds)
            guard let problem else { continue }
            Issue.record("seed \(seed)\n\(pattern.program)\n\(problem)")
            return
        }
        for kind in [.started, .moved, .repeated, .completed, .ended, .expired, .waiting] as [TraceNote.Kind] {
            #expect(kinds[kind, default: 0] > 50, "\(kind)")
        }
    }

    private static func problem(_ plan: Plan, _ events: [Event], _ kinds: inout [TraceNote.Kind: Int]) -> String? {
        var plain = Pipeline(plan)
        var traced = Pipeline(plan)
        var (outputs, tracedOutputs) = (Outputs(), Outputs())
        for (place, event) in events.enumerated() {
            plain.process(event, into: &outputs)
            let foretold = traced.explain(event)
            let before = Self.runs(of: foretold, in: traced)
            var explanations: [EventExplanation] = []
            traced.process(event, into: &tracedOutputs, explaining: &explanations)
            if foretold.map(\.streams) != explanations.map(\.streams) { return "event \(place): foretold otherwise" }
            for (stream, runs) in before {
                let told = explanations.flatMap(\.streams).filter { $0.stream == stream }
                // Of two events in one, only the last leaves what can be seen.
                guard told.count == 1, told[0].runsWaiting == 0, runs.count < 20 else { continue }
                for note in told[0].notes { kinds[note.kind, default: 0] += 1 }
                let now = Self.runs(of: stream, told[0].key ?? "", in: traced)
                if let problem = Self.problem(told[0].notes, runs, now) { return "event \(place): \(problem)" }
            }
        }
        let lines = outputs.emitted.map { EventEncoder.outputLine($0) }
        return lines == tracedOutputs.emitted.map { EventEncoder.outputLine($0) } ? nil : "other outputs"
    }

    /// How many steps each run of a partition has taken.
    private static func runs(of stream: String, _ key: String, in pipeline: borrowing Pipeline) -> [UInt64: Int] {
        let sequences = pipeline.trace(key: key).sequences.filter { $0.stream == stream }
        return Dictionary(uniqueKeysWithValues: sequences.flatMap(\.runs).map { ($0.number, $0.taken.count) })
    }

    private static func runs(
        of explanations: [EventExplanation],
        in pipeline: borrowing Pipeline
    ) -> [(String, [UInt64: Int])] {
        var runs: [(String, [UInt64: Int])] = []
        for explanation in explanations.flatMap(\.streams) {
            runs.append((explanation.stream, Self.runs(of: explanation.stream, explanation.key ?? "", in: pipeline)))
        }
        return runs
    }

    private static func problem(_ notes: [TraceNote], _ before: [UInt64: Int], _ now: [UInt64: Int]) -> String? {
        let runNotes = notes.filter { $0.run != nil }
        var told = Set<UInt64>()
        for note in runNotes {
            guard let run = note.run else { continue }
            told.insert(run)
            let agrees =
                switch note.kind {
                case .started: before[run] == nil && now[run] == 1
                case .moved: now[run] == note.step && before[run] == now[run].map { $0 - 1 }
                case .repeated: now[run] == note.step && before[run] == now[run]
                // A last step that takes more leaves the run where it is.
                case .completed: now[run] == nil || now[run] == note.step
                case .ended, .expired: before[run] != nil && now[run] == nil
                case .waiting: before[run] != nil && now[run] == before[run]
                default: false
                }
            if !agrees { return "\(note) from \(String(describing: before[run])) to \(String(describing: now[run]))" }
        }
        if let untold = before.keys.min(by: { (told.contains($0) ? 1 : 0, $0) < (told.contains($1) ? 1 : 0, $1) }),
            !told.contains(untold)
        {
            return "nothing is told of run \(untold)"
        }
        if let new = now.keys.sorted().first(where: { !told.contains($0) }) { return "run \(new) came untold" }
        return nil
    }
}
