/// Matches become rows of frames.
extension ColumnSequence {
    @inline(__always)
    func complete(_ run: UInt32, _ row: Int, _ partition: UInt32, _ lane: SequenceLane) {
        self.complete(run, row, partition, lane, start: self.runs[run].pointee.start)
    }

    /// A run whose time is over is a match.
    ///
    /// - Parameter row: Where the event lies that tells the time.
    func completeLate(_ run: UInt32, _ row: Int, _ partition: UInt32, _ lane: SequenceLane) {
        let start = self.runs[run].pointee.start
        let deadline = self.sequence.deadline(ofStart: start) ?? .max
        self.complete(run, row, partition, lane, start: start, time: deadline)
    }

    /// A run, and the event in the row, are a match.
    @inline(__always)
    func complete(_ run: UInt32, _ row: Int, _ partition: UInt32, _ lane: SequenceLane, start: Int64) {
        self.complete(run, row, partition, lane, start: start, time: lane.times[row])
    }

    @inline(__always)
    private func complete(
        _ run: UInt32,
        _ row: Int,
        _ partition: UInt32,
        _ lane: SequenceLane,
        start: Int64,
        time: Int64
    ) {
        if lane.matchCount == Batch.rowsMax { self.closeMatches(lane) }
        let match = lane.matchCount
        if match == 0 { self.openMatches(lane) }
        lane.matchCount = match + 1
        lane.matchRows[match] = UInt16(truncatingIfNeeded: row)
        lane.matchTimes[match] = time
        if self.output.hasDuration {
            lane.durations.words[match] = UInt64(bitPattern: (time &- start) / 1_000_000)
            lane.durations.tags[match] = Cell.int
        }
        for place in 0..<self.shown.count {
            let code = self.shown.base[place]
            let target = lane.shownCells[place]
            let (tag, word): (UInt8, UInt64)
            if code.isOfEvent {
                let cells = lane.fieldCells[code.place]
                (tag, word) = (cells.tags[row], cells.words[row])
            } else {
                (tag, word) = (self.runs.tags(run)[code.place], self.runs.words(run)[code.place])
            }
            if tag < Cell.string || tag == Cell.string && code.isOfEvent || tag == Cell.timestamp
                || tag == Cell.duration
            {
                target.tags[match] = tag
                target.words[match] = word
                lane.shownKinds[place] |= 1 << UInt16(tag)
            } else if tag == HeldCell.key, lane.hasKeys, lane.keyCells.tags[row] == Cell.string {
                // The same text is in the batch already.
                target.tags[match] = Cell.string
                target.words[match] = lane.keyCells.words[row]
                lane.shownKinds[place] |= CellKinds.string.rawValue
            } else {
                self.show(run, row, partition, lane, place, in: match)
            }
        }
    }

    /// Writes a text that is not in the batch, or what is no more than a word.
    @inline(never)
    private func show(
        _ run: UInt32,
        _ row: Int,
        _ partition: UInt32,
        _ lane: SequenceLane,
        _ place: Int,
        in match: Int
    ) {
        let code = self.shown.base[place]
        let column = lane.shownColumns[place]
        if !code.isOfEvent, self.runs.tags(run)[code.place] == Cell.string {
            let text = self.texts.text(self.runs.words(run)[code.place])
            let heap = self.batch.heap
            if heap.reserve(text.count) {
                let start = heap.end
                heap.append(text)
                if let made = heap.finish(from: start, bytesMax: .max) {
                    column.words[match] = made.rawValue
                    column.tags[match] = Cell.string
                    lane.shownKinds[place] |= CellKinds.string.rawValue
                    return
                }
            }
        }
        let value =
            code.isOfEvent
            ? self.batch.value(lane.fieldColumns[code.place], row) : self.value(of: run, code.place, partition)
        self.batch.write(value, to: column, match)
        lane.shownKinds[place] |= 1 << UInt16(column.tags[match])
    }

    // MARK: - Frames

    private func openMatches(_ lane: SequenceLane) {
        if !lane.full.isEmpty {
            lane.matchRows = self.evaluator.newRows()
            lane.matchTimes = self.evaluator.newTimes()
        }
        lane.shownColumns.removeAll(keepingCapacity: true)
        for place in 0..<self.shown.count {
            let column = self.evaluator.newColumn()
            lane.shownColumns.append(column)
            lane.shownCells[place] = CellPointer(column)
            lane.shownKinds[place] = 0
        }
        if self.output.hasDuration {
            lane.durationColumn = self.evaluator.newColumn()
            lane.durationColumn.kinds = .int
            lane.durations = CellPointer(lane.durationColumn)
        }
    }

    /// Makes a frame of the matches so far.
    func closeMatches(_ lane: SequenceLane) {
        guard lane.matchCount > 0 else { return }
        let selection = Selection(rows: self.allRows, count: lane.matchCount, isDense: true)
        var bySlot = [Column?](repeating: nil, count: self.output.slotCount)
        for (place, column) in lane.shownColumns.enumerated() {
            column.kinds = CellKinds(rawValue: lane.shownKinds[place])
            bySlot[self.shown.base[place].slot] = column
        }
        var columns = [Column?](repeating: nil, count: self.batch.columns.count)
        for field in self.output.fields {
            let candidates = field.from.compactMap { source in
                switch source {
                case .slot(let slot): bySlot[slot]
                case .stream: self.output.streamName
                case .duration: lane.durationColumn
                }
            }
            columns[field.slot] = self.first(of: candidates, selection)
        }
        lane.full.append(
            Frame(
                selection: selection,
                columns: columns,
                times: lane.matchTimes,
                fields: nil,
                type: self.stream.name,
                captured: bySlot
            )
        )
        // The rows stay those of this frame until another one is opened.
        lane.fullRows.append(lane.matchRows)
        lane.matchCount = 0
    }

    /// In each row the first of the columns that has a value.
    private func first(of columns: [Column], _ rows: Selection) -> Column? {
        guard let first = columns.first, columns.count > 1, first.kinds.contains(.missing) else { return columns.first }
        let column = self.evaluator.newColumn()
        rows.forEach { row in
            let value = columns.lazy.compactMap { self.batch.value($0, row) }.first
            self.batch.write(value, to: column, row)
        }
        column.noteMissing(among: rows)
        return column
    }

    func origin(
        _ part: Int,
        of lane: SequenceLane,
        rows: UnsafeMutablePointer<UInt16>,
        count: Int,
        rank: Int
    ) -> RowOrigin {
        var inputRows = rows
        if let parent = lane.frame.origin {
            inputRows = self.evaluator.newRows()
            for match in 0..<count { inputRows[match] = parent.inputRows[Int(rows[match])] }
        }
        return RowOrigin(lane.frame.origin, rows: rows, inputRows: inputRows, rank: rank, part: part)
    }
}
