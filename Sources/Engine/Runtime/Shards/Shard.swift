/// One of several runs of a program side by side: it takes the events whose key is its own, and keeps what they emit with
/// the places of their lines, so that the output can be put in the order of the input.
final class Shard {
    let pipeline: BatchPipeline
    private let number: Int
    /// By row of the pipeline's batch: where the event stood.
    private let origins: UnsafeMutablePointer<UInt64>
    /// Where the next event stands that is read.
    private var nextOrigin: UInt64 = 0
    /// The output's lines, one after the other.
    private(set) var output = PlainBuffer<UInt8>()
    /// For each event that emitted: where it stood, and where its lines end in `output`.
    private(set) var marks = PlainBuffer<Mark>()

    struct Mark: BitwiseCopyable {
        let origin: UInt64
        var end: Int
    }

    init(_ pipeline: BatchPipeline, number: Int) {
        self.pipeline = pipeline
        self.number = number
        self.origins = .allocate(capacity: Batch.rowsMax)
        pipeline.batch.origins = self.origins
    }

    deinit {
        self.origins.deallocate()
        self.output.free()
        self.marks.free()
    }

    /// Runs the shard's events of all pieces.
    ///
    /// - Parameter writesOutput: False where only the counters are wanted.
    func run(_ pieces: [ParsedLines], writesOutput: Bool) {
        self.output.removeAll()
        self.marks.removeAll()
        for piece in pieces {
            for number in 0..<piece.batchCount {
                self.take(
                    piece.batches[number],
                    piece.rows[number],
                    timeBefore: piece.timeBefore,
                    firstOrigin: self.nextOrigin,
                    writesOutput
                )
                self.nextOrigin += UInt64(Batch.rowsMax)
            }
        }
        self.runBatch(writesOutput)
    }

    /// The end of the input: what a stream still holds. Its results stand where their keys first appeared.
    func finish(_ stream: Int, writesOutput: Bool) {
        self.output.removeAll()
        self.marks.removeAll()
        self.pipeline.finish(stream) { _ in if writesOutput { self.write() } }
    }

    private func take(
        _ other: Batch,
        _ rows: ShardRows,
        timeBefore: Int64,
        firstOrigin: UInt64,
        _ writesOutput: Bool
    ) {
        var places = rows.places(of: self.number)
        while !places.isEmpty {
            let batch = self.pipeline.batch
            let origins = self.origins + batch.count
            let more = min(places.count, Batch.rowsMax - batch.count)
            batch.append(other, nil, from: places.lowerBound, count: more, timeBefore: timeBefore)
            let all = rows.all + places.lowerBound
            for place in 0..<more { origins[place] = firstOrigin &+ UInt64(all[place]) }
            places.removeFirst(more)
            if batch.isFull { self.runBatch(writesOutput) }
        }
    }

    private func runBatch(_ writesOutput: Bool) {
        guard self.pipeline.batch.count > 0 else { return }
        self.pipeline.run()
        if writesOutput, self.pipeline.emittedCount > 0 { self.write() }
        self.pipeline.clear()
    }

    private func write() {
        let writer = self.pipeline.writer
        writer.clear()
        let base = self.output.count
        self.pipeline.emitted.forEach { list, row in
            writer.writeLine(row, list.frame, rank: list.rank)
            let mark = Mark(origin: self.origins[list.frame.inputRow(row)], end: base + writer.bytes.count)
            if self.marks.count > 0, self.marks.base[self.marks.count - 1].origin == mark.origin {
                self.marks.base[self.marks.count - 1].end = mark.end
            } else {
                self.marks.append(mark)
            }
        }
        self.output.append(contentsOf: UnsafeBufferPointer(start: writer.bytes.base, count: writer.bytes.count))
    }
}
