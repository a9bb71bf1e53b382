import VPL

/// What is put together row by row, of operands that are whole columns.
extension ColumnEvaluator {
    /// A value for each row, of those in two columns.
    func combined(_ a: Column, _ b: Column, in frame: Frame, _ body: (Value?, Value?) -> Value?) -> Column {
        let column = self.pool.column()
        frame.selection.forEach { row in
            self.batch.write(body(self.batch.value(a, row), self.batch.value(b, row)), to: column, row)
        }
        column.noteMissing(among: frame.selection)
        return column
    }

    /// `and` is decided by 0, `or` by 1, on either side; otherwise both must be bools.
    func decide(_ left: NodeID, _ right: NodeID, by decisive: UInt64, in frame: Frame) -> Column {
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

    /// Not true is the alternative, missing is missing.
    func conditional(
        _ condition: NodeID,
        _ consequence: NodeID,
        _ alternative: NodeID,
        in frame: Frame
    ) -> Column {
        let condition = self.column(condition, in: frame)
        let (a, b) = (self.column(consequence, in: frame), self.column(alternative, in: frame))
        return self.chosen(in: frame) { row in
            let tag = condition.tags[row]
            if tag == Cell.missing { return self.nothing }
            return tag == Cell.bool && condition.words[row] != 0 ? a : b
        }
    }

    func coalesce(_ left: NodeID, _ right: NodeID, in frame: Frame) -> Column {
        let (a, b) = (self.column(left, in: frame), self.column(right, in: frame))
        return self.chosen(in: frame) { row in a.tags[row] > Cell.null ? a : b }
    }

    /// In each row the cell of the column that `choose` gives.
    private func chosen(in frame: Frame, _ choose: (Int) -> Column) -> Column {
        let column = self.pool.column()
        frame.selection.forEach { row in
            let from = choose(row)
            let tag = from.tags[row]
            if tag == Cell.boxed {
                self.batch.write(self.batch.value(from, row), to: column, row)
            } else {
                column.set(row, tag, from.words[row])
            }
        }
        column.noteMissing(among: frame.selection)
        return column
    }

    func call(_ function: BuiltinFunction, _ arguments: NodeList, in frame: Frame) -> Column {
        let columns = arguments.indices.map { self.column(self.code.operands[$0], in: frame) }
        if let column = self.kernel(function, columns, in: frame) { return column }
        var values = [Value?](repeating: nil, count: columns.count)
        let column = self.pool.column()
        // `now` asks for the time of the row.
        self.cursor.enter(frame)
        frame.selection.forEach { row in
            self.cursor.row = row
            for place in columns.indices { values[place] = self.batch.value(columns[place], row) }
            self.batch.write(self.scalar.apply(function, to: values), to: column, row)
        }
        column.noteMissing(among: frame.selection)
        return column
    }
}
