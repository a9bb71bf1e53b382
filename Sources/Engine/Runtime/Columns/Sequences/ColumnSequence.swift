import VPL

/// A sequence over batches: `SequenceState`, but what an event is by itself is found out for whole columns first, and of
/// runs only the values are kept that somebody reads.
///
/// Runs of one partition that stay at one position are in a list, in the order of their start. Those that an event moves
/// are taken over as a whole where no condition tells them apart.
final class ColumnSequence {
    let sequence: CompiledSequence
    let program: SequenceProgram
    let stream: CompiledStream
    let batch: Batch
    let evaluator: ColumnEvaluator
    let keySlot: Int?
    /// By the program's fields.
    let fieldSlots: [Int?]
    /// The types that it reads, with the marks that their events may have.
    let marksOfTypes: [((name: String, number: UInt16), [SequenceProgram.Mark])]
    let output: SequenceOutput

    // What loops over events use.
    @exclusivity(unchecked) var runs: RunStore
    @exclusivity(unchecked) var partitions: ColumnPartitions
    @exclusivity(unchecked) var texts = TextStore()
    @exclusivity(unchecked) var boxes = ValueStore()
    @exclusivity(unchecked) var steps = PlainBuffer<StepCode>()
    @exclusivity(unchecked) var negations = PlainBuffer<NegationCode>()
    @exclusivity(unchecked) var tests = PlainBuffer<SequenceProgram.Test>()
    @exclusivity(unchecked) var captures = PlainBuffer<SequenceProgram.Capture>()
    @exclusivity(unchecked) var shown = PlainBuffer<ShownCode>()
    let summaries: UnsafeMutablePointer<SequenceSummary>
    private let summaryCount: Int
    /// Cells that may hold texts, or values that are kept apart.
    @exclusivity(unchecked) var heavyCells = PlainBuffer<Int>()
    /// Whether any ever did.
    @exclusivity(unchecked) var hasHeavy = false
    /// The rows 0, 1, and so on.
    let allRows: UnsafeMutablePointer<UInt16>

    let positionCount: Int
    let hasKey: Bool
    let within: Int64?
    /// Runs that have all their events are matches when their time is over.
    let waits: Bool
    let budget: StateBudget
    /// Whether runs give way to others where the stream holds as much as it may.
    let sparesBytes: Bool
    /// How long a partition is remembered to which nothing comes; nil for ever.
    let patience: Int64?
    /// The latest time of all events.
    @exclusivity(unchecked) var time = Int64.min
    @exclusivity(unchecked) var arrivals: UInt64 = 0
    /// The partition that is looked at next whether it may be forgotten.
    @exclusivity(unchecked) var sweepNext: UInt32 = 1
    /// The way whose events the scalar evaluator sees.
    @exclusivity(unchecked) var entered: ObjectIdentifier?
    /// How many runs did not start because their partition had so many.
    @exclusivity(unchecked) var dropped: UInt64 = 0
    /// How many runs did not start, and how many ended, because the stream held as much as it may.
    @exclusivity(unchecked) var refused: UInt64 = 0
    @exclusivity(unchecked) var evicted: UInt64 = 0
    /// The partition of which an old run ends next, where the one at hand has none.
    @exclusivity(unchecked) var evictedNext: UInt32 = 1

    /// What a step does.
    struct StepCode: BitwiseCopyable {
        let first: Int64
        let firstTests: PlainRange
        /// 0 for a step that takes one event.
        let again: Int64
        let againTests: PlainRange
        let captures: PlainRange
        let summaries: PlainRange
        /// Its event may be the last of a match that is made at once.
        let isCompleting: Bool
        /// No more events come for a run after it.
        let isFinal: Bool

        /// Whether a run holds something of the step's events.
        var isStored: Bool { !self.captures.isEmpty || !self.summaries.isEmpty }
    }

    struct NegationCode: BitwiseCopyable {
        let bit: Int64
        let tests: PlainRange
        /// Only runs at these positions are looked at.
        let positions: PlainRange
    }

    /// Where a value is that matches show.
    struct ShownCode: BitwiseCopyable {
        let slot: Int
        let isOfEvent: Bool
        /// The place of the cell, or of the field.
        let place: Int
    }

    init(
        _ sequence: CompiledSequence,
        of stream: CompiledStream,
        _ plan: Plan,
        _ batch: Batch,
        _ evaluator: ColumnEvaluator,
        budget: StateBudget = StateBudget()
    ) {
        self.sequence = sequence
        self.stream = stream
        self.batch = batch
        self.evaluator = evaluator
        self.budget = budget
        self.sparesBytes = budget.sparesBytes
        self.patience = sequence.patience
        self.output = SequenceOutput(sequence, of: stream, plan, batch)
        let program = SequenceProgram(sequence, plan.code, outputs: self.output.slots)
        self.program = program
        self.keySlot = sequence.key.flatMap { batch.schema.slots.find($0) }
        self.fieldSlots = program.fields.map { batch.schema.slots.find($0) }
        self.hasKey = sequence.key != nil
        self.within = sequence.within
        self.waits = sequence.waitsForDeadline
        self.positionCount = sequence.positionCount
        self.runs = RunStore(cells: program.cellCount)
        self.partitions = ColumnPartitions(positionCount: sequence.positionCount)
        self.marksOfTypes = Self.marksOfTypes(program, batch.schema)
        self.allRows = .allocate(capacity: Batch.rowsMax)
        for row in 0..<Batch.rowsMax { self.allRows[row] = UInt16(row) }
        let summaries = program.summaries.flatMap(\.self)
        self.summaryCount = summaries.count
        self.summaries = .allocate(capacity: summaries.count + 1)
        for (place, summary) in summaries.enumerated() { (self.summaries + place).initialize(to: summary) }
        self.prepare()
    }

    deinit {
        self.runs.deallocate()
        self.partitions.deallocate()
        self.texts.deallocate()
        self.steps.free()
        self.negations.free()
        self.tests.free()
        self.captures.free()
        self.shown.free()
        self.heavyCells.free()
        self.summaries.deinitialize(count: self.summaryCount).deallocate()
        self.allRows.deallocate()
    }

    private static func marksOfTypes(
        _ program: SequenceProgram,
        _ schema: BatchSchema
    ) -> [((name: String, number: UInt16), [SequenceProgram.Mark])] {
        let marks = program.firsts + program.repeats.compactMap(\.self) + program.negations
        return Set(marks.map(\.type)).sorted().map { type in
            ((type, schema.type(named: type)), marks.filter { $0.type == type })
        }
    }

    /// Lays out what loops over events use.
    private func prepare() {
        var summaryStart = 0
        for number in self.sequence.steps.indices {
            let (first, again) = (self.program.firsts[number], self.program.repeats[number])
            let summaryEnd = summaryStart + self.program.summaries[number].count
            self.steps.append(
                StepCode(
                    first: first.bit,
                    firstTests: PlainRange(first.tests),
                    again: again?.bit ?? 0,
                    againTests: PlainRange(again?.tests ?? 0..<0),
                    captures: PlainRange(self.program.captures[number]),
                    summaries: PlainRange(summaryStart..<summaryEnd),
                    isCompleting: number == self.sequence.steps.count - 1 && !self.waits,
                    isFinal: number == self.positionCount
                )
            )
            summaryStart = summaryEnd
        }
        for negation in self.program.negations {
            self.negations.append(
                NegationCode(
                    bit: negation.bit,
                    tests: PlainRange(negation.tests),
                    positions: PlainRange(negation.positions)
                )
            )
        }
        for test in self.program.tests { self.tests.append(test) }
        for capture in self.program.captureCodes {
            self.captures.append(capture)
            if !capture.isKey { self.heavyCells.append(capture.cell) }
        }
        for summary in self.program.summaries.joined() where summary.isHeld { self.heavyCells.append(summary.cell) }
        // A key may be no text either.
        for capture in self.program.captureCodes where capture.isKey { self.heavyCells.append(capture.cell) }
        for slot in self.output.slots.sorted() {
            switch self.program.places[slot] {
            case .cell(let cell): self.shown.append(ShownCode(slot: slot, isOfEvent: false, place: cell))
            case .event(let field): self.shown.append(ShownCode(slot: slot, isOfEvent: true, place: field))
            case nil: break
            }
        }
        if !self.hasKey { self.partitions.addOnly() }
        let slotCount = self.sequence.slotCount
        if self.evaluator.scalar.captures.count < slotCount {
            self.evaluator.scalar.captures = Array(repeating: nil, count: slotCount)
        }
    }

    // MARK: - Batches

    /// The matches that events complete, in rows of their own.
    func run(_ ways: Ways, _ evaluator: ColumnEvaluator) -> Ways {
        self.entered = nil
        let lanes = ways.frames.map { frame in frame.map { SequenceLane($0, self, evaluator) } }
        if lanes.count == 1, let lane = lanes[0] {
            lane.frame.selection.forEach { self.take($0, lane) }
        } else {
            ways.forEach { way, row in if let lane = lanes[way] { self.take(row, lane) } }
        }
        var matches = Ways(frames: [], ranks: [])
        var part = 0
        for (way, lane) in lanes.enumerated() {
            guard let lane else { continue }
            // Parts are counted over all frames of a step.
            if way > 0, ways.ranks[way] != ways.ranks[way - 1] { part = 0 }
            let made = self.matches(of: lane, rank: ways.ranks[way], part: &part)
            matches.frames += made.frames
            matches.ranks += made.ranks
        }
        self.trim()
        return matches
    }

    /// What a lane's matches are for the operations that follow.
    ///
    /// - Parameter part: How many frames there are before.
    func matches(of lane: SequenceLane, rank: Int, part: inout Int) -> Ways {
        self.closeMatches(lane)
        var matches = Ways(frames: [], ranks: [])
        for (var frame, rows) in zip(lane.full, lane.fullRows) {
            frame.origin = self.origin(part, of: lane, rows: rows, count: frame.selection.count, rank: rank)
            frame.number = self.evaluator.newFrameNumber()
            matches.frames.append(frame)
            matches.ranks.append(rank)
            part += 1
        }
        return matches
    }

    private func trim() {
        guard self.runs.liveCount == 0 else { return }
        self.runs.trim()
        if self.hasHeavy {
            self.texts.removeAll()
            self.boxes = ValueStore()
            self.hasHeavy = false
        }
    }

    /// How many runs have begun and not ended, and in how many partitions.
    var liveRunCount: Int { self.runs.liveCount }
    var partitionCount: Int { self.partitions.count }

    /// About what it takes in memory.
    var heldBytes: Int {
        self.runs.heldBytes + self.partitions.heldBytes + self.texts.heldBytes + self.boxes.heldBytes
    }
}

/// A range that is no more than two numbers.
struct PlainRange: BitwiseCopyable {
    let start: Int
    let end: Int

    init(_ range: Range<Int>) {
        self.start = range.lowerBound
        self.end = range.upperBound
    }

    var isEmpty: Bool { self.start == self.end }
}

/// Arrays, maps, and other values that are no more than a word, in places that are used again.
struct ValueStore {
    private var values: [Value] = []
    private var free: [Int] = []

    subscript(place: UInt64) -> Value { self.values[Int(place)] }

    mutating func add(_ value: Value) -> UInt64 {
        self.heldBytes += MemoryLayout<Value>.stride + value.heldBytes
        if let place = self.free.popLast() {
            self.values[place] = value
            return UInt64(place)
        }
        self.values.append(value)
        return UInt64(self.values.count - 1)
    }

    mutating func remove(_ place: UInt64) {
        self.heldBytes -= MemoryLayout<Value>.stride + self.values[Int(place)].heldBytes
        self.values[Int(place)] = .null
        self.free.append(Int(place))
    }

    /// About what the values that are there take in memory.
    private(set) var heldBytes = 0
}
