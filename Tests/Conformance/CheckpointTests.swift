import Engine
import Testing
import VPL

/// Killed after any event and started again, a program goes on as if nothing had happened, whichever way it runs.
@Suite("Checkpoints of the language's cases")
struct CheckpointTests {
    private struct Case {
        let name: String
        let plan: Plan
        let events: [Event]

        init(number: Int) throws {
            let testCase = try ConformanceCase(number: number)
            self.name = testCase.name
            self.plan = try #require(Plan.load(testCase.program).plan)
            var reader = EventFileReader()
            self.events = try testCase.inputLines.compactMap { try reader.read($0) }
        }

        /// After how many events there is a restart: all numbers, or 200 of many.
        var restarts: Set<Int> {
            if self.events.count <= 1000 { return Set(0...self.events.count) }
            return Set((0..<200).map { _ in Int.random(in: 0...self.events.count) })
        }
    }

    /// What a run gives that must be the same.
    private struct Record: Equatable {
        var lines: [[UInt8]]
        var printed: [String]
        var logged: [String]
        var deliveries: [[UInt8]]
        var counters: Pipeline.Counters
        var taps: [String: Int64]

        init(_ outputs: Outputs, _ counters: Pipeline.Counters, _ taps: [String: Int64]) {
            self.lines = outputs.emitted.map { EventEncoder.outputLine($0) }
            self.printed = outputs.printed
            self.logged = outputs.logged.map { "\($0)" }
            self.deliveries = outputs.deliveries.map(\.payload)
            self.counters = counters
            self.taps = taps
        }
    }

    private static func restoration(_ snapshot: EngineSnapshot, _ plan: Plan) throws -> Restoration {
        let bytes = snapshot.checkpoint.encoded()
        let checkpoint = try Checkpoint(decoding: bytes)
        // What was read is written again as it was.
        #expect(checkpoint.encoded() == bytes)
        let restoration = try Restoration(checkpoint, of: plan)
        #expect(restoration.warnings.isEmpty)
        return restoration
    }

    private func uninterrupted(_ testCase: Case) -> Record {
        var pipeline = Pipeline(testCase.plan)
        var outputs = Outputs()
        pipeline.process(testCase.events, into: &outputs)
        pipeline.finish(into: &outputs)
        return Record(outputs, pipeline.counters, pipeline.taps)
    }

    @Test("event by event", arguments: ConformanceTests.implemented)
    func single(number: Int) throws {
        let testCase = try Case(number: number)
        let restarts = testCase.restarts
        var pipeline = Pipeline(testCase.plan)
        var outputs = Outputs()
        for place in 0...testCase.events.count {
            if restarts.contains(place) {
                let restoration = try Self.restoration(pipeline.snapshot, testCase.plan)
                pipeline = try Pipeline(testCase.plan, restoring: restoration)
            }
            if place < testCase.events.count { pipeline.process(testCase.events[place], into: &outputs) }
        }
        pipeline.finish(into: &outputs)
        let record = Record(outputs, pipeline.counters, pipeline.taps)
        #expect(record == self.uninterrupted(testCase), "\(testCase.name)")
    }

    @Test("in batches", arguments: ConformanceTests.implemented)
    func batches(number: Int) throws {
        let testCase = try Case(number: number)
        let restarts = testCase.restarts
        for size in [1, 7, 1024] {
            guard var pipeline = BatchPipeline(testCase.plan) else { return }
            var outputs = Outputs()
            for start in stride(from: 0, to: testCase.events.count, by: size) {
                if !restarts.isDisjoint(with: start..<start + size) {
                    let restoration = try Self.restoration(pipeline.snapshot, testCase.plan)
                    pipeline = try #require(try BatchPipeline(testCase.plan, restoring: restoration))
                }
                pipeline.process(testCase.events[start..<min(start + size, testCase.events.count)], into: &outputs)
            }
            pipeline.finish(into: &outputs)
            let record = Record(outputs, pipeline.counters, pipeline.taps)
            #expect(record == self.uninterrupted(testCase), "\(testCase.name) in batches of \(size)")
        }
    }

    @Test("one way and the other by turns", arguments: ConformanceTests.implemented)
    func crosswise(number: Int) throws {
        let testCase = try Case(number: number)
        for size in [1, 7, 1024] {
            guard var batches = BatchPipeline(testCase.plan) else { return }
            var single = Pipeline(testCase.plan)
            var outputs = Outputs()
            var isSingle = true
            for start in stride(from: 0, to: testCase.events.count, by: size) {
                let events = testCase.events[start..<min(start + size, testCase.events.count)]
                if isSingle {
                    single.process(Array(events), into: &outputs)
                    let restoration = try Self.restoration(single.snapshot, testCase.plan)
                    batches = try #require(try BatchPipeline(testCase.plan, restoring: restoration))
                } else {
                    batches.process(events, into: &outputs)
                    let restoration = try Self.restoration(batches.snapshot, testCase.plan)
                    single = try Pipeline(testCase.plan, restoring: restoration)
                }
                isSingle.toggle()
            }
            if isSingle { single.finish(into: &outputs) } else { batches.finish(into: &outputs) }
            let record = Record(
                outputs,
                isSingle ? single.counters : batches.counters,
                isSingle ? single.taps : batches.taps
            )
            #expect(record == self.uninterrupted(testCase), "\(testCase.name) in batches of \(size)")
        }
    }
}
