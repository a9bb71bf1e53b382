extension SequenceProgram {
    /// In the order in which checkpoints have the sums of a run.
    var summariesByPlace: [SequenceSummary] {
        let places = self.sequence.steps.flatMap(\.summaries).map(\.place)
        return zip(places, self.summaries.joined()).sorted { $0.0 < $1.0 }.map(\.1)
    }

    /// A cell of runs with the slot whose value a checkpoint has for it.
    struct RestoredCell {
        let slot: Int
        let cell: Int
        var isKey = false
        /// What is added up there, and the place of the sum in a checkpoint.
        var summary: (code: SequenceSummary, place: Int)?
    }

    var restoredCells: [RestoredCell] {
        let keys = Set(self.captureCodes.filter(\.isKey).map(\.cell))
        let summaries = self.summariesByPlace
        return self.cells.map { slot, cell in
            let place = summaries.firstIndex { $0.cell == cell && !$0.isHeld }
            return RestoredCell(
                slot: slot,
                cell: cell,
                isKey: keys.contains(cell),
                summary: place.map { (summaries[$0], $0) }
            )
        }
    }
}

/// A new sequence goes on with the runs that a checkpoint has.
extension ColumnSequence {
    func restore(_ saved: SavedOperator) throws(CheckpointError) {
        let layout = RunLayout(saved, self.sequence, RunTable(self.sequence))
        var found: [SavedRun] = []
        var isFirst = true
        try saved.forEachEntry { (key, reader) throws(CheckpointError) in
            var text = key.partitionText
            let known = self.partitions.count
            let number = text.withUTF8 { self.partitions.number(of: $0, isAdded: self.hasKey) }
            // Without a key there is one already.
            guard self.hasKey ? self.partitions.count > known : isFirst && number == 1 else {
                throw .malformed("a sequence has a key twice")
            }
            isFirst = false
            self.partitions[number].pointee.time = try reader.signed()
            _ = try reader.byte()
            for _ in 0..<(try reader.count(ofSize: 3)) {
                found.append(try SavedRun(&reader, of: Int32(truncatingIfNeeded: number), layout))
            }
        }
        // Runs start in the order of their numbers, whatever partition they are of.
        found.sort { $0.number < $1.number }
        let cells = self.program.restoredCells
        for run in found { self.add(run, cells) }
        self.time = saved.numbers.first { $0.name == SavedOperator.time }?.value ?? .min
        self.dropped = UInt64(bitPattern: saved.number("dropped"))
        self.refused = UInt64(bitPattern: saved.number("refused"))
        self.evicted = UInt64(bitPattern: saved.number("evicted"))
    }

    private func add(_ saved: SavedRun, _ cells: [SequenceProgram.RestoredCell]) {
        let run = self.runs.begin(at: saved.start)
        let (partition, position) = (UInt32(truncatingIfNeeded: saved.partition), Int(saved.position))
        for cell in cells {
            guard let value = saved.values[cell.slot] else { continue }
            if let (code, place) = cell.summary {
                code.set(saved.accumulators[place], self.runs.words(run), self.runs.tags(run))
            } else {
                self.hold(value, in: run, of: partition, cell)
            }
        }
        if self.waits, position + 1 == self.steps.count { self.runs[run].pointee.wait() }
        let list = self.partitions.lists(partition) + position
        let last = list.pointee.last
        self.runs[run].pointee.previous = last
        if last != 0 { self.runs[last].pointee.next = run } else { list.pointee.first = run }
        list.pointee.last = run
        self.partitions[partition].pointee.runCount += 1
        if self.within != nil { self.linkByTime(run, of: partition) }
    }

    private func hold(_ value: Value, in run: UInt32, of partition: UInt32, _ cell: SequenceProgram.RestoredCell) {
        var (tag, word) = (Cell.tag(of: value), Cell.word(of: value))
        switch value {
        case .string(var text):
            let isKey = cell.isKey && self.partitions.withText(partition) { $0.elementsEqual(text.utf8) }
            if isKey {
                tag = HeldCell.key
            } else {
                word = text.withUTF8 { self.texts.add($0) }
                self.hasHeavy = true
            }
        case .array, .map:
            word = self.boxes.add(value)
            self.hasHeavy = true
        case .null, .bool, .int, .float, .timestamp, .duration: break
        }
        self.runs.tags(run)[cell.cell] = tag
        self.runs.words(run)[cell.cell] = word
    }
}
