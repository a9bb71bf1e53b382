import Engine
import Testing
import VPL

/// What must not matter: on every case that the engine carries out.
@Suite("Properties of the language's cases")
struct PropertyTests {
    private struct Case {
        let name: String
        let plan: Plan
        let lines: [[UInt8]]
        let events: [Event]

        init(number: Int) throws {
            let testCase = try ConformanceCase(number: number)
            self.name = testCase.name
            self.plan = try #require(Plan.load(testCase.program).plan)
            self.lines = testCase.inputLines
            var reader = EventFileReader()
            self.events = try testCase.inputLines.compactMap { try reader.read($0) }
        }

        func output(_ events: [Event]) -> [String] {
            var pipeline = Pipeline(self.plan)
            var outputs = Outputs()
            pipeline.process(events, into: &outputs)
            pipeline.finish(into: &outputs)
            return outputs.emitted.map { String(decoding: EventEncoder.outputLine($0), as: UTF8.self) }
        }
    }

    @Test("events of a type that no stream reads, and a run before", arguments: ConformanceTests.implemented)
    func unused(number: Int) throws {
        let testCase = try Case(number: number)
        let expected = testCase.output(testCase.events)
        let others = testCase.events.flatMap { event in
            [Event(type: "NobodyReadsThis", timestamp: event.timestamp, fields: ["v": 1, "id": 1]), event]
        }
        #expect(testCase.output(others) == expected, "\(testCase.name)")
        #expect(testCase.output(testCase.events) == expected, "\(testCase.name)")
    }

    /// The fields by which the case's program may be partitioned.
    private func keys(_ testCase: Case) -> [String] {
        testCase.plan.keyFields.filter { testCase.plan.obstacles(toPartitioningBy: $0).isEmpty }
    }

    @Test("whether the events of all keys come together or each key's by themselves")
    func partitions() throws {
        var tried = 0
        for number in ConformanceTests.implemented {
            let testCase = try Case(number: number)
            for key in self.keys(testCase) {
                tried += 1
                // What has no key is a partition, too.
                let parts = Dictionary(grouping: testCase.events) { $0.fields[key]?.text ?? "" }
                let apart = parts.values.flatMap { testCase.output($0) }
                #expect(apart.sorted() == testCase.output(testCase.events).sorted(), "\(testCase.name) by \(key)")
            }
        }
        #expect(tried >= 7)
    }

    @Test("on how many shards it runs")
    func shards() throws {
        var tried = 0
        for number in ConformanceTests.implemented {
            let testCase = try Case(number: number)
            let anyKey: [String?] = testCase.plan.obstacles(toPartitioningBy: nil).isEmpty ? [nil] : []
            for key in self.keys(testCase).map(Optional.some) + anyKey {
                for count in [1, 2, 5] {
                    guard let pipeline = ShardedPipeline(testCase.plan, key: key, shardCount: count) else { continue }
                    tried += 1
                    let text = Array(testCase.lines.joined(separator: [UInt8(ascii: "\n")]))
                    let padded = text + Array(repeating: 0, count: BatchPipeline.paddingBytes)
                    var written: [UInt8] = []
                    _ = try padded.withUnsafeBufferPointer { bytes in
                        try pipeline.take(
                            UnsafeBufferPointer(rebasing: bytes[..<text.count]),
                            isLast: true,
                            concurrently: { count, body in for number in (0..<count).reversed() { body(number) } },
                            rejected: { throw $0.error },
                            output: { written.append(contentsOf: $0) }
                        )
                    }
                    try pipeline.finish(
                        concurrently: { count, body in for number in 0..<count { body(number) } },
                        output: { written.append(contentsOf: $0) }
                    )
                    let lines = String(decoding: written, as: UTF8.self).split(separator: "\n").map(String.init)
                    #expect(lines == testCase.output(testCase.events), "\(testCase.name), \(count) shards")
                }
            }
        }
        #expect(tried >= 60)
    }
}
