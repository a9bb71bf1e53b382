#if canImport(Glibc)
    import Glibc
#endif

/// Events in the order of their arrival, of any types, as columns: one for each field that the program reads.
///
/// The bytes of strings stay where they arrived. `input` has to hold them for as long as the batch is used.
final class Batch {
    /// Rows are numbered in 16 bits, and a column of this length stays in the first levels of the cache.
    static let rowsMax = 1024

    let schema: BatchSchema
    private(set) var count = 0
    /// Nanoseconds since 1970.
    let times: UnsafeMutablePointer<Int64>
    /// The number of the event's type in the schema; `BatchSchema.unread` for one that no stream reads.
    let types: UnsafeMutablePointer<UInt16>
    /// By slot.
    let columns: [Column]
    var input: UnsafePointer<UInt8>
    /// Texts in the input may have characters that JSON escapes: it is no JSON itself.
    var hasRawInput = false
    /// Where in the input the text of each event is, and the events that have none there. Kept where the schema asks for
    /// whole events.
    let lines: UnsafeMutablePointer<LineRange>
    var events: [Int: Event] = [:]
    let heap: TextHeap
    /// By row, where the event stood among those of several batches; nil where nobody needs to know.
    var origins: UnsafeMutablePointer<UInt64>?
    /// The column whose texts are all that the heap has, each of them short: see `gatherTexts`.
    var gatheredSlot: Int?

    init(_ schema: BatchSchema, heapBytesMax: Int) {
        self.schema = schema
        self.times = .allocate(capacity: Self.rowsMax)
        self.times.initialize(repeating: 0, count: Self.rowsMax)
        self.types = .allocate(capacity: Self.rowsMax)
        self.types.initialize(repeating: 0, count: Self.rowsMax)
        self.columns = schema.slots.names.map { _ in Column() }
        self.lines = .allocate(capacity: Self.rowsMax)
        self.lines.initialize(repeating: LineRange(start: 0, count: 0), count: Self.rowsMax)
        self.heap = TextHeap(bytesMax: heapBytesMax)
        self.input = UnsafePointer(self.heap.base)
    }

    deinit {
        self.times.deallocate()
        self.types.deallocate()
        self.lines.deallocate()
    }

    var isFull: Bool { self.count == Self.rowsMax }

    /// Forgets all events.
    func clear() {
        self.count = 0
        for column in self.columns { column.clear() }
        self.heap.clear()
        if !self.events.isEmpty { self.events.removeAll(keepingCapacity: true) }
        self.gatheredSlot = nil
        self.hasRawInput = false
    }

    /// Takes the row whose cells were set. Until then the next event would take its place.
    @inline(__always)
    func commit(type: UInt16, time: Int64) {
        self.types[self.count] = type
        self.times[self.count] = time
        self.count += 1
    }

    /// Takes so many rows, whose cells, types and times were set.
    func commit(rows: Int) { self.count += rows }

    /// Remembers where the text of the row taken last is, if anybody may ask for it.
    @inline(__always)
    func noteLine(_ line: Range<Int>) {
        guard self.schema.keepsEvents else { return }
        self.lines[self.count - 1] = LineRange(start: UInt32(line.lowerBound), count: UInt32(line.count))
    }

    /// Makes the cells of the row that is not taken yet missing again.
    func abandonRow() {
        for column in self.columns { column.tags[self.count] = Cell.missing }
    }

    /// Appends an event.
    func append(_ event: Event) {
        for entry in event.fields.entries {
            if let slot = self.schema.slots.find(entry.name) { self.set(entry.value, self.columns[slot], self.count) }
        }
        if self.schema.keepsEvents { self.events[self.count] = event }
        self.commit(type: self.schema.type(named: event.type), time: event.timestamp)
    }

    /// After the last event: finds out which columns have a value in every row.
    func close() {
        for column in self.columns {
            if self.count > 0, memchr(column.tags, CInt(Cell.missing), self.count) == nil {
                column.kinds.remove(.missing)
            } else {
                column.kinds.insert(.missing)
            }
        }
    }

    /// The type of the event in a row, of those that streams read.
    func typeName(_ row: Int) -> String {
        let number = Int(self.types[row])
        return number < self.schema.types.names.count ? self.schema.types.names[number] : ""
    }

    // MARK: - Cells

    func set(_ value: Value, _ column: Column, _ row: Int) {
        switch value {
        case .null: column.set(row, Cell.null, 0)
        case .bool(let bool): column.set(row, Cell.bool, bool ? 1 : 0)
        case .int(let int): column.set(row, Cell.int, UInt64(bitPattern: int))
        case .float(let float): column.set(row, Cell.float, float.bitPattern)
        case .string(let string):
            guard let place = self.heap.append(string) else { return self.box(value, column, row) }
            column.set(row, Cell.string, place.rawValue)
        case .timestamp(let time): column.set(row, Cell.timestamp, UInt64(bitPattern: time))
        case .duration(let duration): column.set(row, Cell.duration, duration)
        case .array, .map: self.box(value, column, row)
        }
    }

    /// Sets the cell, or makes it missing.
    func write(_ value: Value?, to column: Column, _ row: Int) {
        if let value { self.set(value, column, row) } else { column.tags[row] = Cell.missing }
    }

    private func box(_ value: Value, _ column: Column, _ row: Int) {
        column.set(row, Cell.boxed, UInt64(column.boxes.count))
        column.boxes.append(value)
    }

    func value(_ column: Column, _ row: Int) -> Value? {
        let word = column.words[row]
        switch column.tags[row] {
        case Cell.null: return .null
        case Cell.bool: return .bool(word != 0)
        case Cell.int: return .int(Int64(bitPattern: word))
        case Cell.float: return .float(Double(bitPattern: word))
        case Cell.string: return .string(String(decoding: self.bytes(TextPlace(rawValue: word)), as: UTF8.self))
        case Cell.timestamp: return .timestamp(Int64(bitPattern: word))
        case Cell.duration: return .duration(word)
        case Cell.boxed: return column.boxes[Int(word)]
        default: return nil
        }
    }

    @inline(__always)
    func bytes(_ place: TextPlace) -> UnsafeBufferPointer<UInt8> {
        let base = place.isInHeap ? UnsafePointer(self.heap.base) : self.input
        return UnsafeBufferPointer(start: base + place.offset, count: place.count)
    }
}

/// A line of a batch's input, without its newline.
struct LineRange: BitwiseCopyable {
    var start: UInt32
    var count: UInt32
}
