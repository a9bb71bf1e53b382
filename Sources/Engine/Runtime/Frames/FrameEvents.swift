/// The events of a frame, one by one.
struct FrameEvents {
    private let layout: FrameLayout
    private let types: [String]
    private let fields: [String]
    /// By field: its texts, where each is there once.
    private let texts: [[String]]
    /// By field: where its next value is, and its number.
    private var places: [UnsafePointer<UInt8>]
    private var rows: [Int]

    init(_ layout: FrameLayout) {
        self.layout = layout
        self.types = layout.types.map { String(decoding: layout.text($0), as: UTF8.self) }
        self.fields = layout.fields.map { String(decoding: layout.text($0), as: UTF8.self) }
        self.texts = layout.columns.map { column in
            column.repeated?.places(layout.bytes).map { String(decoding: layout.text($0), as: UTF8.self) } ?? []
        }
        self.places = layout.columns.map { layout.bytes + $0.place }
        self.rows = Array(repeating: 0, count: layout.columns.count)
    }

    consuming func all() -> [Event] {
        let times = UnsafeMutablePointer<Int64>.allocate(capacity: EventFrame.rowsMax)
        defer { times.deallocate() }
        self.layout.times.read(self.layout.bytes, rows: self.layout.rows, into: times)
        var events: [Event] = []
        events.reserveCapacity(self.layout.rows)
        for row in 0..<self.layout.rows {
            let shape = self.layout.shapes[self.layout.shape(ofRow: row)]
            var event = Event(type: self.types[shape.type], timestamp: times[row])
            event.fields.reserveCapacity(shape.fields.count)
            for field in self.layout.shapeFields[shape.fields] {
                event.fields[self.fields[Int(field)]] = self.next(Int(field))
            }
            events.append(event)
        }
        return events
    }

    private mutating func next(_ field: Int) -> Value {
        let column = self.layout.columns[field]
        if let repeated = column.repeated {
            defer { self.rows[field] += 1 }
            return .string(self.texts[field][repeated.number(self.rows[field], self.layout.bytes)])
        }
        switch column.kind {
        case EventFrame.Kind.tagged: return FrameValue.read(&self.places[field])
        case Cell.string:
            let range = column.text(self.rows[field], in: self.layout)
            self.rows[field] += 1
            return .string(String(decoding: self.layout.text(range), as: UTF8.self))
        default: return FrameValue.readWord(column.kind, &self.places[field])
        }
    }
}

extension FrameLayout.Column {
    /// Where the bytes of a value of a column of texts are.
    func text(_ number: Int, in layout: FrameLayout) -> Range<Int> {
        func end(_ number: Int) -> Int {
            Int(FrameCursor.number(layout.bytes + self.place + 4 * number, as: UInt32.self))
        }
        let texts = self.place + 4 * self.count
        return texts + (number == 0 ? 0 : end(number - 1))..<texts + end(number)
    }
}
