import VPL

/// A sequence as it is matched over batches: its conditions are taken apart into those of an event by itself, which are
/// evaluated for all rows of a batch at once, and those that look at what a run holds.
struct SequenceProgram {
    /// What an event may be to the sequence: the first event of a step, one more of a Kleene step, or a negation. Each has
    /// a bit in the masks of rows.
    struct Mark {
        let type: String
        let bit: Int64
        /// Of the event by itself.
        let conditions: [NodeID]
        /// Of the event and a run.
        let tests: Range<Int>
        /// For a negation: only runs at these positions are looked at.
        var positions = 0..<0
    }

    /// A condition of an event and a run. All of a mark's must hold.
    struct Test: BitwiseCopyable {
        enum Relation: UInt8 {
            case less, lessOrEqual, greater, greaterOrEqual, equal, notEqual
            /// Evaluated for the run and the row as it was written.
            case scalar
        }

        let relation: Relation
        /// What the event has on the left: the place among `operands`.
        var operand = 0
        /// What the run has on the right.
        var cell = 0
        /// What is evaluated otherwise: the place among `scalars`.
        var scalar = 0
        /// Whether the step has taken no event for the run.
        var isFirst = true
    }

    /// A condition that is evaluated for a run and a row, with the values of the run that it reads.
    struct Scalar {
        let node: NodeID
        let slots: [Int]
    }

    /// Where a value of the sequence's slots is: in the runs' cells, or in the row of the event that completes a match.
    enum Place {
        case cell(Int)
        case event(field: Int)
    }

    /// A cell that a step sets.
    struct Capture: BitwiseCopyable {
        /// The place among `fields`.
        let field: Int
        let cell: Int
        /// Its text is that of the partition.
        let isKey: Bool
    }

    let sequence: CompiledSequence
    /// By step; what begins a run at first.
    private(set) var firsts: [Mark] = []
    /// By step; nil for one that takes one event.
    private(set) var repeats: [Mark?] = []
    private(set) var negations: [Mark] = []
    private(set) var tests: [Test] = []
    /// Expressions of events that are compared with what runs hold.
    private(set) var operands: [NodeID] = []
    private(set) var scalars: [Scalar] = []
    /// The fields of events that runs or matches take.
    private(set) var fields: [String] = []
    private(set) var captures: [Range<Int>] = []
    private(set) var captureCodes: [Capture] = []
    private(set) var summaries: [[SequenceSummary]] = []
    /// By slot of the sequence; nil for those that nobody reads.
    private(set) var places: [Place?]
    private(set) var cellCount = 0

    private static let marksMax = 60

    /// Whether it is done in columns: not where matches hold whole events, where values are gathered in sets, or where
    /// steps may be skipped or come in any order.
    static func isSuitable(_ sequence: CompiledSequence) -> Bool {
        let marks = sequence.steps.count + sequence.steps.count { $0.isKleene } + sequence.negations.count
        return !sequence.output.isWhole && marks <= Self.marksMax && sequence.tree == nil
            && sequence.steps.allSatisfy { !$0.isOptional && $0.presenceSlot == nil }
            && sequence.steps.allSatisfy { $0.summaries.allSatisfy { $0.call.function != .countDistinct } }
    }

    /// The fields of events that it reads beside those in expressions.
    static func fields(of sequence: CompiledSequence) -> Set<String> {
        var fields = Set(sequence.steps.flatMap(\.captures).map(\.field))
        fields.formUnion(sequence.steps.flatMap(\.summaries).compactMap(\.field))
        if let key = sequence.key { fields.insert(key) }
        return fields
    }

    /// - Parameter outputs: The slots that matches show.
    init(_ sequence: CompiledSequence, _ code: Code, outputs: Set<Int>) {
        self.sequence = sequence
        self.places = Array(repeating: nil, count: sequence.slotCount)
        let reader = SequenceConditions(code)
        self.place(outputs, conditions: reader.slots(of: sequence))
        var bit: Int64 = 1
        func nextBit() -> Int64 {
            defer { bit <<= 1 }
            return bit
        }
        for step in sequence.steps {
            self.firsts.append(self.mark(step.type, step.conditions, nextBit(), isFirst: true, reader))
            let repeated =
                step.isKleene ? self.mark(step.type, step.conditions, nextBit(), isFirst: false, reader) : nil
            self.repeats.append(repeated)
        }
        for negation in sequence.negations {
            let conditions = [negation.condition].compactMap(\.self)
            var mark = self.mark(negation.type, conditions, nextBit(), isFirst: true, reader)
            if let positions = negation.positions { mark.positions = mark.positions.clamped(to: Range(positions)) }
            self.negations.append(mark)
        }
    }

    /// Gives each slot that is read a place.
    private mutating func place(_ outputs: Set<Int>, conditions: Set<Int>) {
        for (number, step) in self.sequence.steps.enumerated() {
            // A match is completed by the last event of the last step, unless it waits for its deadline.
            let isLast = number == self.sequence.steps.count - 1 && !self.sequence.waitsForDeadline
            let first = self.captureCodes.count
            for capture in step.captures {
                let isShown = outputs.contains(capture.slot)
                guard isShown || conditions.contains(capture.slot) else { continue }
                let field = self.field(capture.field)
                if isLast { self.places[capture.slot] = .event(field: field) }
                guard !isLast || conditions.contains(capture.slot) else { continue }
                if !isLast { self.places[capture.slot] = .cell(self.cellCount) }
                self.cells[capture.slot] = self.cellCount
                let isKey = capture.field == self.sequence.key
                self.captureCodes.append(Capture(field: field, cell: self.cellCount, isKey: isKey))
                self.cellCount += 1
            }
            self.captures.append(first..<self.captureCodes.count)
            self.summaries.append([])
            for summary in step.summaries {
                let field = summary.field.map { self.field($0) }
                let code = SequenceSummary(summary.call, field: field, cell: self.cellCount)
                self.cells[summary.slot] = self.cellCount
                self.places[summary.slot] = .cell(self.cellCount)
                self.cellCount += code.cellCount
                self.summaries[number].append(code)
            }
        }
    }

    /// By slot: the cell of runs that holds it.
    private(set) var cells: [Int: Int] = [:]

    private mutating func field(_ name: String) -> Int {
        if let place = self.fields.firstIndex(of: name) { return place }
        self.fields.append(name)
        return self.fields.count - 1
    }

    private mutating func mark(
        _ type: String,
        _ conditions: [NodeID],
        _ bit: Int64,
        isFirst: Bool,
        _ reader: SequenceConditions
    ) -> Mark {
        let first = self.tests.count
        var own: [NodeID] = []
        var positionMin = 0
        for part in conditions.flatMap({ reader.parts(of: $0, isFirst: isFirst) }) {
            positionMin = max(positionMin, part.stepMin)
            if !reader.looksAtRun(part.node) {
                own.append(part.node)
            } else {
                self.tests.append(self.test(part.node, isFirst: isFirst, reader))
            }
        }
        return Mark(
            type: type,
            bit: bit,
            conditions: own,
            tests: first..<self.tests.count,
            positions: min(positionMin, self.sequence.positionCount)..<self.sequence.positionCount
        )
    }

    private mutating func test(_ node: NodeID, isFirst: Bool, _ reader: SequenceConditions) -> Test {
        if let (relation, operand, slot) = reader.comparison(node), let cell = self.cells[slot] {
            self.operands.append(operand)
            return Test(relation: relation, operand: self.operands.count - 1, cell: cell, isFirst: isFirst)
        }
        self.scalars.append(Scalar(node: node, slots: reader.slots(in: node)))
        return Test(relation: .scalar, scalar: self.scalars.count - 1, isFirst: isFirst)
    }
}
