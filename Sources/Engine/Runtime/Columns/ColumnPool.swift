/// Columns and lists of rows for intermediate results, used again for every batch.
final class ColumnPool {
    private var columns: [Column] = []
    private var usedColumns = 0
    private var lists: [UnsafeMutablePointer<UInt16>] = []
    private var usedLists = 0

    deinit { for list in self.lists { list.deallocate() } }

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

    func reset() {
        self.usedColumns = 0
        self.usedLists = 0
    }
}
