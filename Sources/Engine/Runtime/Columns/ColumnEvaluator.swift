import VPL

/// Evaluates expressions over a batch: each node of the code once for all rows, by kernels that are chosen by what the
/// columns hold. What has no kernel is evaluated row by row.
///
/// Operations are pure, so operands are evaluated also for rows whose result they cannot change.
final class ColumnEvaluator {
    let batch: Batch
    let code: Code
    var scalar: Evaluator
    let cursor: RowCursor
    let pool = ColumnPool()
    /// Missing in every row.
    let nothing = Column()
    /// Whether a node calls a function of the program, itself or in an operand. A call is bound in what it may do, all
    /// calls of an expression together, so an expression with any is evaluated as a whole.
    private let calls: [Bool]
    private let shared: SharedNodes
    /// What nodes gave that others repeat, by the frame's number and theirs.
    private var known: [SharedKey: Column] = [:]
    private var frameCount = 0

    private struct SharedKey: Hashable {
        let frame: Int
        let node: Int
    }

    private var globalColumns: [Int: Column] = [:]
    private var constants: [Int32: Column] = [:]
    /// Float twins of int constants.
    private(set) var floats: [Int32: Column] = [:]

    init(_ plan: Plan, _ batch: Batch) {
        self.batch = batch
        self.code = plan.code
        self.cursor = RowCursor(batch, plan.code)
        self.calls = plan.code.nodesWithCalls
        self.shared = SharedNodes(plan.code)
        self.scalar = Evaluator(code: plan.code, functions: plan.functions, globals: plan.globals)
        self.scalar.cursor = self.cursor
        for (index, value) in plan.code.constants.enumerated() {
            self.constants[Int32(index)] = self.uniform(value)
            if case .int(let int) = value, let float = Double(exactly: int) {
                self.floats[Int32(index)] = self.uniform(.float(float))
            }
        }
        for (index, value) in plan.globals.enumerated() {
            if let value { self.globalColumns[index] = self.uniform(value) }
        }
        self.batch.heap.keep()
    }

    private func uniform(_ value: Value) -> Column {
        let column = Column()
        self.batch.set(value, column, 0)
        column.words.update(repeating: column.words[0], count: Batch.rowsMax)
        column.tags.update(repeating: column.tags[0], count: Batch.rowsMax)
        column.kinds = CellKinds(column.tags[0])
        return column
    }

    /// Columns and selections that were given out may be used again.
    func reset() {
        self.pool.reset()
        self.frameCount = 0
        if !self.known.isEmpty { self.known.removeAll(keepingCapacity: true) }
    }

    /// A number for a frame with columns of its own. From there on it may only lose rows.
    func newFrameNumber() -> Int {
        self.frameCount += 1
        return self.frameCount
    }

    func newRows() -> UnsafeMutablePointer<UInt16> { self.pool.rows() }
    func newColumn() -> Column { self.pool.column() }
    func newTimes() -> UnsafeMutablePointer<Int64> { self.pool.timesOfRows() }

    // MARK: - Conditions

    /// The rows of the frame for which the condition is true.
    func rows(where condition: NodeID, in frame: Frame) -> Selection {
        switch self.code[condition] {
        case _ where self.calls[Int(condition.rawValue)]: break
        case .and(let left, let right):
            var rest = frame
            rest.selection = self.rows(where: left, in: frame)
            return rest.selection.count == 0 ? rest.selection : self.rows(where: right, in: rest)
        case .comparison(let symbol, let left, let right):
            return self.rows(where: symbol, left, right, in: frame)
        default: break
        }
        return self.rows(whereTrue: self.column(condition, in: frame), in: frame)
    }

    func rows(whereTrue column: Column, in frame: Frame) -> Selection {
        let (tags, words) = (column.tags, column.words)
        return frame.selection.filtered(into: self.pool.rows()) { tags[$0] == Cell.bool && words[$0] != 0 }
    }

    // MARK: - Values

    /// The values of an expression. Those of rows that are not in the frame mean nothing.
    func column(_ node: NodeID, in frame: Frame) -> Column {
        let number = self.shared.numbers[Int(node.rawValue)]
        guard number >= 0, frame.number > 0 else { return self.newColumn(node, in: frame) }
        let key = SharedKey(frame: frame.number, node: number)
        if let column = self.known[key] { return column }
        let column = self.newColumn(node, in: frame)
        self.known[key] = column
        return column
    }

    private func newColumn(_ node: NodeID, in frame: Frame) -> Column {
        switch self.code[node] {
        case _ where self.calls[Int(node.rawValue)]: break
        case .missing: return self.nothing
        case .constant(let index): return self.constants[index] ?? self.nothing
        case .name(let index):
            if let column = self.named(self.code.names[Int(index)], in: frame) { return column }
        case .field(let text):
            let slot = self.batch.schema.slots.find(self.code.texts[Int(text.rawValue)])
            return slot.flatMap { frame.columns[$0] } ?? self.nothing
        case .arithmetic(let symbol, let left, let right): return self.arithmetic(symbol, left, right, in: frame)
        case .comparison(let symbol, let left, let right): return self.comparison(symbol, left, right, in: frame)
        case .unary(let symbol, let operand): return self.unary(symbol, operand, in: frame)
        case .and(let left, let right): return self.decide(left, right, by: 0, in: frame)
        case .or(let left, let right): return self.decide(left, right, by: 1, in: frame)
        case .conditional(let condition, let consequence, let alternative):
            return self.conditional(condition, consequence, alternative, in: frame)
        case .coalesce(let left, let right): return self.coalesce(left, right, in: frame)
        case .template(let index): return self.template(self.code.templates[Int(index)], in: frame)
        case .builtin(let function, let arguments): return self.call(function, arguments, in: frame)
        case .member, .index, .slice, .array, .map, .typeTest, .range, .call: break
        case .matched(let slot):
            return Int(slot) < frame.captured.count ? frame.captured[Int(slot)] ?? self.nothing : self.nothing
        // Of a run, not of a row: see `ColumnSequence`.
        case .captured, .unlessFirst, .ifReached: break
        // The lambdas of `.pattern` are not done in columns.
        case .batch, .method: break
        }
        return self.byRows(node, in: frame)
    }

    /// A field, or else what the name means where there is none. Nil where that differs from row to row.
    private func named(_ name: NameReference, in frame: Frame) -> Column? {
        guard name.local == nil else { return nil }
        let slot = self.batch.schema.slots.find(name.text)
        if let column = slot.flatMap({ frame.columns[$0] }) {
            let isPlain = !column.kinds.contains(.missing) || name.global == nil && name.text != "timestamp"
            return isPlain ? column : nil
        }
        if name.text == "timestamp" {
            let times = frame.times
            return self.made(CellKinds(Cell.timestamp), in: frame) { UInt64(bitPattern: times[$0]) }
        }
        return name.global.flatMap { self.globalColumns[$0] } ?? self.nothing
    }

    /// A column of values of one kind, in every row of the frame.
    @inline(__always)
    func made(_ kind: CellKinds, in frame: Frame, _ word: (Int) -> UInt64) -> Column {
        let column = self.pool.column()
        let words = column.words
        frame.selection.forEach { words[$0] = word($0) }
        column.tags.update(
            repeating: UInt8(truncatingIfNeeded: kind.rawValue.trailingZeroBitCount),
            count: Batch.rowsMax
        )
        column.kinds = kind
        return column
    }

    // MARK: - Row by row

    private func byRows(_ node: NodeID, in frame: Frame) -> Column {
        let column = self.pool.column()
        self.cursor.enter(frame)
        frame.selection.forEach { row in
            self.cursor.row = row
            self.batch.write(self.scalar.evaluate(node), to: column, row)
        }
        column.noteMissing(among: frame.selection)
        return column
    }
}
