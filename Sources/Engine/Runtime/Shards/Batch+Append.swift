extension Batch {
    /// Copies the short texts that a column has in the input to the heap, where they lie next to each other.
    ///
    /// Whoever looks texts up in a table waits for each until it is there, which takes long for those in an input that
    /// another thread has read, or that was read a while ago.
    func gatherTexts(_ slot: Int) {
        guard self.heap.isEmpty, self.heap.reserve(self.count * TextHeap.shortMax) else { return }
        let column = self.columns[slot]
        self.heap.takeShortTexts(column.words, column.tags, count: self.count, from: self.input, inHeap: false)
        self.gatheredSlot = slot
    }

    /// Appends rows of another batch with the same schema and input.
    ///
    /// - Parameters:
    ///   - rows: Which ones; nil for those from `start` on.
    ///   - timeBefore: The time of events that have none.
    func append(_ other: Batch, _ rows: UnsafePointer<UInt16>?, from start: Int = 0, count: Int, timeBefore: Int64) {
        let first = self.count
        self.input = other.input
        let isPlain = other.heap.isEmpty || other.gatheredSlot != nil
        var isGathered = isPlain && (self.heap.isEmpty || self.gatheredSlot != nil)
        for (slot, from) in other.columns.enumerated() where from.kinds != .missing {
            let to = self.columns[slot]
            let hasTexts = slot == other.gatheredSlot
            if isPlain, from.boxes.isEmpty, !hasTexts || self.heap.reserve(count * TextHeap.shortMax) {
                self.copy(CellPointer(from), to, rows, start, count)
                to.kinds.formUnion(from.kinds)
                if hasTexts {
                    let (words, tags) = (to.words + first, to.tags + first)
                    self.heap.takeShortTexts(words, tags, count: count, from: other.heap.base, inHeap: true)
                }
            } else {
                isGathered = false
                for place in 0..<count {
                    let row = rows.map { Int($0[place]) } ?? start + place
                    if let value = other.value(from, row) { self.set(value, to, first + place) }
                }
            }
        }
        self.gatheredSlot = isGathered ? other.gatheredSlot ?? self.gatheredSlot : nil
        if self.schema.keepsEvents { self.takeEvents(other, rows, start, count) }
        let (types, times) = (self.types + first, self.times + first)
        if let rows {
            for place in 0..<count {
                types[place] = other.types[Int(rows[place])]
                times[place] = Self.time(other.times[Int(rows[place])], orElse: timeBefore)
            }
        } else {
            for place in 0..<count {
                types[place] = other.types[start + place]
                times[place] = Self.time(other.times[start + place], orElse: timeBefore)
            }
        }
        self.commit(rows: count)
    }

    /// Where the texts of the events are, for whoever asks for whole events.
    private func takeEvents(_ other: Batch, _ rows: UnsafePointer<UInt16>?, _ start: Int, _ count: Int) {
        for place in 0..<count {
            let row = rows.map { Int($0[place]) } ?? start + place
            self.lines[self.count + place] = other.lines[row]
            if let event = other.events[row] { self.events[self.count + place] = event }
        }
    }

    @inline(__always)
    private static func time(_ time: Int64, orElse timeBefore: Int64) -> Int64 {
        time == Timestamp.none ? timeBefore : time
    }

    private func copy(
        _ from: CellPointer,
        _ column: Column,
        _ rows: UnsafePointer<UInt16>?,
        _ start: Int,
        _ count: Int
    ) {
        let (words, tags) = (column.words + self.count, column.tags + self.count)
        guard let rows else {
            words.update(from: from.words + start, count: count)
            tags.update(from: from.tags + start, count: count)
            return
        }
        for place in 0..<count {
            let row = Int(rows[place])
            words[place] = from.words[row]
            tags[place] = from.tags[row]
        }
    }
}
