import VPL

/// Evaluates expressions over a batch: each node of the code once for all rows, by kernels that are chosen by what the
/// columns hold. What has no kernel is evaluated row by row.
///
/// Operations are pure, so operands are evaluated also for rows whose result they cannot change.
final class ColumnEvaluator {
    let batch: Batch
    let code: Code
    private var scalar: Evaluator
    private let pool = ColumnPool()
    /// Missing in every row.
    private let nothing = Column()
    private var globalColumns: [Int: Column] = [:]
    private var constants: [Int32: Column] = [:]
    /// Float twins of int constants.
    private var floats: [Int32: Column] = [:]

    init(_ plan: Plan, _ batch: Batch) {
        self.batch = batch
        self.code = plan.code
        self.scalar = Evaluator(code: plan.code, functions: plan.functions, globals: plan.globals)
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
    func reset() { self.pool.reset() }

    func newRows() -> UnsafeMutablePointer<UInt16> { self.pool.rows() }
    func newColumn() -> Column { self.pool.column() }
    func newTimes() -> UnsafeMutablePointer<Int64> { self.pool.timesOfRows() }

    // MARK: - Conditions

    /// The rows of the frame for which the condition is true.
    func rows(where condition: NodeID, in frame: Frame) -> Selection {
        switch self.code[condition] {
        case .and(let left, let right):
            var rest = frame
            rest.selection = self.rows(where: left, in: frame)
            return rest.selection.count == 0 ? rest.selection : self.rows(where: right, in: rest)
        case .comparison(let symbol, let left, let right):
            if let rows = self.comparedRows(symbol, left, right, in: frame) { return rows }
        default: break
        }
        let column = self.column(condition, in: frame)
        let (tags, words) = (column.tags, column.words)
        return frame.selection.filtered(into: self.pool.rows()) { tags[$0] == Cell.bool && words[$0] != 0 }
    }

    private func comparedRows(_ symbol: BinaryOperator, _ left: NodeID, _ right: NodeID, in frame: Frame) -> Selection?
    {
        let (a, b) = self.operands(left, right, in: frame)
        let out = self.pool.rows()
        let (x, y) = (a.words, b.words)
        let rows = frame.selection
        @inline(__always)
        func int(_ word: UInt64) -> Int64 { Int64(bitPattern: word) }
        @inline(__always)
        func float(_ word: UInt64) -> Double { Double(bitPattern: word) }
        if a.isOnly(.int), b.isOnly(.int) {
            switch symbol {
            case .less: return rows.filtered(into: out) { int(x[$0]) < int(y[$0]) }
            case .lessOrEqual: return rows.filtered(into: out) { int(x[$0]) <= int(y[$0]) }
            case .greater: return rows.filtered(into: out) { int(x[$0]) > int(y[$0]) }
            case .greaterOrEqual: return rows.filtered(into: out) { int(x[$0]) >= int(y[$0]) }
            case .equal: return rows.filtered(into: out) { x[$0] == y[$0] }
            case .notEqual: return rows.filtered(into: out) { x[$0] != y[$0] }
            default: return nil
            }
        }
        if a.isOnly(.float), b.isOnly(.float) {
            switch symbol {
            case .less: return rows.filtered(into: out) { float(x[$0]) < float(y[$0]) }
            case .lessOrEqual: return rows.filtered(into: out) { float(x[$0]) <= float(y[$0]) }
            case .greater: return rows.filtered(into: out) { float(x[$0]) > float(y[$0]) }
            case .greaterOrEqual: return rows.filtered(into: out) { float(x[$0]) >= float(y[$0]) }
            default: return nil
            }
        }
        if a.isOnly(.string), b.isOnly(.string), symbol == .equal || symbol == .notEqual {
            let wanted = symbol == .equal
            return rows.filtered(into: out) { self.isSameText(x[$0], y[$0]) == wanted }
        }
        return nil
    }

    @inline(__always)
    private func isSameText(_ one: UInt64, _ other: UInt64) -> Bool {
        if one == other { return true }
        let (one, other) = (TextPlace(rawValue: one), TextPlace(rawValue: other))
        if one.count != other.count { return false }
        return self.batch.bytes(one).elementsEqual(self.batch.bytes(other))
    }

    /// Both operands, an int constant beside floats as a float.
    private func operands(_ left: NodeID, _ right: NodeID, in frame: Frame) -> (Column, Column) {
        let (a, b) = (self.column(left, in: frame), self.column(right, in: frame))
        if a.isOnly(.float), case .constant(let index) = self.code[right], let float = self.floats[index] {
            return (a, float)
        }
        if b.isOnly(.float), case .constant(let index) = self.code[left], let float = self.floats[index] {
            return (float, b)
        }
        return (a, b)
    }

    // MARK: - Values

    /// The values of an expression. Those of rows that are not in the frame mean nothing.
    func column(_ node: NodeID, in frame: Frame) -> Column {
        switch self.code[node] {
        case .constant(let index):
            if let column = self.constants[index] { return column }
        case .name(let index):
            if let column = self.named(self.code.names[Int(index)], in: frame) { return column }
        case .field(let text):
            let slot = self.batch.schema.slots.find(self.code.texts[Int(text.rawValue)])
            return slot.flatMap { frame.columns[$0] } ?? self.nothing
        case .arithmetic(let symbol, let left, let right):
            if let column = self.arithmetic(symbol, left, right, in: frame) { return column }
        case .comparison(let symbol, let left, let right):
            if let rows = self.comparedRows(symbol, left, right, in: frame) {
                let column = self.pool.column()
                frame.selection.forEach { column.words[$0] = 0 }
                column.tags.update(repeating: Cell.bool, count: Batch.rowsMax)
                rows.forEach { column.words[$0] = 1 }
                column.kinds = .bool
                return column
            }
        case .and(let left, let right): return self.decide(left, right, by: 0, in: frame)
        case .or(let left, let right): return self.decide(left, right, by: 1, in: frame)
        default: break
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

    private func arithmetic(_ symbol: BinaryOperator, _ left: NodeID, _ right: NodeID, in frame: Frame) -> Column? {
        let (a, b) = self.operands(left, right, in: frame)
        let (x, y) = (a.words, b.words)
        if a.isOnly(.int), b.isOnly(.int) {
            switch symbol {
            case .add: return self.made(.int, in: frame) { x[$0] &+ y[$0] }
            case .subtract: return self.made(.int, in: frame) { x[$0] &- y[$0] }
            case .multiply: return self.made(.int, in: frame) { x[$0] &* y[$0] }
            default: return nil
            }
        }
        guard symbol == .add || symbol == .subtract || symbol == .multiply else { return nil }
        func converted(_ column: Column) -> Column? {
            if column.isOnly(.float) { return column }
            guard column.isOnly(.int) else { return nil }
            let words = column.words
            return self.made(.float, in: frame) { Double(Int64(bitPattern: words[$0])).bitPattern }
        }
        @inline(__always)
        func float(_ word: UInt64) -> Double { Double(bitPattern: word) }
        guard let p = converted(a)?.words, let q = converted(b)?.words else { return nil }
        switch symbol {
        case .add: return self.made(.float, in: frame) { (float(p[$0]) + float(q[$0])).bitPattern }
        case .subtract: return self.made(.float, in: frame) { (float(p[$0]) - float(q[$0])).bitPattern }
        default: return self.made(.float, in: frame) { (float(p[$0]) * float(q[$0])).bitPattern }
        }
    }

    /// A column of values of one kind, in every row of the frame.
    @inline(__always)
    private func made(_ kind: CellKinds, in frame: Frame, _ word: (Int) -> UInt64) -> Column {
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

    /// `and` is decided by 0, `or` by 1, on either side; otherwise both must be bools.
    private func decide(_ left: NodeID, _ right: NodeID, by decisive: UInt64, in frame: Frame) -> Column {
        let (a, b) = (self.column(left, in: frame), self.column(right, in: frame))
        let column = self.pool.column()
        frame.selection.forEach { row in
            let (isFirst, isSecond) = (a.tags[row] == Cell.bool, b.tags[row] == Cell.bool)
            if isFirst && a.words[row] == decisive || isSecond && b.words[row] == decisive {
                column.set(row, Cell.bool, decisive)
            } else if isFirst && isSecond {
                column.set(row, Cell.bool, 1 - decisive)
            } else {
                column.tags[row] = Cell.missing
            }
        }
        return column
    }

    // MARK: - Row by row

    private func byRows(_ node: NodeID, in frame: Frame) -> Column {
        let column = self.pool.column()
        frame.selection.forEach { row in
            self.scalar.event = self.event(row, in: frame)
            if let value = self.scalar.evaluate(node) {
                self.batch.set(value, column, row)
            } else {
                column.tags[row] = Cell.missing
            }
        }
        return column
    }

    /// The event in a row, with the fields that the program reads or, after `.emit`, all of them.
    func event(_ row: Int, in frame: Frame) -> Event {
        let type = frame.type ?? self.batch.typeName(row)
        var event = Event(type: type, timestamp: frame.times[row])
        if let fields = frame.fields {
            for field in fields {
                if let value = self.batch.value(field.column, row) { event.fields[field.name] = value }
            }
        } else {
            for (slot, column) in frame.columns.enumerated() {
                if let column, let value = self.batch.value(column, row) {
                    event.fields[self.batch.schema.slots.names[slot]] = value
                }
            }
        }
        return event
    }
}
