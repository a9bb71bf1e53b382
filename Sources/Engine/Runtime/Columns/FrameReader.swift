#if canImport(Glibc)
    import Glibc
#endif

/// Reads a frame of events into a batch: of the fields that the program reads, whole columns at once.
///
/// Texts stay in the frame, which is the batch's input.
struct FrameReader {
    private let layout: FrameLayout
    private let batch: Batch
    private let bytes: UnsafePointer<UInt8>

    /// - Parameter batch: Without events.
    init(_ layout: FrameLayout, _ batch: Batch) {
        precondition(batch.count == 0 && EventFrame.rowsMax <= Batch.rowsMax, "a frame takes a batch of its own")
        self.layout = layout
        self.batch = batch
        self.bytes = layout.bytes
    }

    func fill() {
        self.batch.input = self.bytes
        self.batch.hasRawInput = true
        guard !self.batch.schema.keepsEvents else {
            for event in FrameEvents(self.layout).all() { self.batch.append(event) }
            return
        }
        for (field, name) in self.layout.fields.enumerated() {
            guard let slot = self.batch.schema.slots.find(self.layout.text(name)) else { continue }
            self.fill(self.batch.columns[slot], from: field)
        }
        self.layout.times.read(self.bytes, rows: self.layout.rows, into: self.batch.times)
        self.fillTypes()
        self.batch.commit(rows: self.layout.rows)
    }

    private func fillTypes() {
        let numbers = self.layout.types.map { name in
            self.batch.schema.types.find(self.layout.text(name)).map { UInt16($0) } ?? BatchSchema.unread
        }
        let shapes = self.layout.shapes.map { numbers[$0.type] }
        if shapes.count == 1 {
            self.batch.types.update(repeating: shapes[0], count: self.layout.rows)
            return
        }
        shapes.withUnsafeBufferPointer { shapes in
            for row in 0..<self.layout.rows { self.batch.types[row] = shapes[self.layout.shape(ofRow: row)] }
        }
    }

    // MARK: - Columns

    private func fill(_ column: Column, from field: Int) {
        let source = self.layout.columns[field]
        guard source.count > 0 else { return }
        if source.count == self.layout.rows {
            self.fill(column, from: source) { $0 }
        } else {
            let rows = self.rows(with: field)
            rows.withUnsafeBufferPointer { rows in self.fill(column, from: source) { Int(rows[$0]) } }
        }
    }

    /// The rows whose shapes have a field.
    private func rows(with field: Int) -> [UInt16] {
        let haveIt = self.layout.shapes.map { self.layout.shapeFields[$0.fields].contains(UInt16(field)) }
        return (0..<self.layout.rows).lazy.filter { haveIt[self.layout.shape(ofRow: $0)] }.map { UInt16($0) }
    }

    /// - Parameter row: The row of each value.
    @inline(__always)
    private func fill(_ column: Column, from source: FrameLayout.Column, row: (Int) -> Int) {
        let (words, tags, values) = (column.words, column.tags, self.bytes + source.place)
        // A word for a bool, a number, or the place of a text.
        var kind = source.kind
        switch kind {
        case EventFrame.Kind.tagged: return self.fillTagged(column, from: source, row: row)
        case Cell.bool: for number in 0..<source.count { words[row(number)] = UInt64(values[number]) }
        case EventFrame.Kind.repeated:
            kind = Cell.string
            self.fillRepeated(words, from: source, row: row)
        case Cell.string:
            let texts = source.place + 4 * source.count
            var start: UInt32 = 0
            for number in 0..<source.count {
                let end = FrameCursor.number(values + 4 * number, as: UInt32.self)
                words[row(number)] =
                    TextPlace(offset: texts + Int(start), count: Int(end &- start), isInHeap: false).rawValue
                start = end
            }
        default:
            for number in 0..<source.count {
                words[row(number)] = FrameCursor.number(values + 8 * number, as: UInt64.self)
            }
        }
        for number in 0..<source.count { tags[row(number)] = kind }
        column.kinds.insert(CellKinds(kind))
    }

    @inline(__always)
    private func fillRepeated(
        _ words: UnsafeMutablePointer<UInt64>,
        from source: FrameLayout.Column,
        row: (Int) -> Int
    ) {
        guard let repeated = source.repeated else { return }
        let places = repeated.places(self.bytes).map { range in
            TextPlace(offset: range.lowerBound, count: range.count, isInHeap: false).rawValue
        }
        places.withUnsafeBufferPointer { places in
            for number in 0..<source.count { words[row(number)] = places[repeated.number(number, self.bytes)] }
        }
    }

    private func fillTagged(_ column: Column, from source: FrameLayout.Column, row: (Int) -> Int) {
        var place = self.bytes + source.place
        for number in 0..<source.count {
            guard place.pointee == Cell.string else {
                self.batch.set(FrameValue.read(&place), column, row(number))
                continue
            }
            place += 1
            let count = FrameValue.readCount(&place)
            let text = TextPlace(offset: place - self.bytes, count: count, isInHeap: false)
            column.set(row(number), Cell.string, text.rawValue)
            place += count
        }
    }
}
