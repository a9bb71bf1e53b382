/// One of several runs of a program side by side: it takes the events whose key is its own, and keeps what they emit with
/// the places of their lines, so that the output can be put in the order of the input.
final class Shard {
    let pipeline: BatchPipeline
    private let number: UInt16
    /// By row of the pipeline's batch: where the event stood.
    private let origins: UnsafeMutablePointer<UInt64>
    private let rows: UnsafeMutablePointer<UInt16>
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
        self.number = UInt16(number)
        self.origins = .allocate(capacity: Batch.rowsMax)
        self.rows = .allocate(capacity: Batch.rowsMax)
    }

    deinit {
        self.origins.deallocate()
        self.rows.deallocate()
        self.output.free()
        self.marks.free()
    }

    /// Runs the shard's events of all pieces.
    ///
    /// - Parameter writesOutput: False where only the counters are wanted.
    func run(_ pieces: [ParsedLines], writesOutput: Bool) {
        self.output.removeAll()
        self.marks.removeAll()
        var origin: UInt64 = 0
        for piece in pieces {
            for number in 0..<piece.batchCount {
                self.take(
                    piece.batches[number],
                    piece.shards[number],
                    timeBefore: piece.timeBefore,
                    firstOrigin: origin,
                    writesOutput
                )
                origin += UInt64(Batch.rowsMax)
            }
        }
        self.runBatch(writesOutput)
    }

    private func take(
        _ other: Batch,
        _ shards: UnsafeMutablePointer<UInt16>,
        timeBefore: Int64,
        firstOrigin: UInt64,
        _ writesOutput: Bool
    ) {
        var count = 0
        for row in 0..<other.count {
            self.rows[count] = UInt16(truncatingIfNeeded: row)
            count &+= shards[row] == self.number ? 1 : 0
        }
        var taken = 0
        while taken < count {
            let batch = self.pipeline.batch
            let first = batch.count
            let more = min(count - taken, Batch.rowsMax - first)
            batch.append(other, self.rows + taken, count: more, timeBefore: timeBefore)
            for place in 0..<more { self.origins[first + place] = firstOrigin + UInt64(self.rows[taken + place]) }
            taken += more
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
            let mark = Mark(origin: self.origins[row], end: base + writer.bytes.count)
            if self.marks.count > 0, self.marks.base[self.marks.count - 1].origin == mark.origin {
                self.marks.base[self.marks.count - 1].end = mark.end
            } else {
                self.marks.append(mark)
            }
        }
        self.output.append(contentsOf: UnsafeBufferPointer(start: writer.bytes.base, count: writer.bytes.count))
    }
}

extension Batch {
    /// Appends rows of another batch with the same schema and input.
    ///
    /// - Parameter timeBefore: The time of events that have none.
    func append(_ other: Batch, _ rows: UnsafePointer<UInt16>, count: Int, timeBefore: Int64) {
        let first = self.count
        self.input = other.input
        let isPlain = other.heap.isEmpty
        for (slot, from) in other.columns.enumerated() where from.kinds != .missing {
            let to = self.columns[slot]
            guard isPlain, from.boxes.isEmpty else {
                for place in 0..<count {
                    if let value = other.value(from, Int(rows[place])) { self.set(value, to, first + place) }
                }
                continue
            }
            let (fromCells, words, tags) = (CellPointer(from), to.words + first, to.tags + first)
            for place in 0..<count {
                let row = Int(rows[place])
                words[place] = fromCells.words[row]
                tags[place] = fromCells.tags[row]
            }
            to.kinds.formUnion(from.kinds)
        }
        for place in 0..<count {
            let row = Int(rows[place])
            if self.schema.keepsEvents {
                self.lines[self.count] = other.lines[row]
                if let event = other.events[row] { self.events[self.count] = event }
            }
            let time = other.times[row]
            self.commit(type: other.types[row], time: time == Timestamp.none ? timeBefore : time)
        }
    }
}
