import VPL

/// Arithmetic over whole columns.
extension ColumnEvaluator {
    func arithmetic(_ symbol: BinaryOperator, _ left: NodeID, _ right: NodeID, in frame: Frame) -> Column {
        let (a, b) = self.operands(left, right, in: frame)
        return self.kernel(symbol, a, b, in: frame)
            ?? self.combined(a, b, in: frame) { left, right in
                guard let left, let right else { return nil }
                return symbol.apply(to: left, right)
            }
    }

    /// Both operands, an int constant beside floats as a float.
    func operands(_ left: NodeID, _ right: NodeID, in frame: Frame) -> (Column, Column) {
        let (a, b) = (self.column(left, in: frame), self.column(right, in: frame))
        if a.isOnly(.float), case .constant(let index) = self.code[right], let float = self.floats[index] {
            return (a, float)
        }
        if b.isOnly(.float), case .constant(let index) = self.code[left], let float = self.floats[index] {
            return (float, b)
        }
        return (a, b)
    }

    /// Nil where there is no kernel for what the columns hold.
    private func kernel(_ symbol: BinaryOperator, _ a: Column, _ b: Column, in frame: Frame) -> Column? {
        let (x, y) = (a.words, b.words)
        if a.isOnly(.int), b.isOnly(.int) {
            switch symbol {
            case .add: return self.made(.int, in: frame) { x[$0] &+ y[$0] }
            case .subtract: return self.made(.int, in: frame) { x[$0] &- y[$0] }
            case .multiply: return self.made(.int, in: frame) { x[$0] &* y[$0] }
            case .divide:
                return self.quotient(Cell.int, in: frame) {
                    let (dividend, divisor) = (Int64(bitPattern: x[$0]), Int64(bitPattern: y[$0]))
                    if divisor == 0 { return nil }
                    // The minimum divided by -1 overflows and wraps to itself.
                    return UInt64(bitPattern: dividend.dividedReportingOverflow(by: divisor).partialValue)
                }
            case .remainder:
                return self.quotient(Cell.int, in: frame) {
                    let (dividend, divisor) = (Int64(bitPattern: x[$0]), Int64(bitPattern: y[$0]))
                    if divisor == 0 { return nil }
                    return UInt64(bitPattern: dividend.remainderReportingOverflow(dividingBy: divisor).partialValue)
                }
            default: return nil
            }
        }
        switch symbol {
        case .add, .subtract, .multiply, .divide: break
        default: return nil
        }
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
        case .multiply: return self.made(.float, in: frame) { (float(p[$0]) * float(q[$0])).bitPattern }
        default:
            return self.quotient(Cell.float, in: frame) {
                float(q[$0]) == 0 ? nil : (float(p[$0]) / float(q[$0])).bitPattern
            }
        }
    }

    /// Values of one kind, missing where `word` is nil.
    @inline(__always)
    private func quotient(_ tag: UInt8, in frame: Frame, _ word: (Int) -> UInt64?) -> Column {
        let column = self.pool.column()
        let (words, tags) = (column.words, column.tags)
        var isFull = true
        frame.selection.forEach { row in
            if let word = word(row) {
                words[row] = word
                tags[row] = tag
            } else {
                tags[row] = Cell.missing
                isFull = false
            }
        }
        column.kinds = isFull ? CellKinds(tag) : [CellKinds(tag), .missing]
        return column
    }

    func unary(_ symbol: UnaryOperator, _ operand: NodeID, in frame: Frame) -> Column {
        let a = self.column(operand, in: frame)
        let x = a.words
        switch symbol {
        case .negate where a.isOnly(.int): return self.made(.int, in: frame) { 0 &- x[$0] }
        case .negate where a.isOnly(.float): return self.made(.float, in: frame) { x[$0] ^ 1 << 63 }
        case .not where a.isOnly(.bool): return self.made(.bool, in: frame) { 1 - x[$0] }
        default: return self.combined(a, self.nothing, in: frame) { value, _ in value.flatMap { symbol.apply(to: $0) } }
        }
    }
}
