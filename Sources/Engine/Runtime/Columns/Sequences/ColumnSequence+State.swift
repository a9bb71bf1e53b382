/// The runs of a `ColumnSequence` at one moment: copies of its flat memory, that nobody changes.
final class ColumnRuns: SavedState, @unchecked Sendable {
    private let runs: RunStore
    private let partitions: ColumnPartitions
    private let texts: TextStore
    private let boxes: ValueStore
    private let positionCount: Int
    private let numbers: [(name: String, value: Int64)]
    private let columnNames: [String]
    /// The slots that runs hold, in order, each with its cell.
    private let cells: [(slot: Int, cell: Int)]
    private let summaries: [SequenceSummary]

    init(_ sequence: ColumnSequence) {
        self.runs = sequence.runs.duplicate
        self.partitions = sequence.partitions.duplicate
        self.texts = sequence.texts.duplicate
        self.boxes = sequence.boxes
        self.positionCount = sequence.positionCount
        self.numbers = [
            (SavedOperator.time, sequence.time), ("dropped", Int64(bitPattern: sequence.dropped)),
            ("refused", Int64(bitPattern: sequence.refused)), ("evicted", Int64(bitPattern: sequence.evicted)),
        ]
        self.columnNames = sequence.sequence.columnNames
        self.cells = sequence.program.cells.map { (slot: $0.key, cell: $0.value) }.sorted { $0.slot < $1.slot }
        self.summaries = sequence.program.summariesByPlace
    }

    deinit {
        self.runs.deallocate()
        self.partitions.deallocate()
        self.texts.deallocate()
    }

    /// Partitions in the order of their times, then of their numbers; their runs in the order of their start.
    func save(to saved: inout SavedOperator) {
        saved.numbers = self.numbers
        saved.columns = self.cells.map { self.columnNames[$0.slot] }
        var order: [(time: Int64, number: UInt32)] = []
        for number in 1..<UInt32(truncatingIfNeeded: self.partitions.numberEnd) where self.partitions.isUsed(number) {
            order.append((self.partitions[number].pointee.time, number))
        }
        order.sort { $0 < $1 }
        var heads: [UInt32] = []
        for (time, partition) in order {
            let key = self.partitions.withText(partition) { String(decoding: $0, as: UTF8.self) }
            saved.addEntry(.string(key)) { writer in
                writer.write(time)
                // None is set aside: all are looked at in turn.
                writer.write(byte: 0)
                writer.write(count: Int(self.partitions[partition].pointee.runCount))
                heads.removeAll(keepingCapacity: true)
                for position in 0..<self.positionCount {
                    heads.append(self.partitions.lists(partition)[position].first)
                }
                while let (run, position) = self.takeOldest(from: &heads) {
                    self.write(run, at: position, key, to: &writer)
                }
            }
        }
    }

    /// Takes the run that started first from the lists of positions.
    private func takeOldest(from heads: inout [UInt32]) -> (run: UInt32, position: Int)? {
        var oldest: (run: UInt32, position: Int)?
        for (position, run) in heads.enumerated() where run != 0 {
            if let known = oldest?.run, self.runs[known].pointee.number < self.runs[run].pointee.number { continue }
            oldest = (run, position)
        }
        if let (run, position) = oldest { heads[position] = self.runs[run].pointee.next }
        return oldest
    }

    private func write(_ run: UInt32, at position: Int, _ key: String, to writer: inout StateWriter) {
        writer.write(self.runs[run].pointee.number >> 1)
        writer.write(self.runs[run].pointee.start)
        writer.write(count: position)
        for (_, cell) in self.cells { writer.write(self.value(of: run, cell, key)) }
        for summary in self.summaries {
            writer.write(
                summary.accumulator(
                    self.runs.words(run),
                    self.runs.tags(run),
                    held: self.value(of: run, summary.cell, key)
                )
            )
        }
    }

    private func value(of run: UInt32, _ cell: Int, _ key: String) -> Value? {
        let (tag, word) = (self.runs.tags(run)[cell], self.runs.words(run)[cell])
        return Cell.value(tag, word) {
            switch tag {
            case HeldCell.key: .string(key)
            case Cell.string: .string(String(decoding: self.texts.text(word), as: UTF8.self))
            default: self.boxes[word]
            }
        }
    }
}
