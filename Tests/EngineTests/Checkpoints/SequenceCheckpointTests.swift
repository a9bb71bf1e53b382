import Testing
import VPL

@testable import Engine

/// Sequences go on from checkpoints as if nothing had happened, whichever way they were and are run.
@Suite("Checkpoints of sequences")
struct SequenceCheckpointTests {
    private func plan(_ source: String) throws -> Plan {
        let (plan, diagnostics) = Plan.load(source)
        return try #require(plan, "\(diagnostics)\n\(source)")
    }

    @Test(
        "random sequences, with events that come later than their keys are remembered",
        arguments: 0..<4 as Range<UInt64>
    )
    func sequences(part: UInt64) throws {
        var (count, columns) = (0, 0)
        for seed in part * 150 + 1...part * 150 + 150 {
            var generator = PatternGenerator(seed: 100_000 + seed)
            let program = generator.makePattern().program
            let plan = try self.plan(program)
            let events = generator.makeEvents(isBounded: false)
            guard let found = try RestartedProgram.check(plan, events, seed: seed, program) else { return }
            count += found
            columns += BatchPipeline(plan) == nil ? 0 : 1
        }
        #expect(count > 500 && columns > 80, "\(count) matches, \(columns) programs in columns")
    }

    @Test("random named patterns", arguments: 0..<4 as Range<UInt64>)
    func patterns(part: UInt64) throws {
        var (count, columns) = (0, 0)
        for seed in part * 150 + 1...part * 150 + 150 {
            var generator = NamedPatternGenerator(seed: 200_000 + seed)
            let program = generator.makePattern().program
            let plan = try self.plan(program)
            guard let found = try RestartedProgram.check(plan, generator.makeEvents(), seed: seed, program) else {
                return
            }
            count += found
            columns += BatchPipeline(plan) == nil ? 0 : 1
        }
        #expect(count > 300 && columns > 5, "\(count) matches, \(columns) programs in columns")
    }

    /// All functions, conditions that look at sums and texts, and a pattern that waits.
    private static let programs = [
        """
        stream S = A as a -> all B where v != a.v as b -> C where k == a.k or count(b) > 2 as c
            .within(9s)
            .emit(n: count(b), m: count(b.v), s: sum(b.v), g: avg(b.v), lo: min(b.v), hi: max(b.v), d: stddev(b.v),
                e: ema(b.v, 3), f: first(b.v), l: last(b.v), fk: first(b.k), lk: last(b.k), av: a.v, ak: a.k, bv: b.v, cn: c.n)
        """,
        """
        stream S = A as a -> all B where n > a.n as b
            .partition_by(k)
            .within(20s)
            .emit(k: k, ak: a.k, d: stddev(b.v), e: ema(b.v, 2), l: last(b.list), t: first(b.text), x: a.list, y: b.text,
                n: count(b))
        """,
        """
        stream S = A as a -> B where text == a.text as b -> C as c
            .partition_by(k)
            .not(A where text != a.text and n > 15)
            .emit(a: a.text, b: b.list, c: c.n, k: k)
        stream T = S
            .aggregate(n: count(), s: sum(c))
            .emit(n: n, s: s)
        """,
        """
        pattern Silent = SEQ(A as a, B+ as b, NOT C where n > a.n) within 6s partition by k
        stream S = Silent
            .emit(a: a.text, n: count(b), d: stddev(b.v), k: k, m: match_duration_ms)
        """,
    ]

    private func mixture(_ random: inout SeededGenerator) -> [Event] {
        let texts: [Value?] = ["", "x", "x", .string(String(repeating: "long ", count: 9)), "é", 7, .null, nil]
        return BatchPrograms.mixture(160, &random).map { event in
            var event = event
            if let text = texts.randomElement(using: &random) ?? nil { event.fields["text"] = text }
            if Bool.random(using: &random) { event.fields["list"] = .array([1, "a", event.fields["k"] ?? .null]) }
            return event
        }
    }

    @Test("sums and values of all kinds are the same to the last bit", arguments: programs.indices)
    func kinds(number: Int) throws {
        let plan = try self.plan(Self.programs[number])
        #expect(BatchPipeline(plan) != nil)
        var count = 0
        for seed in 0..<30 as Range<UInt64> {
            var random = SeededGenerator(seed: 7000 + seed)
            let events = self.mixture(&random)
            guard let found = try RestartedProgram.check(plan, events, seed: seed, Self.programs[number]) else {
                return
            }
            count += found
        }
        #expect(count > 100, "\(count)")
    }

    @Test("thousands of partitions come, go, and go on")
    func churn() throws {
        let program =
            "stream S = A as a -> B as b\n    .partition_by(k)\n    .within(40s)\n    .emit(k: k, a: a.v, b: b.v)"
        let plan = try self.plan(program)
        var random = SeededGenerator(seed: 17)
        let events = (0..<6000 as Range<Int64>).map { number in
            let key = Int64.random(in: 0..<(number < 3000 ? 2000 : 50), using: &random)
            let type = ["A", "B", "B"].randomElement(using: &random) ?? "A"
            let late = Int64.random(in: 0..<10, using: &random) == 0 ? Int64.random(in: 0..<150, using: &random) : 0
            let text: Value = key % 3 == 0 ? .string("a key of more bytes than fit in its place, \(key)") : .int(key)
            return Event(
                type: type,
                timestamp: (number - late) * 1_000_000_000,
                fields: ["k": text, "v": .int(number)]
            )
        }
        let found = try RestartedProgram.check(plan, events, seed: 5, program)
        #expect((found ?? 0) > 200)
    }

    @Test(
        "a key that was idle for too long is as new after a restart, whatever still lay there",
        arguments: [false, true]
    )
    func idleKeys(isSingle: Bool) throws {
        let program = "stream S = A as a -> B as b\n    .partition_by(k)\n    .within(10s)\n    .emit(a: a.v, b: b.v)"
        let plan = try self.plan(program)
        func event(_ type: String, _ key: Int64, at seconds: Int64) -> Event {
            Event(type: type, timestamp: seconds * 1_000_000_000, fields: ["k": .int(key), "v": .int(seconds)])
        }
        var restarted = RestartedProgram(plan)
        let before = [event("A", 1, at: 0), event("A", 2, at: 100)]
        try restarted.run(before, .batches, inBatchesOf: 1, isLast: false)
        // The second key's event tells that nothing is left of the first one's run, though that is still there.
        let after = [event("B", 1, at: 5), event("B", 2, at: 105)]
        try restarted.run(after, isSingle ? .single : .batches, inBatchesOf: 1, isLast: true)
        #expect(RestartedProgram.lines(restarted.outputs) == ["@105000000000 S { a: 100, b: 105 }"])
    }

    @Test("bounds on what may be held are those that are given, also after a restart")
    func bounds() throws {
        let plan = try self.plan("stream S = A as a -> B as b\n    .partition_by(k)\n    .emit(a: a.v)")
        let events = (0..<10 as Range<Int64>).map { Event(type: "A", timestamp: $0, fields: ["k": 1, "v": .int($0)]) }
        var budget = StateBudget()
        budget.runsPerKey = 3
        var pipeline = Pipeline(plan, budget: budget)
        var outputs = Outputs()
        pipeline.process(events, into: &outputs)
        #expect(pipeline.counters.limits.runsDropped == 7)
        let restoration = try Restoration(pipeline.snapshot.checkpoint, of: plan)
        let columns = try #require(try BatchPipeline(plan, restoring: restoration, budget: budget))
        columns.process(events, into: &outputs)
        #expect(columns.counters.limits.runsDropped == 17 && columns.streamStates[0].runs == 3)
        var other = try Pipeline(
            plan,
            restoring: try Restoration(columns.snapshot.checkpoint, of: plan),
            budget: budget
        )
        other.process(events, into: &outputs)
        #expect(other.counters.limits.runsDropped == 27 && other.streamStates[0].runs == 3)
    }

    @Test("what is damaged is refused, or goes on somehow, but stops nothing", arguments: programs.indices)
    func damage(number: Int) throws {
        let plan = try self.plan(Self.programs[number])
        var random = SeededGenerator(seed: 23)
        let events = self.mixture(&random)
        let columns = try #require(BatchPipeline(plan))
        var outputs = Outputs()
        columns.process(events[..<20], into: &outputs)
        var checkpoint = columns.snapshot.checkpoint
        var writer = StateWriter()
        checkpoint.operators[0].write(to: &writer)
        var (refused, accepted) = (0, 0)
        for place in writer.bytes.indices {
            var bytes = writer.bytes
            bytes[place] = [0, 1, 0x7F, 0xFF, bytes[place] ^ 1, bytes[place] &+ 1].randomElement(using: &random) ?? 0
            do throws(CheckpointError) {
                var reader = StateReader(bytes)
                checkpoint.operators[0] = try SavedOperator(from: &reader)
                let restoration = try Restoration(checkpoint, of: plan)
                guard let damaged = try BatchPipeline(plan, restoring: restoration) else { continue }
                damaged.process(events[20..<60], into: &outputs)
                damaged.finish(into: &outputs)
                _ = damaged.snapshot.checkpoint.encoded()
                accepted += 1
            } catch {
                refused += 1
            }
        }
        #expect(refused > 100 && accepted > 100, "\(refused) refused, \(accepted) accepted")
    }

    @Test("a snapshot stays what it was while the program goes on")
    func isolation() throws {
        let plan = try self.plan(Self.programs[1])
        var random = SeededGenerator(seed: 3)
        let events = self.mixture(&random)
        let columns = try #require(BatchPipeline(plan))
        var outputs = Outputs()
        columns.process(events[..<80], into: &outputs)
        let snapshot = columns.snapshot
        let bytes = snapshot.checkpoint.encoded()
        columns.process(events[80...], into: &outputs)
        #expect(snapshot.checkpoint.encoded() == bytes && columns.snapshot.checkpoint.encoded() != bytes)
        // The same events leave the same checkpoint, whatever the order of hashes.
        let again = try #require(BatchPipeline(plan))
        again.process(events[..<80], into: &outputs)
        #expect(again.snapshot.checkpoint.encoded() == bytes)
    }
}
