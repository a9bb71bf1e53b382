import Engine
import EngineOracle
import VPL

/// What came of running one case through the engine in every way.
enum CaseOutcome: Sendable {
    struct Agreement: Sendable {
        /// How many output events were compared, over all ways.
        var comparedCount = 0
        var ranInColumns = false
        var ranInShards = false
        /// Why only the first outputs were compared.
        var openReason: String?
    }

    struct Difference: Sendable {
        /// In which way the engine ran.
        let way: String
        /// How many outputs before it are the same.
        let position: Int
        let expected: String?
        let actual: String?
    }

    case agrees(Agreement)
    /// The engine did not take the program or a line of the input.
    case refused(String)
    case differs(Difference)

    var isFailure: Bool { if case .agrees = self { false } else { true } }
}

/// Runs a case through the engine event by event and, where it can, in columns, and compares with the oracle.
struct CaseCheck {
    private let expected: [OracleJSON]
    private let beforeFinish: Int
    private let isOpen: Bool
    private var agreement = CaseOutcome.Agreement()

    static func outcome(of testCase: OracleCase) -> CaseOutcome {
        let (plan, diagnostics) = Plan.load(testCase.program.text)
        guard let plan else {
            return .refused(diagnostics.filter(\.isError).map { "\($0)" }.joined(separator: "\n"))
        }
        var check = CaseCheck(testCase)
        do {
            if let difference = try check.difference(plan, testCase.lines) { return .differs(difference) }
        } catch {
            return .refused("\(error)")
        }
        return .agrees(check.agreement)
    }

    private init(_ testCase: OracleCase) {
        let (outputs, beforeFinish, openReason) = testCase.expected()
        self.expected = outputs.map { OracleJSON($0) }
        self.beforeFinish = beforeFinish
        self.isOpen = openReason != nil
        self.agreement.openReason = openReason
    }

    private mutating func difference(_ plan: Plan, _ lines: [String]) throws -> CaseOutcome.Difference? {
        var reader = EventFileReader()
        let events = try lines.compactMap { try reader.read(Array($0.utf8)) }
        var pipeline = Pipeline(plan)
        var outputs = Outputs()
        pipeline.process(events, into: &outputs)
        pipeline.finish(into: &outputs)
        let written = outputs.emitted.map { EventEncoder.outputLine($0) }
        if let difference = self.compare(written, "event by event", self.expected.count) { return difference }
        let traced = Self.runTraced(plan, events)
        if let difference = self.compare(traced, "explaining each event", self.expected.count) { return difference }

        let stops = (1...5).map { $0 * $0 * events.count / 30 }
        let restarted = try RestartedRun.lines(plan, events, stops: stops)
        if let difference = self.compare(restarted, "stopped and started", self.expected.count) { return difference }

        for size in [1, 7, 1024] {
            guard let pipeline = BatchPipeline(plan) else { return nil }
            self.agreement.ranInColumns = true
            var outputs = Outputs()
            for start in stride(from: 0, to: events.count, by: size) {
                pipeline.process(events[start..<min(start + size, events.count)], into: &outputs)
            }
            let written = outputs.emitted.map { EventEncoder.outputLine($0) }
            if let difference = self.compare(written, "in batches of \(size)", self.beforeFinish) { return difference }
        }
        let read = try self.readIntoColumns(plan, lines)
        if let difference = self.compare(read, "read into columns", self.beforeFinish) { return difference }
        guard let sharded = try self.runInShards(plan, lines) else { return nil }
        self.agreement.ranInShards = true
        if let difference = self.compare(sharded.lines, "in shards", self.beforeFinish) { return difference }
        guard let restarted = try RestartedRun.shardedLines(plan, key: sharded.key, lines) else { return nil }
        return self.compare(restarted, "in shards, stopped and started", self.beforeFinish)
    }

    /// Event by event, with each explained before, and again while it is processed.
    private static func runTraced(_ plan: Plan, _ events: [Event]) -> [[UInt8]] {
        var pipeline = Pipeline(plan)
        var outputs = Outputs()
        var explanations: [EventExplanation] = []
        for event in events {
            _ = pipeline.explain(event)
            pipeline.process(event, into: &outputs, explaining: &explanations)
        }
        pipeline.finish(into: &outputs)
        return outputs.emitted.map { EventEncoder.outputLine($0) }
    }

    private func readIntoColumns(_ plan: Plan, _ lines: [String]) throws -> [[UInt8]] {
        guard let pipeline = BatchPipeline(plan) else { return [] }
        let text = Array(lines.joined(separator: "\n").utf8)
        let padded = text + Array(repeating: 0, count: BatchPipeline.paddingBytes)
        var reader = EventFileReader()
        var written: [UInt8] = []
        try padded.withUnsafeBufferPointer { bytes in
            _ = try pipeline.take(
                .init(rebasing: bytes[..<text.count]),
                reader: &reader,
                isLast: true,
                rejected: { throw $0.error },
                output: { $0.appendOutputLines(to: &written) }
            )
        }
        return written.split(separator: UInt8(ascii: "\n")).map(Array.init)
    }

    /// In three shards, by a field by which the program may be partitioned. Nil where there is none.
    private func runInShards(_ plan: Plan, _ lines: [String]) throws -> (lines: [[UInt8]], key: String?)? {
        let keys: [String?] = [nil] + plan.keyFields
        guard let key = keys.first(where: { plan.obstacles(toPartitioningBy: $0).isEmpty }),
            let pipeline = ShardedPipeline(plan, key: key, shardCount: 3)
        else { return nil }
        let text = Array(lines.joined(separator: "\n").utf8)
        let padded = text + Array(repeating: 0, count: BatchPipeline.paddingBytes)
        var written: [UInt8] = []
        try padded.withUnsafeBufferPointer { bytes in
            _ = try pipeline.take(
                .init(rebasing: bytes[..<text.count]),
                isLast: true,
                concurrently: { count, body in for number in (0..<count).reversed() { body(number) } },
                rejected: { throw $0.error },
                output: { written.append(contentsOf: $0) }
            )
        }
        return (written.split(separator: UInt8(ascii: "\n")).map(Array.init), key)
    }

    /// Compares the first outputs, and their number unless the rest is open.
    private mutating func compare(_ lines: [[UInt8]], _ way: String, _ count: Int) -> CaseOutcome.Difference? {
        for position in 0..<(self.isOpen ? count : max(count, lines.count)) {
            let expected = position < count ? self.expected[position] : nil
            let actual = position < lines.count ? String(decoding: lines[position], as: UTF8.self) : nil
            if let expected, let actual, OracleJSONReader.read(actual)?.conforms(to: expected) == true {
                self.agreement.comparedCount += 1
                continue
            }
            return CaseOutcome.Difference(way: way, position: position, expected: expected?.text, actual: actual)
        }
        return nil
    }
}

extension CaseOutcome {
    /// Whether both are refusals, or both are differences in the same way of running.
    func isSameFailure(as other: CaseOutcome) -> Bool {
        switch (self, other) {
        case (.refused, .refused): true
        case (.differs(let own), .differs(let other)): own.way == other.way
        default: false
        }
    }
}
