import VPL

/// The events that come to a sequence on one way, and the matches that they complete, as pointers: a loop over them counts
/// no references.
final class SequenceLane {
    let frame: Frame
    let times: UnsafeMutablePointer<Int64>
    /// By row: the bits of the marks whose own conditions hold.
    let masks: UnsafeMutablePointer<Int64>
    let keyCells: CellPointer
    let keyColumn: Column
    /// Whether the key of a run's partition is that of the row: not where no event tells the time.
    @exclusivity(unchecked) var hasKeys = true
    /// By the program's fields.
    let fieldCells: UnsafeMutablePointer<CellPointer>
    let fieldColumns: [Column]
    /// By the program's operands.
    let operandCells: UnsafeMutablePointer<CellPointer>
    private(set) var operandColumns: [Column]

    /// The matches of the frame that is being filled, and the frames that are full.
    @exclusivity(unchecked) var matchCount = 0
    @exclusivity(unchecked) var matchRows: UnsafeMutablePointer<UInt16>
    @exclusivity(unchecked) var matchTimes: UnsafeMutablePointer<Int64>
    @exclusivity(unchecked) var durations: CellPointer
    @exclusivity(unchecked) var durationColumn: Column
    /// By what matches show.
    let shownCells: UnsafeMutablePointer<CellPointer>
    let shownKinds: UnsafeMutablePointer<UInt16>
    @exclusivity(unchecked) var shownColumns: [Column] = []
    @exclusivity(unchecked) var full: [Frame] = []
    /// Of each full frame: the rows of the events that completed its matches.
    @exclusivity(unchecked) var fullRows: [UnsafeMutablePointer<UInt16>] = []

    init(_ frame: Frame, _ owner: ColumnSequence, _ evaluator: ColumnEvaluator) {
        let nothing = evaluator.nothing
        self.frame = frame
        self.times = frame.times
        self.masks = evaluator.newTimes()
        self.masks.update(repeating: 0, count: Batch.rowsMax)
        self.keyColumn = owner.keySlot.flatMap { frame.columns[$0] } ?? nothing
        self.keyCells = CellPointer(self.keyColumn)
        self.fieldColumns = owner.fieldSlots.map { slot in slot.flatMap { frame.columns[$0] } ?? nothing }
        self.fieldCells = .allocate(capacity: self.fieldColumns.count + 1)
        for (place, column) in self.fieldColumns.enumerated() {
            (self.fieldCells + place).initialize(to: CellPointer(column))
        }
        let operandCount = owner.program.operands.count
        self.operandColumns = Array(repeating: nothing, count: operandCount)
        self.operandCells = .allocate(capacity: operandCount + 1)
        self.operandCells.initialize(repeating: CellPointer(nothing), count: operandCount)
        let shownCount = owner.shown.count
        self.shownCells = .allocate(capacity: shownCount + 1)
        self.shownCells.initialize(repeating: CellPointer(nothing), count: shownCount)
        self.shownKinds = .allocate(capacity: shownCount + 1)
        self.shownKinds.initialize(repeating: 0, count: shownCount)
        self.matchRows = evaluator.newRows()
        self.matchTimes = evaluator.newTimes()
        self.durationColumn = nothing
        self.durations = CellPointer(nothing)
        self.mark(owner, evaluator)
    }

    deinit {
        self.fieldCells.deallocate()
        self.operandCells.deallocate()
        self.shownCells.deallocate()
        self.shownKinds.deallocate()
    }

    // MARK: - Conditions of events by themselves

    /// Finds out for each row which marks it may have, and evaluates what is compared with runs.
    private func mark(_ owner: ColumnSequence, _ evaluator: ColumnEvaluator) {
        for (type, marks) in owner.marksOfTypes {
            var ofType = self.frame
            // Each condition sees other rows.
            ofType.number = 0
            if let own = self.frame.type {
                guard own == type.name else { continue }
            } else {
                let (types, number) = (evaluator.batch.types, type.number)
                ofType.selection = self.frame.selection.filtered(into: evaluator.newRows()) { types[$0] == number }
            }
            guard ofType.selection.count > 0 else { continue }
            for mark in marks { self.mark(mark, ofType, owner, evaluator) }
        }
    }

    private func mark(
        _ mark: SequenceProgram.Mark,
        _ ofType: Frame,
        _ owner: ColumnSequence,
        _ evaluator: ColumnEvaluator
    ) {
        var rest = ofType
        for condition in mark.conditions where rest.selection.count > 0 {
            rest.selection = evaluator.rows(where: condition, in: rest)
        }
        guard rest.selection.count > 0 else { return }
        let (masks, bit) = (self.masks, mark.bit)
        rest.selection.forEach { masks[$0] |= bit }
        for test in owner.program.tests[mark.tests] where test.relation != .scalar {
            let column = evaluator.column(owner.program.operands[test.operand], in: rest)
            self.operandColumns[test.operand] = column
            self.operandCells[test.operand] = CellPointer(column)
        }
    }
}
