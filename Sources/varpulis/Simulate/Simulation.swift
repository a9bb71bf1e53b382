import Engine
import VPL

/// A program being run over a file: its pipeline, and where what it gives goes.
struct Simulation: ~Copyable {
    private var pipeline: Pipeline
    private var outputs = Outputs()
    private var output: LineWriter?
    private var asides: Asides
    /// Where text for people goes; nil for nowhere.
    private let people: StandardStream?
    private let budget: StateBudget

    /// - Parameter restored: The checkpoint from which the program goes on.
    init(
        plan: Plan,
        outputPath: String?,
        people: StandardStream?,
        isVerbose: Bool,
        budget: StateBudget,
        restored: (Restoration, SimulationPosition)?
    ) throws {
        let output = try outputPath.map {
            try LineWriter(path: $0, appends: false, keeping: restored?.1.length(of: $0))
        }
        let asides = try Asides(plan, people: people, isVerbose: isVerbose, from: restored?.1)
        self.pipeline = try Self.pipeline(plan, budget, restored?.0)
        self.output = output
        self.asides = asides
        self.people = people
        self.budget = budget
    }

    private static func pipeline(
        _ plan: Plan,
        _ budget: StateBudget,
        _ restoration: Restoration?
    ) throws(CheckpointError) -> Pipeline {
        guard let restoration else { return Pipeline(plan, budget: budget) }
        return try Pipeline(plan, restoring: restoration, budget: budget)
    }

    var snapshot: EngineSnapshot { self.pipeline.snapshot }

    /// Writes what is buffered, and notes how long files are then.
    mutating func note(in position: inout SimulationPosition) throws {
        try self.output?.note(in: &position)
        try self.asides.note(in: &position)
    }

    mutating func process(_ event: Event) throws {
        self.pipeline.process(event, into: &self.outputs)
        try self.carryOut()
        if self.processedCount.isMultiple(of: 4096) { try self.budget.check { self.pipeline.streamStates } }
    }

    /// The end of the events: what is still held.
    mutating func finish() throws {
        self.pipeline.finish(into: &self.outputs)
        try self.carryOut()
    }

    /// The summary.
    mutating func close(_ tally: EventTally, after duration: Duration) throws {
        try self.flush()
        self.people?.write(Self.summary(self.pipeline.counters, self.pipeline.taps, tally, after: duration))
    }

    var processedCount: UInt64 { self.pipeline.counters.processed }

    /// What is said at the end.
    static func summary(
        _ counters: Pipeline.Counters,
        _ taps: [String: Int64],
        _ tally: EventTally,
        after duration: Duration
    ) -> String {
        var text = """
            Events processed: \(counters.processed)
            Output events emitted: \(counters.emitted)
            Duration: \(duration.formatted)

            """
        text += tally.summary + Self.text(of: counters.limits)
        for (name, count) in taps.sorted(by: { $0.key < $1.key }) { text += "Tap \(name): \(count)\n" }
        return text
    }

    /// What programs gave up because they may have only so much of it; nothing if nothing was.
    static func text(of limits: Pipeline.Limits) -> String {
        let reached = limits.reached.map { "\($0.name) \($0.count)" }.joined(separator: ", ")
        return reached.isEmpty ? "" : "Limits reached: \(reached)\n"
    }

    /// Writes what is buffered.
    mutating func flush() throws {
        try self.output?.flush()
        try self.asides.flush()
    }

    private mutating func carryOut() throws {
        if self.outputs.isEmpty { return }
        if self.output != nil {
            for event in self.outputs.emitted { try self.output?.write(EventEncoder.outputLine(event)) }
        }
        try self.asides.carryOut(self.outputs)
        self.outputs.clear()
    }
}

extension Duration {
    fileprivate var formatted: String {
        let (seconds, attoseconds) = self.components
        let milliseconds = String(1000 + attoseconds / 1_000_000_000_000_000).dropFirst()
        return "\(seconds).\(milliseconds) s"
    }
}
