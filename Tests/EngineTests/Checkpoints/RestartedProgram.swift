import Testing
import VPL

@testable import Engine

/// A program that is stopped after some events and goes on from a checkpoint, in whatever way to run.
struct RestartedProgram {
    enum Way: CaseIterable {
        case single, batches
    }

    let plan: Plan
    private var bytes: [UInt8]?
    private(set) var outputs = Outputs()
    private(set) var counters = Pipeline.Counters()

    init(_ plan: Plan) { self.plan = plan }

    private func restoration() throws -> Restoration? {
        guard let bytes else { return nil }
        let checkpoint = try Checkpoint(decoding: bytes)
        #expect(checkpoint.encoded() == bytes)
        let restoration = try Restoration(checkpoint, of: self.plan)
        #expect(restoration.warnings.isEmpty)
        return restoration
    }

    /// Goes on, and stops again. What is not done in columns is done event by event.
    ///
    /// - Parameter isLast: Whether the input ends here.
    mutating func run(_ events: some Collection<Event>, _ way: Way, inBatchesOf size: Int, isLast: Bool) throws {
        let restoration = try self.restoration()
        let columns =
            try way == .single
            ? nil : restoration.map { try BatchPipeline(self.plan, restoring: $0) } ?? BatchPipeline(self.plan)
        guard let columns else {
            var pipeline =
                if let restoration { try Pipeline(self.plan, restoring: restoration) } else { Pipeline(self.plan) }
            pipeline.process(Array(events), into: &self.outputs)
            if isLast { pipeline.finish(into: &self.outputs) }
            self.counters = pipeline.counters
            self.bytes = pipeline.snapshot.checkpoint.encoded()
            return
        }
        var rest = events[...]
        while !rest.isEmpty {
            columns.process(rest.prefix(size), into: &self.outputs)
            rest = rest.dropFirst(size)
        }
        if isLast { columns.finish(into: &self.outputs) }
        self.counters = columns.counters
        self.bytes = columns.snapshot.checkpoint.encoded()
    }

    /// Runs all events with restarts at random, and compares what comes out with an uninterrupted run event by event.
    ///
    /// - Returns: How many events came out; nil, with an issue, if they are others.
    static func check(_ plan: Plan, _ events: [Event], seed: UInt64, _ program: String) throws -> Int? {
        var random = SeededGenerator(seed: seed)
        var pipeline = Pipeline(plan)
        var wanted = Outputs()
        pipeline.process(events, into: &wanted)
        pipeline.finish(into: &wanted)
        var restarted = RestartedProgram(plan)
        var place = 0
        var ways: [String] = []
        repeat {
            let end = min(events.count, place + Int.random(in: 0...max(events.count / 3, 1), using: &random))
            let way = Way.allCases.randomElement(using: &random) ?? .single
            let size = [1, 7, 1024].randomElement(using: &random) ?? 1
            ways.append("\(way) \(size) to \(end)")
            try restarted.run(events[place..<end], way, inBatchesOf: size, isLast: end == events.count)
            place = end
        } while place < events.count
        let (lines, expected) = (Self.lines(restarted.outputs), Self.lines(wanted))
        if lines == expected, restarted.counters == pipeline.counters { return wanted.emitted.count }
        let input = Self.lines(events).joined(separator: "\n")
        Issue.record(
            "seed \(seed): \(ways)\n\(program)\n\(input)\ngives\n\(lines)\n\(restarted.counters)\nnot\n\(expected)\n\(pipeline.counters)"
        )
        return nil
    }

    static func lines(_ outputs: Outputs) -> [String] { Self.lines(outputs.emitted) }

    /// The order of fields does not count.
    private static func lines(_ events: [Event]) -> [String] {
        events.map { event in
            let fields = event.fields.entries.map { "\($0.name): \($0.value.text)" }.sorted().joined(separator: ", ")
            return "@\(event.timestamp) \(event.type) { \(fields) }"
        }
    }
}
