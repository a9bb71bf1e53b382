/// Columns and lists of rows for intermediate results, used again for every batch.
final class ColumnPool {
    private var columns: [Column] = []
    private var usedColumns = 0
    private var lists: [UnsafeMutablePointer<UInt16>] = []
    private var usedLists = 0

    private var times: [UnsafeMutablePointer<Int64>] = []
    private var usedTimes = 0

    deinit {
        for list in self.lists { list.deallocate() }
        for times in self.times { times.deallocate() }
    }

    /// A column whose cells mean nothing yet.
    func column() -> Column {
        if self.usedColumns == self.columns.count { self.columns.append(Column()) }
        self.usedColumns += 1
        let column = self.columns[self.usedColumns - 1]
        column.kinds = .missing
        if !column.boxes.isEmpty { column.boxes.removeAll() }
        return column
    }

    /// Room for the rows of a selection.
    func rows() -> UnsafeMutablePointer<UInt16> {
        if self.usedLists == self.lists.count { self.lists.append(.allocate(capacity: Batch.rowsMax)) }
        self.usedLists += 1
        return self.lists[self.usedLists - 1]
    }

    /// Room for a time in each row.
    func timesOfRows() -> UnsafeMutablePointer<Int64> {
        if self.usedTimes == self.times.count { self.times.append(.allocate(capacity: Batch.rowsMax)) }
        self.usedTimes += 1
        return self.times[self.usedTimes - 1]
    }

    func reset() {
        self.usedTimes = 0
        self.usedColumns = 0
        self.usedLists = 0
    }
}
