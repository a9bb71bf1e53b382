extension Batch {
    /// Copies the short texts that a column has in the input to the heap, where they lie next to each other.
    ///
    /// Whoever looks texts up in a table waits for each until it is there, which takes long for those in an input that
    /// another thread has read, or that was read a while ago.
    func gatherTexts(_ slot: Int) {
        guard self.heap.isEmpty, self.heap.reserve(self.count * TextHeap.shortMax) else { return }
        let (words, tags) = (self.columns[slot].words, self.columns[slot].tags)
        for row in 0..<self.count where tags[row] == Cell.string {
            let place = TextPlace(rawValue: words[row])
            if place.count > TextHeap.shortMax { continue }
            words[row] = self.heap.appendShort(self.input + place.offset, place.count).rawValue
        }
        self.gatheredSlot = slot
    }

    /// Appends rows of another batch with the same schema and input.
    ///
    /// - Parameter timeBefore: The time of events that have none.
    func append(_ other: Batch, _ rows: UnsafePointer<UInt16>, count: Int, timeBefore: Int64) {
        let first = self.count
        self.input = other.input
        let isPlain = other.heap.isEmpty || other.gatheredSlot != nil
        for (slot, from) in other.columns.enumerated() where from.kinds != .missing {
            let to = self.columns[slot]
            let isGathered = slot == other.gatheredSlot
            if isPlain, from.boxes.isEmpty, !isGathered || self.heap.reserve(count * TextHeap.shortMax) {
                self.copy(CellPointer(from), to, rows, count, isAll: count == other.count)
                to.kinds.formUnion(from.kinds)
                if isGathered { self.takeTexts(to, from: first, count, other.heap.base) }
            } else {
                for place in 0..<count {
                    if let value = other.value(from, Int(rows[place])) { self.set(value, to, first + place) }
                }
            }
        }
        let (fromTypes, fromTimes) = (other.types, other.times)
        self.commit(count) { place, type, time in
            let row = Int(rows[place])
            type = fromTypes[row]
            time = fromTimes[row] == Timestamp.none ? timeBefore : fromTimes[row]
        }
    }

    private func copy(
        _ from: CellPointer,
        _ column: Column,
        _ rows: UnsafePointer<UInt16>,
        _ count: Int,
        isAll: Bool
    ) {
        let (words, tags) = (column.words + self.count, column.tags + self.count)
        if isAll {
            words.update(from: from.words, count: count)
            tags.update(from: from.tags, count: count)
            return
        }
        for place in 0..<count {
            let row = Int(rows[place])
            words[place] = from.words[row]
            tags[place] = from.tags[row]
        }
    }

    /// Copies short texts from another heap into this one, where there must be room.
    private func takeTexts(_ column: Column, from first: Int, _ count: Int, _ base: UnsafePointer<UInt8>) {
        let (words, tags) = (column.words, column.tags)
        for row in first..<(first + count) where tags[row] == Cell.string {
            let place = TextPlace(rawValue: words[row])
            if place.isInHeap { words[row] = self.heap.appendShort(base + place.offset, place.count).rawValue }
        }
    }
}
