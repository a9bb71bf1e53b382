/// A field of up to `Batch.rowsMax` events, or the values of an expression over them: a word and a tag for each row.
///
/// Its memory is its own and never moves. Kernels take the pointers once and loop over rows, so that no row touches a
/// reference count.
final class Column {
    let words: UnsafeMutablePointer<UInt64>
    let tags: UnsafeMutablePointer<UInt8>
    /// What the cells may hold. `missing` is in it unless every row that matters has a value.
    var kinds: CellKinds = .missing
    /// The arrays and maps that cells refer to.
    var boxes: [Value] = []

    init() {
        self.words = .allocate(capacity: Batch.rowsMax)
        self.words.initialize(repeating: 0, count: Batch.rowsMax)
        self.tags = .allocate(capacity: Batch.rowsMax)
        self.tags.initialize(repeating: Cell.missing, count: Batch.rowsMax)
    }

    deinit {
        self.words.deallocate()
        self.tags.deallocate()
    }

    /// Makes all cells missing.
    func clear() {
        self.tags.update(repeating: Cell.missing, count: Batch.rowsMax)
        self.kinds = .missing
        if !self.boxes.isEmpty { self.boxes.removeAll() }
    }

    @inline(__always)
    func set(_ row: Int, _ tag: UInt8, _ word: UInt64) {
        self.words[row] = word
        self.tags[row] = tag
        self.kinds.insert(CellKinds(tag))
    }

    /// Finds out whether each of these rows has a value.
    func noteMissing(among rows: Selection) {
        let isFull = (0..<rows.count).allSatisfy { self.tags[rows.row($0)] != Cell.missing }
        if isFull { self.kinds.remove(.missing) } else { self.kinds.insert(.missing) }
    }

    /// Whether all rows that matter hold values of this one kind.
    func isOnly(_ kind: CellKinds) -> Bool { self.kinds == kind }
}

/// A column's memory by itself: what loops over events use, since it is not reference counted.
struct CellPointer: BitwiseCopyable {
    let words: UnsafeMutablePointer<UInt64>
    let tags: UnsafeMutablePointer<UInt8>

    init(_ column: Column) {
        self.words = column.words
        self.tags = column.tags
    }
}
