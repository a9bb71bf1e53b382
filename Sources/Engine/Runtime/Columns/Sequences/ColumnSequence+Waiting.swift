/// Runs that have all their events and wait for their deadline, when a clock, a watermark or the end of input tells it.
extension ColumnSequence {
    /// The matches of runs that wait for a deadline before `time`, or for any, in the order of their deadlines, then of their
    /// start. The time of partitions stays what it is: other runs go on.
    ///
    /// - Parameters:
    ///   - time: Nil at the end of input.
    ///   - rank: Of the step that reads the input.
    func takeWaiting(before time: Int64?, rank: Int) -> Ways? {
        guard self.waits, let within = self.within, self.runs.liveCount > 0 else { return nil }
        var waiting: [(start: Int64, number: UInt64, run: UInt32, partition: UInt32)] = []
        for number in 1..<self.partitions.numberEnd {
            let partition = UInt32(truncatingIfNeeded: number)
            guard self.partitions.isUsed(partition) else { continue }
            var run = self.partitions[partition].pointee.earliest
            while run != 0 {
                let found = self.runs[run].pointee
                if let time, !found.start.isBefore(time, minus: within) { break }
                if found.isWaiting { waiting.append((found.start, found.number, run, partition)) }
                run = found.later
            }
        }
        guard !waiting.isEmpty else { return nil }
        // All have the same time to wait.
        waiting.sort { ($0.start, $0.number) < ($1.start, $1.number) }
        let lane = SequenceLane(self.noEvents, self, self.evaluator)
        lane.hasKeys = false
        for (_, _, run, partition) in waiting {
            self.completeLate(run, 0, partition, lane)
            self.endWherever(run, of: partition)
        }
        var part = 0
        return self.matches(of: lane, rank: rank, part: &part)
    }

    private var noEvents: Frame {
        Frame(
            selection: Selection(rows: self.allRows, count: 0, isDense: true),
            columns: Array(repeating: nil, count: self.batch.columns.count),
            times: self.batch.times,
            fields: nil,
            isInput: true,
            type: nil
        )
    }
}
