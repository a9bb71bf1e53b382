import VPL

/// What an event does to the runs of its partition, in this order: those that are too old end; negations end runs; the
/// others are offered the event; it may start a run.
extension ColumnSequence {
    @inline(__always)
    func take(_ row: Int, _ lane: SequenceLane) {
        let mask = lane.masks[row]
        // The time of an event counts even if it does nothing else.
        if mask == 0, self.within == nil { return }
        let starts = mask & self.steps.base[0].first != 0
        var partition: UInt32 = 1
        if self.hasKey {
            partition = self.partition(of: row, lane, isAdded: self.within != nil || starts)
            if partition == 0 { return }
        }
        let time = lane.times[row]
        if let within = self.within { self.advance(partition, to: time, within, row, lane) }
        if mask != 0 {
            if self.partitions[partition].pointee.runCount > 0 {
                for negation in 0..<self.negations.count where mask & self.negations.base[negation].bit != 0 {
                    self.negate(partition, self.negations.base[negation], row, lane)
                }
                self.offer(row, mask, partition, lane)
            }
            if starts { self.start(row, partition, lane) }
        }
        guard self.hasKey else { return }
        if self.within != nil {
            self.forgetIdle()
        } else if self.partitions[partition].pointee.runCount == 0 {
            self.partitions.remove(partition)
        }
    }

    @inline(__always)
    private func partition(of row: Int, _ lane: SequenceLane, isAdded: Bool) -> UInt32 {
        let word = lane.keyCells.words[row]
        switch lane.keyCells.tags[row] {
        case Cell.string:
            return self.partitions.number(of: self.batch.bytes(TextPlace(rawValue: word)), isAdded: isAdded)
        case Cell.int: return self.partitions.number(of: Int64(bitPattern: word), isAdded: isAdded)
        default: return self.partition(ofOther: self.batch.value(lane.keyColumn, row), isAdded: isAdded)
        }
    }

    @inline(never)
    private func partition(ofOther value: Value?, isAdded: Bool) -> UInt32 {
        var text = value.partitionText
        return text.withUTF8 { self.partitions.number(of: $0, isAdded: isAdded) }
    }

    // MARK: - Time

    @inline(__always)
    private func advance(
        _ partition: UInt32,
        to time: Int64,
        _ within: Int64,
        _ row: Int,
        _ lane: SequenceLane
    ) {
        let known = self.partitions[partition].pointee.time
        if let patience, known != .min, known.isBefore(self.time, minus: patience) {
            self.forgetRuns(of: partition)
            self.partitions[partition].pointee.time = .min
        }
        self.time = max(self.time, time)
        let now = max(self.partitions[partition].pointee.time, time)
        self.partitions[partition].pointee.time = now
        while true {
            let run = self.partitions[partition].pointee.earliest
            guard run != 0, self.runs[run].pointee.start.isBefore(now, minus: within) else { return }
            if self.waits, self.runs[run].pointee.isWaiting { self.completeLate(run, row, partition, lane) }
            self.endWherever(run, of: partition)
        }
    }

    /// Now and then some partitions are looked at: those are forgotten for which nothing came for twice as long as a run
    /// may take. All are looked at before as many events came as half of their number.
    @inline(__always)
    private func forgetIdle() {
        self.arrivals &+= 1
        if self.arrivals & 31 == 0 { self.sweep(64) }
    }

    @inline(never)
    private func sweep(_ count: Int) {
        guard let patience else { return }
        for _ in 0..<min(count, self.partitions.numberEnd - 1) {
            let partition = self.sweepNext
            self.sweepNext = Int(partition) + 1 < self.partitions.numberEnd ? partition + 1 : 1
            guard self.partitions.isUsed(partition),
                self.partitions[partition].pointee.time.isBefore(self.time, minus: patience)
            else { continue }
            self.forgetRuns(of: partition)
            if self.partitions[partition].pointee.runCount == 0 { self.partitions.remove(partition) }
        }
    }

    // MARK: - Negation

    /// Ends the runs of a partition for which the negation's conditions hold.
    private func negate(_ partition: UInt32, _ negation: NegationCode, _ row: Int, _ lane: SequenceLane) {
        for position in negation.positions.start..<negation.positions.end {
            var run = self.partitions.lists(partition)[position].first
            while run != 0 {
                let next = self.runs[run].pointee.next
                if self.holds(negation.tests, run, partition, row, lane, position: position) {
                    self.unlink(run, at: position, of: partition)
                    self.end(run, of: partition)
                }
                run = next
            }
        }
    }

    // MARK: - Steps

    /// Offers an event to the runs of a partition. Those that stay the furthest come first, so that none is offered it twice.
    private func offer(_ row: Int, _ mask: Int64, _ partition: UInt32, _ lane: SequenceLane) {
        var position = self.positionCount - 1
        let step = self.steps.base[position]
        if step.isCompleting, position > 0, mask & step.again != 0, mask & step.first != 0,
            self.partitions.lists(partition)[position].first != 0,
            self.partitions.lists(partition)[position - 1].first != 0
        {
            self.offerLast(row, mask, partition, lane)
            position -= 2
        }
        while position >= 0 {
            if self.partitions.lists(partition)[position].first != 0 {
                self.offer(row, mask, partition, lane, at: position)
            }
            position -= 1
        }
    }

    @inline(__always)
    private func offer(_ row: Int, _ mask: Int64, _ partition: UInt32, _ lane: SequenceLane, at position: Int) {
        let repeats = mask & self.steps.base[position].again != 0
        let advances = position + 1 < self.steps.count && mask & self.steps.base[position + 1].first != 0
        guard repeats || advances else { return }
        if !repeats, self.steps.base[position + 1].firstTests.isEmpty {
            return self.moveAll(row, partition, lane, from: position)
        }
        var moved = ColumnPartitions.List()
        var run = self.partitions.lists(partition)[position].first
        while run != 0 {
            let next = self.runs[run].pointee.next
            self.offer(row, mask, partition, lane, run, at: position, &moved)
            run = next
        }
        if moved.first != 0 { self.append(moved, at: position + 1, of: partition) }
    }

    /// Offers an event to the runs at the last step, which is Kleene, and to those before it, all in the order of their
    /// start: both complete matches.
    private func offerLast(_ row: Int, _ mask: Int64, _ partition: UInt32, _ lane: SequenceLane) {
        let last = self.positionCount - 1
        var moved = ColumnPartitions.List()
        var (run, other) = (
            self.partitions.lists(partition)[last].first, self.partitions.lists(partition)[last - 1].first
        )
        while run != 0 || other != 0 {
            if other == 0 || run != 0 && self.runs[run].pointee.number < self.runs[other].pointee.number {
                let next = self.runs[run].pointee.next
                self.offer(row, mask, partition, lane, run, at: last, &moved)
                run = next
            } else {
                let next = self.runs[other].pointee.next
                self.offer(row, mask, partition, lane, other, at: last - 1, &moved)
                other = next
            }
        }
        if moved.first != 0 { self.append(moved, at: last, of: partition) }
    }

    /// - Parameter moved: The runs that the event takes to the next position.
    @inline(__always)
    private func offer(
        _ row: Int,
        _ mask: Int64,
        _ partition: UInt32,
        _ lane: SequenceLane,
        _ run: UInt32,
        at position: Int,
        _ moved: inout ColumnPartitions.List
    ) {
        let step = self.steps.base[position]
        if mask & step.again != 0, self.holds(step.againTests, run, partition, row, lane, position: position) {
            self.accept(row, lane, step, run)
            if step.isCompleting { self.complete(run, row, partition, lane) }
            return
        }
        guard position + 1 < self.steps.count else { return }
        let next = self.steps.base[position + 1]
        guard mask & next.first != 0, self.holds(next.firstTests, run, partition, row, lane, position: position) else {
            return
        }
        if next.isFinal {
            self.complete(run, row, partition, lane)
            self.unlink(run, at: position, of: partition)
            self.end(run, of: partition)
            return
        }
        self.accept(row, lane, next, run)
        if next.isCompleting { self.complete(run, row, partition, lane) }
        if self.waits, position + 2 == self.steps.count { self.runs[run].pointee.wait() }
        self.unlink(run, at: position, of: partition)
        self.runs[run].pointee.previous = moved.last
        self.runs[run].pointee.next = 0
        if moved.last != 0 { self.runs[moved.last].pointee.next = run } else { moved.first = run }
        moved.last = run
    }

    /// The event takes all runs at a position to the next.
    @inline(__always)
    private func moveAll(_ row: Int, _ partition: UInt32, _ lane: SequenceLane, from position: Int) {
        let all = self.partitions.lists(partition)[position]
        let next = self.steps.base[position + 1]
        self.partitions.lists(partition)[position] = ColumnPartitions.List()
        let completes = next.isFinal
        let waits = self.waits && position + 2 == self.steps.count
        if completes || next.isStored || next.isCompleting || waits {
            var run = all.first
            while run != 0 {
                let following = self.runs[run].pointee.next
                if !completes { self.accept(row, lane, next, run) }
                if next.isCompleting { self.complete(run, row, partition, lane) }
                if waits { self.runs[run].pointee.wait() }
                if completes { self.end(run, of: partition) }
                run = following
            }
        }
        if !completes { self.append(all, at: position + 1, of: partition) }
    }

    /// A step takes the event for a run.
    @inline(__always)
    private func accept(_ row: Int, _ lane: SequenceLane, _ step: StepCode, _ run: UInt32) {
        for place in step.captures.start..<step.captures.end {
            let capture = self.captures.base[place]
            let cells = lane.fieldCells[capture.field]
            let tag = cells.tags[row]
            if tag == Cell.string, capture.isKey {
                self.release(run, capture.cell)
                self.runs.tags(run)[capture.cell] = HeldCell.key
            } else if tag == Cell.string || tag == Cell.boxed {
                self.hold(row, lane, capture.field, in: run, capture.cell)
            } else {
                self.release(run, capture.cell)
                self.runs.tags(run)[capture.cell] = tag
                self.runs.words(run)[capture.cell] = cells.words[row]
            }
        }
        if !step.summaries.isEmpty { self.addUp(row, lane, step.summaries, run) }
    }

    private func addUp(_ row: Int, _ lane: SequenceLane, _ places: PlainRange, _ run: UInt32) {
        for place in places.start..<places.end {
            let summary = self.summaries[place]
            let cells = summary.field.map { lane.fieldCells[$0] }
            let (tag, word) = cells.map { ($0.tags[row], $0.words[row]) } ?? (Cell.missing, 0)
            guard summary.isHeld else {
                summary.add(tag, word, self.runs.words(run), self.runs.tags(run))
                continue
            }
            if summary.function == .first, self.runs.tags(run)[summary.cell] != Cell.missing { continue }
            if tag == Cell.string || tag == Cell.boxed, let field = summary.field {
                self.hold(row, lane, field, in: run, summary.cell)
            } else {
                self.release(run, summary.cell)
                self.runs.tags(run)[summary.cell] = tag == Cell.missing ? Cell.null : tag
                self.runs.words(run)[summary.cell] = word
            }
        }
    }

    // MARK: - Starts

    @inline(__always)
    private func start(_ row: Int, _ partition: UInt32, _ lane: SequenceLane) {
        let step = self.steps.base[0]
        guard self.holds(step.firstTests, 0, partition, row, lane, position: 0) else { return }
        let time = lane.times[row]
        // A single event is a match.
        guard self.positionCount > 0 else { return self.complete(0, row, partition, lane, start: time) }
        guard self.partitions[partition].pointee.runCount < self.budget.runsPerKey else {
            self.dropped += 1
            return
        }
        if self.sparesBytes, !self.makeRoom(for: partition) { return }
        // One that is too old already would end before anything is offered to it, unless it has all its events.
        let isComplete = self.steps.count == 1
        if !isComplete, let within = self.within,
            time.isBefore(self.partitions[partition].pointee.time, minus: within)
        {
            return
        }
        let run = self.runs.begin(at: time)
        self.accept(row, lane, step, run)
        let list = self.partitions.lists(partition)
        let last = list.pointee.last
        self.runs[run].pointee.previous = last
        if last != 0 { self.runs[last].pointee.next = run } else { list.pointee.first = run }
        list.pointee.last = run
        self.partitions[partition].pointee.runCount += 1
        if self.within != nil { self.linkByTime(run, of: partition) }
        guard isComplete else { return }
        if self.waits { self.runs[run].pointee.wait() } else { self.complete(run, row, partition, lane) }
    }
}
