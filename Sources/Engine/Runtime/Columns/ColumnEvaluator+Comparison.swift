import VPL

/// Comparisons over whole columns.
extension ColumnEvaluator {
    func comparison(_ symbol: BinaryOperator, _ left: NodeID, _ right: NodeID, in frame: Frame) -> Column {
        let (a, b) = self.comparands(symbol, left, right, in: frame)
        guard let rows = self.comparedRows(symbol, a, b, in: frame) else {
            return self.comparedByRows(symbol, a, b, in: frame)
        }
        let column = self.pool.column()
        frame.selection.forEach { column.words[$0] = 0 }
        column.tags.update(repeating: Cell.bool, count: Batch.rowsMax)
        rows.forEach { column.words[$0] = 1 }
        column.kinds = .bool
        return column
    }

    /// The rows for which the comparison is true.
    func rows(where symbol: BinaryOperator, _ left: NodeID, _ right: NodeID, in frame: Frame) -> Selection {
        let (a, b) = self.comparands(symbol, left, right, in: frame)
        return self.comparedRows(symbol, a, b, in: frame)
            ?? self.rows(whereTrue: self.comparedByRows(symbol, a, b, in: frame), in: frame)
    }

    private func comparands(
        _ symbol: BinaryOperator,
        _ left: NodeID,
        _ right: NodeID,
        in frame: Frame
    ) -> (Column, Column) {
        // 1 is not identical to 1.0.
        symbol == .identical
            ? (self.column(left, in: frame), self.column(right, in: frame)) : self.operands(left, right, in: frame)
    }

    private func comparedByRows(_ symbol: BinaryOperator, _ a: Column, _ b: Column, in frame: Frame) -> Column {
        self.combined(a, b, in: frame) { symbol.compare($0, $1).map { .bool($0) } }
    }

    /// The rows for which the comparison is true. Nil where there is no kernel for what the columns hold.
    private func comparedRows(_ symbol: BinaryOperator, _ a: Column, _ b: Column, in frame: Frame) -> Selection? {
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
            case .equal: return rows.filtered(into: out) { Self.areEqual(float(x[$0]), float(y[$0])) }
            case .notEqual: return rows.filtered(into: out) { !Self.areEqual(float(x[$0]), float(y[$0])) }
            default: return nil
            }
        }
        if a.isOnly(.string), b.isOnly(.string), symbol == .equal || symbol == .notEqual {
            let wanted = symbol == .equal
            return rows.filtered(into: out) { self.isSameText(x[$0], y[$0]) == wanted }
        }
        return nil
    }

    /// NaN equals NaN.
    @inline(__always)
    private static func areEqual(_ one: Double, _ other: Double) -> Bool { one == other || one.isNaN && other.isNaN }

    @inline(__always)
    private func isSameText(_ one: UInt64, _ other: UInt64) -> Bool {
        if one == other { return true }
        let (one, other) = (TextPlace(rawValue: one), TextPlace(rawValue: other))
        if one.count != other.count { return false }
        return self.batch.bytes(one).elementsEqual(self.batch.bytes(other))
    }
}
