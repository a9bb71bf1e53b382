import Dispatch
import Engine

/// A program that runs over batches, in one pipeline or several side by side, over a whole file.
struct BatchSimulation: ~Copyable {
    private let runner: Runner
    private var output: LineWriter?
    private var asides: Asides

    private enum Runner {
        case one(BatchPipeline)
        case several(ShardedPipeline)
    }

    /// Nil for a program that needs one event after the other.
    init?(_ plan: Plan, _ workers: Workers, outputPath: String?, people: StandardStream?) throws {
        if workers.count > 1 {
            guard let pipeline = ShardedPipeline(plan, key: workers.key, shardCount: workers.count) else { return nil }
            self.runner = .several(pipeline)
        } else {
            guard let pipeline = BatchPipeline(plan) else { return nil }
            self.runner = .one(pipeline)
        }
        self.output = try outputPath.map { try LineWriter(path: $0, appends: false) }
        self.asides = try Asides(plan, people: people, isVerbose: false)
    }

    /// Writes what the program emits.
    mutating func run(over path: String, _ tally: inout EventTally) throws {
        var chunks = try ChunkReader(path: path, capacity: self.chunkBytes)
        var reader = EventFileReader()
        var output = self.output
        defer { self.output = output }
        var lines: [UInt8] = []
        var outputs = Outputs()
        try chunks.forEachChunk { bytes, isLast in
            let taken: Int
            switch self.runner {
            case .one(let pipeline):
                taken = try pipeline.take(
                    bytes,
                    reader: &reader,
                    isLast: isLast,
                    rejected: { try tally.add($0.error, $0.bytes) },
                    output: { pipeline in
                        pipeline.appendAsides(to: &outputs)
                        try self.asides.carryOut(outputs)
                        outputs.clear()
                        guard output != nil, pipeline.emittedCount > 0 else { return }
                        lines.removeAll(keepingCapacity: true)
                        pipeline.appendOutputLines(to: &lines)
                        try lines.withUnsafeBufferPointer { try output?.write(lines: $0) }
                    }
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
            return taken
        }
        if case .one(let pipeline) = self.runner {
            pipeline.finish(into: &outputs)
            try self.asides.carryOut(outputs)
            for event in outputs.emitted {
                lines = EventEncoder.outputLine(event) + [UInt8(ascii: "\n")]
                try lines.withUnsafeBufferPointer { try output?.write(lines: $0) }
            }
        }
        try output?.flush()
        try self.asides.flush()
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
