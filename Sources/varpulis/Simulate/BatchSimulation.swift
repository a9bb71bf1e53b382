import Dispatch
import Engine

/// A program that runs over batches, in one pipeline or several side by side, over a whole file.
struct BatchSimulation: ~Copyable {
    private let runner: Runner
    private let path: String
    private let start: SimulationPosition.Start
    private let isRestored: Bool
    private var reader: EventFileReader
    private var output: LineWriter?
    private var asides: Asides
    private let budget: StateBudget

    private enum Runner {
        case one(BatchPipeline)
        case several(ShardedPipeline)
    }

    /// Nil for a program that needs one event after the other.
    ///
    /// - Parameters:
    ///   - path: The file of the events.
    ///   - restored: The checkpoint from which the program goes on.
    init?(
        _ plan: Plan,
        _ workers: Workers,
        over path: String,
        outputPath: String?,
        people: StandardStream?,
        budget: StateBudget,
        restored: (Restoration, SimulationPosition)?
    ) throws {
        var (start, reader) = restored?.1.start(in: path) ?? (SimulationPosition.Start(), EventFileReader())
        reader.isInRefusedLine = start.isInLongLine
        guard let runner = try Self.runner(plan, workers, restored?.0, reader, budget) else { return nil }
        let output = try outputPath.map {
            try LineWriter(path: $0, appends: false, keeping: restored?.1.length(of: $0))
        }
        self.asides = try Asides(plan, people: people, isVerbose: false, from: restored?.1)
        self.runner = runner
        self.budget = budget
        self.start = start
        self.isRestored = restored != nil
        self.reader = reader
        self.path = path
        self.output = output
    }

    private static func runner(
        _ plan: Plan,
        _ workers: Workers,
        _ restoration: Restoration?,
        _ reader: EventFileReader,
        _ budget: StateBudget
    ) throws -> Runner? {
        guard workers.count > 1 else {
            guard let restoration else { return BatchPipeline(plan, budget: budget).map { .one($0) } }
            return try BatchPipeline(plan, restoring: restoration, budget: budget).map { .one($0) }
        }
        guard let restoration else {
            return ShardedPipeline(plan, key: workers.key, shardCount: workers.count, budget: budget)
                .map { .several($0) }
        }
        return try ShardedPipeline(
            plan,
            key: workers.key,
            shardCount: workers.count,
            restoring: restoration,
            reader: reader,
            budget: budget
        ).map { .several($0) }
    }

    /// Writes what the program emits.
    ///
    /// - Parameter keepsOpen: What is held at the end of the events stays, for a run that goes on from the last checkpoint.
    mutating func run(_ tally: inout EventTally, _ checkpoints: SimulationCheckpoints?, keepsOpen: Bool) throws {
        var chunks = try ChunkReader(path: self.path, capacity: self.chunkBytes, from: self.start)
        var reader = self.reader
        var offset = self.start.offset
        var output = self.output
        defer { self.output = output }
        var lines: [UInt8] = []
        var outputs = Outputs()
        func write(_ pipeline: BatchPipeline) throws {
            pipeline.appendAsides(to: &outputs)
            try self.asides.carryOut(outputs)
            outputs.clear()
            guard output != nil, pipeline.emittedCount > 0 else { return }
            lines.removeAll(keepingCapacity: true)
            pipeline.appendOutputLines(to: &lines)
            try lines.withUnsafeBufferPointer { try output?.write(lines: $0) }
        }
        if let checkpoints, !self.isRestored {
            try checkpoints.write(self.snapshot, at: try self.position(offset, reader, &output, &tally))
        }
        try chunks.forEachChunk { bytes, isLast in
            let taken: Int
            switch self.runner {
            case .one(let pipeline):
                taken = try pipeline.take(
                    bytes,
                    reader: &reader,
                    isLast: isLast,
                    rejected: { try tally.add($0.error, $0.bytes) },
                    output: write
                )
                tally.cuts = reader.cuts
            case .several(let pipeline):
                taken = try pipeline.take(
                    bytes,
                    isLast: isLast,
                    concurrently: DispatchQueue.concurrentPerform,
                    rejected: { try tally.add($0.error, $0.bytes) },
                    output: output == nil ? nil : { try output?.write(lines: $0) }
                )
                tally.cuts = pipeline.cuts
            }
            tally.read(taken, events: self.counters.processed)
            try self.budget.check { self.streamStates }
            offset += taken
            if case .several(let pipeline) = self.runner { reader = pipeline.reader }
            if let checkpoints, try checkpoints.isDue {
                let position = try self.position(offset, reader, &output, &tally)
                checkpoints.take(self.snapshot, at: position)
            }
            return taken
        }
        if !keepsOpen {
            switch self.runner {
            case .one(let pipeline): try pipeline.finish(output: write)
            case .several(let pipeline):
                try pipeline.finish(
                    concurrently: DispatchQueue.concurrentPerform,
                    output: output == nil ? nil : { try output?.write(lines: $0) }
                )
            }
        }
        let position = try self.position(offset, reader, &output, &tally)
        try checkpoints?.write(self.snapshot, at: position)
    }

    /// Writes what is buffered. Where all files stand then.
    private mutating func position(
        _ offset: Int,
        _ reader: EventFileReader,
        _ output: inout LineWriter?,
        _ tally: inout EventTally
    ) throws -> SimulationPosition {
        var position = SimulationPosition()
        position.input = realpath(self.path)
        position.reader = reader
        position.reader.isInRefusedLine = false
        position.start = SimulationPosition.Start(offset: offset, isInLongLine: reader.isInRefusedLine)
        try output?.note(in: &position)
        try self.asides.note(in: &position)
        try tally.note(in: &position)
        return position
    }

    /// Of several workers what each of them holds.
    private var streamStates: [StreamState] {
        switch self.runner {
        case .one(let pipeline): pipeline.streamStates
        case .several(let pipeline): pipeline.streamStates
        }
    }

    private var snapshot: EngineSnapshot {
        switch self.runner {
        case .one(let pipeline): pipeline.snapshot
        case .several(let pipeline): pipeline.snapshot
        }
    }

    private static let chunkBytesMax = 64 << 20

    private var chunkBytes: Int {
        switch self.runner {
        case .one: ChunkReader.usualCapacity
        case .several(let pipeline):
            min(max(ChunkReader.usualCapacity, pipeline.roundBytesMax), Self.chunkBytesMax)
        }
    }

    var counters: Pipeline.Counters {
        switch self.runner {
        case .one(let pipeline): pipeline.counters
        case .several(let pipeline): pipeline.counters
        }
    }

    var taps: [String: Int64] {
        switch self.runner {
        case .one(let pipeline): pipeline.taps
        case .several(let pipeline): pipeline.taps
        }
    }
}
