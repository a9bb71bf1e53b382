/// The sums of one key, as either runtime writes them.
struct SavedSums {
    /// The key's value in the first event.
    let key: Value?
    let count: Int
    let start: Int64
    /// The latest time.
    let timestamp: Int64
    let accumulators: [Accumulator]

    func save(to saved: inout SavedOperator) {
        saved.addEntry(self.key) { writer in
            writer.write(count: self.count)
            writer.write(self.start)
            writer.write(self.timestamp)
            for accumulator in self.accumulators { writer.write(accumulator) }
        }
    }

    init(key: Value?, count: Int, start: Int64, timestamp: Int64, accumulators: [Accumulator]) {
        self.key = key
        self.count = count
        self.start = start
        self.timestamp = timestamp
        self.accumulators = accumulators
    }

    /// - Parameter fresh: Of the aggregate's calls.
    init(
        key: Value?,
        _ reader: inout StateReader,
        like fresh: [Accumulator],
        in window: CompiledWindow.Kind?
    ) throws(CheckpointError) {
        self.key = key
        let count = Int(try reader.tally())
        guard count > 0 else { throw .malformed("sums are of no events") }
        if case .count(let size) = window, count >= size { throw .malformed("a window has more events than it may") }
        self.count = count
        self.start = try reader.signed()
        self.timestamp = try reader.signed()
        var accumulators: [Accumulator] = []
        for accumulator in fresh { accumulators.append(try reader.accumulator(like: accumulator)) }
        self.accumulators = accumulators
    }
}

extension KeyedSums: RestorableState {
    func save(to saved: inout SavedOperator) {
        for partition in self.partitions where partition.count > 0 {
            SavedSums(
                key: partition.sum.key,
                count: partition.count,
                start: partition.start,
                timestamp: partition.sum.timestamp,
                accumulators: partition.sum.accumulators
            ).save(to: &saved)
        }
    }

    mutating func restore(_ saved: SavedOperator) throws(CheckpointError) {
        let fresh = self.aggregate.calls.map { Accumulator($0) }
        self.partitions.reserveCapacity(saved.entryCount)
        try saved.forEachEntry { (key, reader) throws(CheckpointError) in
            let sums = try SavedSums(key: key, &reader, like: fresh, in: self.window)
            guard self.places.updateValue(self.partitions.count, forKey: ExactText(key.partitionText)) == nil else {
                throw .malformed("a key is there twice")
            }
            let sum = Aggregation(sums.accumulators, timestamp: sums.timestamp, key: key)
            self.partitions.append(Partition(sum: sum, count: sums.count, start: sums.start))
        }
    }
}
