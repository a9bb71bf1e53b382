extension WindowState: RestorableState {
    func save(to saved: inout SavedOperator) {
        var texts = [String](repeating: "", count: self.partitions.count)
        for (text, place) in self.places { texts[place] = text.text }
        for (text, partition) in zip(texts, self.partitions) {
            saved.addEntry(.string(text)) { writer in
                writer.write(partition.mark)
                writer.write(count: partition.since)
                writer.write(count: partition.events.count)
                for event in partition.events { writer.write(event) }
            }
        }
    }

    mutating func restore(_ saved: SavedOperator) throws(CheckpointError) {
        try saved.forEachEntry { (key, reader) throws(CheckpointError) in
            var partition = Partition()
            partition.mark = try reader.optionalTime()
            partition.since = Int(try reader.tally())
            for _ in 0..<(try reader.count(ofSize: 4)) { partition.events.append(try reader.event()) }
            guard self.places.updateValue(self.partitions.count, forKey: ExactText(key.partitionText)) == nil else {
                throw .malformed("a window's key is there twice")
            }
            self.partitions.append(partition)
        }
    }
}

extension SlidingAggregate: RestorableState {
    func save(to saved: inout SavedOperator) {
        var texts = [String](repeating: "", count: self.partitions.count)
        for (text, place) in self.places { texts[place] = text.text }
        for (text, partition) in zip(texts, self.partitions) {
            saved.addEntry(.string(text)) { writer in
                writer.write(partition.mark)
                writer.write(count: partition.since)
                writer.write(partition.summaries)
                writer.write(count: partition.times.all.count)
                for time in partition.times.all { writer.write(time) }
                writer.write(count: partition.values.all.count)
                for value in partition.values.all { writer.write(value) }
                writer.write(count: partition.newest.count)
                for value in partition.newest { writer.write(Optional(value)) }
            }
        }
    }

    mutating func restore(_ saved: SavedOperator) throws(CheckpointError) {
        let valuesOfEvent = (self.window.key == nil ? 0 : 1) + self.parts.count { $0.keepsValue }
        let newestCount = self.parts.count { if case .last = $0 { true } else { false } }
        try saved.forEachEntry { (key, reader) throws(CheckpointError) in
            var partition = self.empty
            partition.mark = try reader.optionalTime()
            partition.since = Int(try reader.tally())
            try reader.restore(&partition.summaries)
            for _ in 0..<(try reader.count()) { partition.times.append(try reader.signed()) }
            for _ in 0..<(try reader.count()) { partition.values.append(try reader.value()) }
            for _ in 0..<(try reader.count()) { partition.newest.append(try reader.presentValue()) }
            partition.valueCount = valuesOfEvent
            let count = partition.summaries.count
            var isByTime = false
            if case .sliding = self.window.kind { isByTime = true }
            guard count > 0, partition.times.all.count == (isByTime ? count : 0),
                partition.values.all.count == count * valuesOfEvent, partition.newest.count == newestCount
            else { throw .malformed("a window's parts are of different length") }
            if case .slidingCount(let size, _) = self.window.kind, count > size {
                throw .malformed("a window has more events than it may")
            }
            for case .distinct(let place, let table) in self.parts {
                for event in 0..<count {
                    let value = partition.values[event * valuesOfEvent + place]
                    if let value { partition.tables[table][value, default: 0] += 1 }
                }
            }
            guard self.places.updateValue(self.partitions.count, forKey: ExactText(key.partitionText)) == nil else {
                throw .malformed("a window's key is there twice")
            }
            self.partitions.append(partition)
        }
    }
}

extension SlidingAggregate.Part {
    /// Whether it has a value of each event.
    fileprivate var keepsValue: Bool {
        switch self {
        case .first, .distinct: true
        case .summary, .last: false
        }
    }
}

extension StateWriter {
    /// Writes both stacks as they are: turned over at another time, sums of floats would be others in their last bits.
    fileprivate mutating func write(_ queue: SummaryQueue) {
        for list in [queue.pushed, queue.popped, queue.pushed.isEmpty ? [] : queue.pushedTogether] {
            self.write(count: list.count)
            for summary in list {
                self.write(summary.count)
                self.write(summary.first)
                self.write(summary.second)
                self.write(summary.third)
            }
        }
    }
}

extension StateReader {
    fileprivate mutating func restore(_ queue: inout SummaryQueue) throws(CheckpointError) {
        queue.pushed = try self.summaries()
        queue.popped = try self.summaries()
        queue.pushedTogether = try self.summaries()
        let size = queue.kinds.count
        guard queue.pushed.count % size == 0, queue.popped.count % size == 0,
            queue.pushedTogether.count == (queue.pushed.isEmpty ? 0 : size)
        else { throw .malformed("a window's sums are not those of the program") }
    }

    private mutating func summaries() throws(CheckpointError) -> [Summary] {
        var summaries: [Summary] = []
        for _ in 0..<(try self.count(ofSize: 25)) {
            var summary = Summary(latest: try self.signed())
            summary.first = try self.double()
            summary.second = try self.double()
            summary.third = try self.double()
            summaries.append(summary)
        }
        return summaries
    }
}
