import Engine
import EngineThreads

/// A program with each of its contexts on a thread of its own, over a whole file.
struct ContextSimulation: ~Copyable {
    private let contexts: ThreadedContexts
    private var output: LineWriter?
    private var asides: Asides

    init(_ plan: Plan, outputPath: String?, people: StandardStream?) throws {
        self.output = try outputPath.map { try LineWriter(path: $0, appends: false) }
        self.asides = try Asides(plan, people: people, isVerbose: false, from: nil)
        self.contexts = ThreadedContexts(plan, outputPath == nil ? .none : .lines)
    }

    /// What whoever runs the program should know.
    var warnings: [String] { self.contexts.warnings }

    /// As fast as possible.
    mutating func run(over path: String, _ tally: inout EventTally) throws {
        var chunks = try ChunkReader(path: path, capacity: Self.chunkBytes)
        var reader = EventFileReader()
        try chunks.forEachChunk { bytes, isLast in
            let taken = try self.contexts.take(
                bytes,
                reader: &reader,
                isLast: isLast,
                rejected: { try tally.add($0.error, $0.bytes) },
                output: { try self.carryOut($0) }
            )
            tally.cuts = reader.cuts
            tally.read(taken, events: self.contexts.eventCount)
            return taken
        }
        try self.finish()
    }

    /// With the timing of the file.
    mutating func replay(over path: String, _ tally: inout EventTally) throws {
        var pacer = ReplayPacer()
        var lines = try LineReader(path: path)
        var reader = EventFileReader()
        var waiting: [Event] = []
        while let line = try lines.next() {
            defer { tally.read(line.count + 1, events: self.contexts.eventCount) }
            do throws(EventFileError) {
                guard let event = try reader.read(line) else { continue }
                waiting.append(event)
            } catch {
                try line.withUnsafeBufferPointer { try tally.add(error, $0) }
                continue
            }
            guard let last = waiting.last, pacer.mustWait(for: last.timestamp) || waiting.count > Self.waitingMax else {
                continue
            }
            // The last is the one to wait for.
            waiting.removeLast()
            try self.process(waiting)
            waiting = [last]
            pacer.wait(for: last.timestamp)
        }
        try self.process(waiting)
        tally.cuts = reader.cuts
        try self.finish()
    }

    /// How many events are gathered at most while there is nothing to wait for.
    private static let waitingMax = 500
    /// All contexts come to the end of a piece before the next is read.
    private static let chunkBytes = 4 * ChunkReader.usualCapacity

    private mutating func process(_ events: [Event]) throws {
        try self.contexts.process(events) { try self.carryOut($0) }
        try self.contexts.flush { try self.carryOut($0) }
        try self.flush()
    }

    private mutating func finish() throws {
        try self.contexts.finish { try self.carryOut($0) }
        try self.flush()
    }

    private mutating func carryOut(_ outputs: ContextOutputs) throws {
        if !outputs.lines.isEmpty { try outputs.lines.withUnsafeBufferPointer { try self.output?.write(lines: $0) } }
        try self.asides.carryOut(outputs.outputs)
    }

    private mutating func flush() throws {
        try self.output?.flush()
        try self.asides.flush()
    }

    var counters: Pipeline.Counters { self.contexts.counters }
    var taps: [String: Int64] { self.contexts.taps }

    /// How many contexts there were, and how often one had to wait for another.
    var summary: String {
        let counts = self.contexts.handOvers.reduce(into: HandOverCounts()) { $0 += $1 }
        let milliseconds = counts.waited / .milliseconds(1)
        return """
            Contexts: \(self.contexts.graph.contexts.count)
            Events handed over: \(counts.events), waited \(counts.waits) times for \(Int(milliseconds.rounded())) ms

            """
    }
}
