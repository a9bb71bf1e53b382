import VPL

/// What a cell of a run may hold beside what those of columns do. The word of a string is its place in the texts, that of
/// a boxed one the place in the boxes.
enum HeldCell {
    /// The text of the partition's key.
    static let key: UInt8 = 9
}

/// The values that runs hold, and conditions that look at them.
extension ColumnSequence {
    /// Keeps a text, or what is no more than a word, of the event's field.
    @inline(never)
    func hold(_ row: Int, _ lane: SequenceLane, _ field: Int, in run: UInt32, _ cell: Int) {
        self.release(run, cell)
        self.hasHeavy = true
        let cells = lane.fieldCells[field]
        let tag = cells.tags[row]
        let word =
            tag == Cell.string
            ? self.texts.add(self.batch.bytes(TextPlace(rawValue: cells.words[row])))
            : self.boxes.add(self.batch.value(lane.fieldColumns[field], row) ?? .null)
        self.runs.tags(run)[cell] = tag
        self.runs.words(run)[cell] = word
    }

    /// Gives back what a cell has apart from its word.
    @inline(__always)
    func release(_ run: UInt32, _ cell: Int) {
        if !self.hasHeavy { return }
        switch self.runs.tags(run)[cell] {
        case Cell.string: self.texts.remove(self.runs.words(run)[cell])
        case Cell.boxed: self.boxes.remove(self.runs.words(run)[cell])
        default: break
        }
    }

    func releaseAll(_ run: UInt32) {
        for place in 0..<self.heavyCells.count { self.release(run, self.heavyCells.base[place]) }
    }

    func value(of run: UInt32, _ cell: Int, _ partition: UInt32) -> Value? {
        let word = self.runs.words(run)[cell]
        switch self.runs.tags(run)[cell] {
        case Cell.null: return .null
        case Cell.bool: return .bool(word != 0)
        case Cell.int: return .int(Int64(bitPattern: word))
        case Cell.float: return .float(Double(bitPattern: word))
        case Cell.string: return .string(String(decoding: self.texts.text(word), as: UTF8.self))
        case Cell.timestamp: return .timestamp(Int64(bitPattern: word))
        case Cell.duration: return .duration(word)
        case Cell.boxed: return self.boxes[word]
        case HeldCell.key: return .string(self.partitions.withText(partition) { String(decoding: $0, as: UTF8.self) })
        default: return nil
        }
    }

    // MARK: - Conditions

    /// Whether all of these hold for the event and a run that stays at a position.
    @inline(__always)
    func holds(
        _ tests: PlainRange,
        _ run: UInt32,
        _ partition: UInt32,
        _ row: Int,
        _ lane: SequenceLane,
        position: Int
    ) -> Bool {
        for place in tests.start..<tests.end {
            let test = self.tests.base[place]
            let isMet =
                test.relation == .scalar
                ? self.holds(scalar: test, run, partition, row, lane, position: position)
                : self.holds(test, run, partition, row, lane)
            if !isMet { return false }
        }
        return true
    }

    @inline(__always)
    private func holds(
        _ test: SequenceProgram.Test,
        _ run: UInt32,
        _ partition: UInt32,
        _ row: Int,
        _ lane: SequenceLane
    ) -> Bool {
        let cells = lane.operandCells[test.operand]
        let (tag, word) = (cells.tags[row], cells.words[row])
        let (heldTag, heldWord) = (self.runs.tags(run)[test.cell], self.runs.words(run)[test.cell])
        if tag == heldTag {
            if tag == Cell.int { return test.relation.holds(Int64(bitPattern: word), Int64(bitPattern: heldWord)) }
            if tag == Cell.float {
                let (left, right) = (Double(bitPattern: word), Double(bitPattern: heldWord))
                if !left.isNaN, !right.isNaN { return test.relation.holds(left, right) }
            }
            if tag == Cell.string, test.relation == .equal || test.relation == .notEqual {
                let (left, right) = (self.batch.bytes(TextPlace(rawValue: word)), self.texts.text(heldWord))
                return (left.count == right.count && left.elementsEqual(right)) == (test.relation == .equal)
            }
        }
        return self.holds(
            test.relation,
            self.batch.value(lane.operandColumns[test.operand], row),
            run,
            test.cell,
            partition
        )
    }

    @inline(never)
    private func holds(
        _ relation: SequenceProgram.Test.Relation,
        _ value: Value?,
        _ run: UInt32,
        _ cell: Int,
        _ partition: UInt32
    ) -> Bool {
        relation.symbol?.compare(value, self.value(of: run, cell, partition)) ?? false
    }

    /// What has no kernel.
    @inline(never)
    private func holds(
        scalar test: SequenceProgram.Test,
        _ run: UInt32,
        _ partition: UInt32,
        _ row: Int,
        _ lane: SequenceLane,
        position: Int
    ) -> Bool {
        let scalar = self.program.scalars[test.scalar]
        if self.entered != ObjectIdentifier(lane) {
            self.evaluator.cursor.enter(lane.frame)
            self.entered = ObjectIdentifier(lane)
        }
        self.evaluator.cursor.row = row
        for slot in scalar.slots {
            let cell = self.program.cells[slot]
            self.evaluator.scalar.captures[slot] = cell.flatMap { self.value(of: run, $0, partition) }
        }
        self.evaluator.scalar.captureBase = 0
        self.evaluator.scalar.isFirstOfStep = test.isFirst
        self.evaluator.scalar.stepReached = Int32(truncatingIfNeeded: position)
        return self.evaluator.scalar.holds(scalar.node)
    }
}

extension SequenceProgram.Test.Relation {
    @inline(__always)
    func holds<Number: Comparable>(_ left: Number, _ right: Number) -> Bool {
        switch self {
        case .less: left < right
        case .lessOrEqual: left <= right
        case .greater: left > right
        case .greaterOrEqual: left >= right
        case .equal: left == right
        case .notEqual: left != right
        case .scalar: false
        }
    }

    var symbol: BinaryOperator? {
        switch self {
        case .less: .less
        case .lessOrEqual: .lessOrEqual
        case .greater: .greater
        case .greaterOrEqual: .greaterOrEqual
        case .equal: .equal
        case .notEqual: .notEqual
        case .scalar: nil
        }
    }
}
