import Engine
import Foundation
import Testing
import VPL

/// What is told of events against what then happens.
///
/// `TRACE_PROGRAMS=10000 swift test --filter TraceRandomTests` goes through so many named patterns.
@Suite("Traces of random sequences")
struct TraceRandomTests {
    private static let namedOfPart =
        max(1, (ProcessInfo.processInfo.environment["TRACE_PROGRAMS"].flatMap(UInt64.init) ?? 1200) / 4)

    /// What notes begin or end with that tell of what is rare.
    private static let rarities = [
        "ends to make room", "no run begins with it: the stream holds as much as it may",
        "is complete: its time is over", "expires: nothing came for its key", "as many as there may be",
    ]

    /// How often what was told.
    private struct Tally {
        var kinds: [TraceNote.Kind: Int] = [:]
        var rarities: [String: Int] = [:]

        mutating func add(_ note: TraceNote) {
            self.kinds[note.kind, default: 0] += 1
            for rarity in TraceRandomTests.rarities where note.text.contains(rarity) {
                self.rarities[rarity, default: 0] += 1
            }
        }
    }

    @Test("tell what happens to each run, and change nothing", arguments: 0..<4 as Range<UInt64>)
    func seeds(part: UInt64) throws {
        var tally = Tally()
        for seed in part * 125 + 1...part * 125 + 125 {
            var generator = PatternGenerator(seed: seed)
            let pattern = generator.makePattern()
            let events = generator.makeEvents()
            let plan = try #require(Plan.load(pattern.program).plan, "seed \(seed)")
            let problem = Self.problem(plan, events, &tally)
            guard let problem else { continue }
            Issue.record("seed \(seed)\n\(pattern.program)\n\(problem)")
            return
        }
        for kind in [.started, .moved, .repeated, .completed, .ended, .expired, .waiting] as [TraceNote.Kind] {
            #expect(tally.kinds[kind, default: 0] > 50, "\(kind)")
        }
    }

    @Test(
        "of named patterns too, with deadlines, AND and OR, little room and keys that were idle",
        arguments: 0..<4 as Range<UInt64>
    )
    func named(part: UInt64) throws {
        var tally = Tally()
        for seed in part * Self.namedOfPart + 1...(part + 1) * Self.namedOfPart {
            var generator = NamedPatternGenerator(seed: seed)
            let pattern = generator.makePattern()
            var events = generator.makeEvents()
            // So far ahead that the other keys are forgotten.
            if seed % 3 == 0 {
                for place in events.indices where events[place].fields["k"] == "b" {
                    events[place].timestamp += 30_000_000_000
                }
            }
            let plan = try #require(Plan.load(pattern.program).plan, "seed \(seed)")
            let problem = Self.problem(plan, events, budget: Self.budget(seed), &tally)
            guard let problem else { continue }
            Issue.record("seed \(seed)\n\(pattern.program)\n\(problem)")
            return
        }
        for kind in [.started, .notStarted, .moved, .completed, .ended, .expired, .waiting] as [TraceNote.Kind] {
            #expect(tally.kinds[kind, default: 0] > 50, "\(kind): \(tally.kinds[kind, default: 0])")
        }
        for rarity in Self.rarities { #expect(tally.rarities[rarity, default: 0] > 2, "\(rarity)") }
    }

    private static func budget(_ seed: UInt64) -> StateBudget {
        switch seed % 5 {
        case 0: StateBudget(bytesPerStream: 600 + Int(seed % 7) * 400, policy: .refuse)
        case 1: StateBudget(bytesPerStream: 600 + Int(seed % 7) * 400, policy: .dropOldest)
        case 2: StateBudget(runsPerKey: 2)
        default: StateBudget()
        }
    }

    private static func problem(
        _ plan: Plan,
        _ events: [Event],
        budget: StateBudget = StateBudget(),
        _ tally: inout Tally
    ) -> String? {
        var plain = Pipeline(plan, budget: budget)
        var traced = Pipeline(plan, budget: budget)
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
                for note in told[0].notes { tally.add(note) }
                let now = Self.runs(of: stream, told[0].key ?? "", in: traced)
                let hasSequence = traced.trace(key: "").sequences.contains { $0.stream == stream }
                if hasSequence, let problem = Self.problem(told[0].notes, runs, now) {
                    let text = explanations.map { TraceRenderer().text(of: $0, at: "") }.joined()
                    return "event \(place): \(problem)\n\(text)"
                }
            }
        }
        let lines = outputs.emitted.map { EventEncoder.outputLine($0) }
        return lines == tracedOutputs.emitted.map { EventEncoder.outputLine($0) } ? nil : "other outputs"
    }

    /// How far a run has come.
    private struct Progress: Equatable {
        /// Nil for patterns with `AND` and `OR`.
        let step: Int?
        let taken: [StepTaken]
        let operands: [String]
    }

    private static func runs(of stream: String, _ key: String, in pipeline: borrowing Pipeline) -> [UInt64: Progress] {
        let sequences = pipeline.trace(key: key).sequences.filter { $0.stream == stream }
        return Dictionary(
            uniqueKeysWithValues: sequences.flatMap(\.runs).map { run in
                (run.number, Progress(step: run.step, taken: run.taken, operands: run.operands))
            }
        )
    }

    private static func runs(
        of explanations: [EventExplanation],
        in pipeline: borrowing Pipeline
    ) -> [(String, [UInt64: Progress])] {
        var runs: [(String, [UInt64: Progress])] = []
        for explanation in explanations.flatMap(\.streams) {
            runs.append((explanation.stream, Self.runs(of: explanation.stream, explanation.key ?? "", in: pipeline)))
        }
        return runs
    }

    private static func problem(
        _ notes: [TraceNote],
        _ before: [UInt64: Progress],
        _ now: [UInt64: Progress]
    ) -> String? {
        var told: [UInt64: TraceNote] = [:]
        // What is told last of a run is how it stands.
        for note in notes { if let run = note.run { told[run] = note } }
        for (run, note) in told.sorted(by: { $0.key < $1.key }) where !Self.agrees(note, before[run], now[run]) {
            return "\(note) from \(String(describing: before[run])) to \(String(describing: now[run]))"
        }
        if let untold = before.keys.sorted().first(where: { told[$0] == nil }) {
            return "nothing is told of run \(untold)"
        }
        if let new = now.keys.sorted().first(where: { told[$0] == nil }) { return "run \(new) came untold" }
        let matchCount = notes.count { $0.kind == .completed }
        let resultCount = notes.count { [.emitted, .dropped, .resulted, .unread].contains($0.kind) }
        return matchCount == resultCount ? nil : "\(matchCount) matches are told, and \(resultCount) results"
    }

    private static func agrees(_ note: TraceNote, _ before: Progress?, _ now: Progress?) -> Bool {
        let isTree = (now ?? before)?.step == nil
        switch note.kind {
        case .started: return before == nil && now != nil && (isTree || now?.step == note.step)
        case .moved:
            guard let before, let now else { return false }
            return before != now && (isTree || now.step == note.step && (before.step ?? 0) < (now.step ?? 0))
        case .repeated:
            return before != nil && now != nil && (isTree || now?.step == note.step && before?.step == now?.step)
        // A last step that takes more leaves the run where it is.
        case .completed: return now == nil || isTree || now?.step == note.step
        case .ended, .expired: return before != nil && now == nil
        // An event that ends an operand of an `OR` leaves the run waiting.
        case .waiting: return before != nil && now != nil && (isTree || before == now)
        default: return false
        }
    }
}
