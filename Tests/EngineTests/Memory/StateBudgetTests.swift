import Engine
import Testing
import VPL

@Suite("What a stream may hold")
struct StateBudgetTests {
    private static let source = "stream S = A as a -> B where n >= a.n as b\n    .partition_by(k)\n    .emit(n: a.n)"

    private func event(_ type: String, _ number: Int64, key: String = "hot") -> Event {
        Event(type: type, timestamp: number, fields: ["k": .string(key), "n": .int(number)])
    }

    private func pipeline(_ budget: StateBudget, _ source: String = Self.source) throws -> Pipeline {
        Pipeline(try #require(Plan.load(source).plan), budget: budget)
    }

    private func numbers(_ outputs: Outputs) -> [Value?] { outputs.emitted.map { $0.fields["n"] } }

    @Test("by default holds a stream up, and names what it holds; no run is lost")
    func waits() throws {
        let budget = StateBudget(bytesPerStream: 200_000, runsPerKey: 100_000)
        var pipeline = try self.pipeline(budget)
        var outputs = Outputs()
        var count = 0
        while budget.overrun(among: pipeline.streamStates) == nil {
            count += 1
            pipeline.process(self.event("A", Int64(count)), into: &outputs)
        }
        let state = try #require(pipeline.streamStates.first)
        #expect(state.name == "S")
        #expect((state.runs, state.keys) == (count, 1))
        #expect((200_000..<201_000).contains(state.bytes))
        #expect(state.description == "stream S holds \(state.bytes >> 10) KiB (\(count) runs of 1 keys)")
        pipeline.process(self.event("B", Int64(count)), into: &outputs)
        #expect(outputs.emitted.count == count)
        #expect(budget.overrun(among: pipeline.streamStates) == nil)
        #expect(pipeline.counters.limits.reached.isEmpty)
    }

    @Test("refuses runs that begin then, and counts them")
    func refuses() throws {
        let budget = StateBudget(bytesPerStream: 100_000, policy: .refuse)
        var pipeline = try self.pipeline(budget)
        var outputs = Outputs()
        for number in 1...5_000 as ClosedRange<Int64> { pipeline.process(self.event("A", number), into: &outputs) }
        let runs = pipeline.streamStates[0].runs
        #expect((100..<5_000).contains(runs))
        #expect(pipeline.heldBytes <= 100_500)
        #expect(pipeline.counters.limits.runsRefused == UInt64(5_000 - runs))
        // It need not wait as well.
        #expect(pipeline.heldBytes >= 100_000 && budget.overrun(among: pipeline.streamStates) == nil)
        pipeline.process(self.event("B", 5_000), into: &outputs)
        #expect(self.numbers(outputs) == (1...runs).map { .int(Int64($0)) })
        // There is room again.
        pipeline.process(self.event("A", 6_000), into: &outputs)
        #expect(pipeline.streamStates[0].runs == 1)
    }

    @Test("or ends the oldest runs of the key for new ones")
    func dropsOldest() throws {
        var pipeline = try self.pipeline(StateBudget(bytesPerStream: 100_000, policy: .dropOldest))
        var outputs = Outputs()
        for number in 1...5_000 as ClosedRange<Int64> { pipeline.process(self.event("A", number), into: &outputs) }
        let runs = pipeline.streamStates[0].runs
        #expect((100..<5_000).contains(runs))
        #expect(pipeline.heldBytes <= 100_500)
        #expect(pipeline.counters.limits.runsEvicted == UInt64(5_000 - runs))
        pipeline.process(self.event("B", 5_000), into: &outputs)
        #expect(self.numbers(outputs) == (5_001 - runs...5_000).map { .int(Int64($0)) })
    }

    @Test("a key without runs takes the place of the one that is idle for longest")
    func dropsIdle() throws {
        var pipeline = try self.pipeline(StateBudget(bytesPerStream: 40_000, policy: .dropOldest))
        var outputs = Outputs()
        let keys = (1...1_000).map { "key \($0)" }
        for key in keys { pipeline.process(self.event("A", 1, key: key), into: &outputs) }
        let evicted = Int(pipeline.counters.limits.runsEvicted)
        #expect((1..<1_000).contains(evicted))
        for key in keys { pipeline.process(self.event("B", 1, key: key), into: &outputs) }
        #expect(outputs.emitted.count == 1_000 - evicted)
        // Those that came last are there.
        var last = try self.pipeline(StateBudget(bytesPerStream: 40_000, policy: .dropOldest))
        outputs.clear()
        for key in keys { last.process(self.event("A", 1, key: key), into: &outputs) }
        for key in keys.suffix(1_000 - evicted) { last.process(self.event("B", 1, key: key), into: &outputs) }
        #expect(outputs.emitted.count == 1_000 - evicted)
    }

    @Test("so does a stream in columns", arguments: [StateBudget.Policy.refuse, .dropOldest])
    func columns(policy: StateBudget.Policy) throws {
        let budget = StateBudget(bytesPerStream: 100_000, policy: policy)
        let columns = try #require(Plan.load(Self.source).plan.flatMap { BatchPipeline($0, budget: budget) })
        var outputs = Outputs()
        columns.process((1...5_000).map { self.event("A", $0) }, into: &outputs)
        let runs = columns.streamStates[0].runs
        #expect((100..<5_000).contains(runs))
        #expect((100_000...100_500).contains(columns.heldBytes))
        #expect(budget.overrun(among: columns.streamStates) == nil)
        let limits = columns.counters.limits
        #expect(limits.runsRefused + limits.runsEvicted == UInt64(5_000 - runs))
        #expect((limits.runsRefused > 0) == (policy == .refuse))
        columns.process([self.event("B", 5_000)], into: &outputs)
        let kept = policy == .refuse ? 1...runs : 5_001 - runs...5_000
        #expect(self.numbers(outputs) == kept.map { .int(Int64($0)) })
        #expect(columns.streamStates[0].runs == 0)
        // Keys without runs take the place of others.
        columns.process((1...5_000).map { self.event("A", $0, key: "key \($0)") }, into: &outputs)
        #expect(columns.heldBytes <= 1_000_000 && columns.streamStates[0].runs < 5_000)
        columns.process((1...5_000).map { self.event("B", $0, key: "key \($0)") }, into: &outputs)
        #expect(columns.streamStates[0].runs == 0)
    }

    @Test("runs in columns end by the clock, too")
    func columnsExpire() throws {
        let source = "stream S = A as a -> B as b\n    .within(10s)\n    .emit(n: a.n)"
        let columns = try #require(Plan.load(source).plan.flatMap { BatchPipeline($0) })
        var outputs = Outputs()
        columns.process((0..<20).map { self.event("A", $0 * 1_000_000_000) }, into: &outputs)
        #expect(columns.streamStates[0].runs == 11)
        columns.expireRuns(at: 25_000_000_000, into: &outputs)
        #expect(columns.streamStates[0].runs == 5)
        columns.expireRuns(at: 60_000_000_000, into: &outputs)
        #expect(columns.streamStates[0].runs == 0)
    }

    @Test("bounds the runs of a key as it is told")
    func runsPerKey() throws {
        var pipeline = try self.pipeline(StateBudget(runsPerKey: 12_000))
        var outputs = Outputs()
        for number in 1...12_500 as ClosedRange<Int64> { pipeline.process(self.event("A", number), into: &outputs) }
        #expect(pipeline.streamStates[0].runs == 12_000)
        #expect(pipeline.counters.limits.runsDropped == 500)
    }

    @Test("runs end by the clock while a stream is held up, and so do those that wait for a deadline")
    func expires() throws {
        let source = """
            pattern P = SEQ(A as a, NOT B) within 10s
            stream Missing = P.emit(n: a.n)
            stream S = A as a -> B as b
                .within(10s)
            """
        var pipeline = try self.pipeline(StateBudget(), source)
        var outputs = Outputs()
        for number in 0..<20 as Range<Int64> {
            pipeline.process(self.event("A", number * 1_000_000_000), into: &outputs)
        }
        outputs.clear()
        let before = pipeline.streamStates.map(\.runs)
        #expect(before == [11, 11])
        pipeline.expireRuns(at: 25_000_000_000, into: &outputs)
        #expect(pipeline.streamStates.map(\.runs) == [5, 5])
        #expect(outputs.emitted.count == 6)
        pipeline.expireRuns(at: 60_000_000_000, into: &outputs)
        #expect(pipeline.streamStates.map(\.runs) == [0, 0])
        #expect(outputs.emitted.count == 11)
    }

    @Test("every stream that remembers something says how much")
    func states() throws {
        let source = """
            stream W = A.partition_by(k).window(10).aggregate(n: count()).emit(n: n)
            stream D = A.distinct(n).emit(n: n)
            stream J = join(A, B).on(A.k == B.k).window(1m).emit(n: A.n)
            stream N = A.aggregate(s: sum(n)).emit(s: s)
            stream F = A.where(n > 1).emit(n: n)
            """
        var pipeline = try self.pipeline(StateBudget(), source)
        let columns = try #require(BatchPipeline(pipeline.plan))
        var outputs = Outputs()
        let events = (0..<100).map { self.event("A", Int64($0), key: "k\($0 % 4)") }
        pipeline.process(events, into: &outputs)
        columns.process(events, into: &outputs)
        for states in [pipeline.streamStates, columns.streamStates] {
            #expect(states.map(\.name) == ["W", "D", "J", "N", "F"])
            #expect(states.map(\.keys) == [4, 100, 4, 1, 0])
            #expect(states.map { $0.bytes > 0 } == [true, true, true, true, false])
        }
        #expect(pipeline.heldBytes == pipeline.streamStates.reduce(0) { $0 + $1.bytes })
    }
}
