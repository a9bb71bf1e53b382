import Engine

/// A program that runs over batches, over a whole file.
struct BatchSimulation {
    let pipeline: BatchPipeline
    private var output: LineWriter?

    init(_ pipeline: BatchPipeline, outputPath: String?) throws {
        self.pipeline = pipeline
        self.output = try outputPath.map { try LineWriter(path: $0, appends: false) }
    }

    /// Writes what the program emits; also what it emitted before an error.
    mutating func run(over path: String) throws {
        var chunks = try ChunkReader(path: path)
        var reader = EventFileReader()
        var output = self.output
        defer { self.output = output }
        var lines: [UInt8] = []
        do {
            try chunks.forEachChunk { bytes, isLast in
                try self.pipeline.take(bytes, reader: &reader, isLast: isLast) { pipeline in
                    guard output != nil, pipeline.emittedCount > 0 else { return }
                    lines.removeAll(keepingCapacity: true)
                    pipeline.appendOutputLines(to: &lines)
                    try output?.write(lines: lines)
                }
            }
        } catch {
            try output?.flush()
            throw error
        }
        try output?.flush()
    }
}
