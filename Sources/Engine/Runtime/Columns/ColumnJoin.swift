/// A join over batches: `JoinState`, but of an event only the fields are kept that the program names.
///
/// An event makes at most one joined event as the event of one source, which lies in its row.
final class ColumnJoin {
    let join: CompiledJoin
    /// How many events were more than it keeps of one key.
    var forgotten: UInt64 = 0
    private let type: String
    let keys = KeyTable(.equality)
    let sources: [Source]
    let schema: BatchSchema
    /// What joined events have: the slot, and where its value is, the first that has one.
    private let outputs: [(slot: Int, from: [(source: Int, field: Int)])]

    /// The outputs that can have a value.
    @exclusivity(unchecked) private var usedOutputs: [Int] = []

    /// What is kept of one source: by key the newest event's time and fields, `width` cells each.
    final class Source {
        let keySlot: Int?
        /// The fields that are kept, by their slots.
        let slots: [Int]
        let width: Int
        /// The place of the key among the fields, if it is there.
        let keyField: Int?
        /// The fields that an event ever had.
        @exclusivity(unchecked) var usedFields = PlainBuffer<Int>()
        @exclusivity(unchecked) var newest = PlainBuffer<Newest>()
        @exclusivity(unchecked) var words = PlainBuffer<UInt64>()
        @exclusivity(unchecked) var tags = PlainBuffer<UInt8>()
        /// Strings, arrays and maps, by the place of their cell. The text of a key stays.
        @exclusivity(unchecked) var values: [Value] = []
        /// By key: events that came earlier and are later in time, the newest last. There are none without disorder.
        @exclusivity(unchecked) var older: [Int: [(time: Int64, values: [Value?])]] = [:]

        struct Newest: BitwiseCopyable {
            var isThere = false
            var time: Int64 = 0
        }

        init(key: String, names: [String], _ schema: BatchSchema) {
            self.keySlot = schema.slots.find(key)
            self.slots = names.compactMap { schema.slots.find($0) }
            self.width = names.count
            self.keyField = names.firstIndex(of: key)
        }

        deinit {
            self.usedFields.free()
            self.newest.free()
            self.words.free()
            self.tags.free()
        }

        func isUsed(_ field: Int) -> Bool { (0..<self.usedFields.count).contains { self.usedFields.base[$0] == field } }

        /// Notes the fields that events of the frame may have.
        func noteFields(of frame: Frame) {
            for field in 0..<self.width where !self.isUsed(field) {
                if let column = frame.columns[self.slots[field]], column.kinds != .missing {
                    self.usedFields.append(field)
                }
            }
        }

        func reserve(_ key: Int) {
            while self.newest.count <= key {
                self.newest.append(Newest())
                self.words.append(0, times: self.width)
                self.tags.append(Cell.missing, times: self.width)
                self.values.append(contentsOf: repeatElement(.null, count: self.width))
            }
        }

        /// What is kept in a cell.
        func value(_ place: Int) -> Value? {
            Cell.value(self.tags.base[place], self.words.base[place]) { self.values[place] }
        }

        func row(_ key: Int) -> [Value?] { (0..<self.width).map { self.value(key * self.width + $0) } }
    }

    private static let keptMax = 1000

    init(_ join: CompiledJoin, type: String, _ schema: BatchSchema) {
        self.join = join
        self.schema = schema
        self.type = type
        var names: [[String]] = join.sources.map { _ in [] }
        func field(_ name: String, of source: Int) -> (source: Int, field: Int) {
            if let place = names[source].firstIndex(of: name) { return (source, place) }
            names[source].append(name)
            return (source, names[source].count - 1)
        }
        let read = Set(schema.slots.names)
        self.outputs = schema.slots.names.enumerated().compactMap { slot, name in
            var from: [(source: Int, field: Int)] = []
            for (number, source) in join.sources.enumerated() {
                for qualifier in source.qualifiers where name.hasPrefix(qualifier + ".") {
                    let member = String(name.dropFirst(qualifier.count + 1))
                    if read.contains(member) { from.append(field(member, of: number)) }
                }
            }
            for number in join.sources.indices { from.append(field(name, of: number)) }
            return (slot, from)
        }
        self.sources = join.sources.enumerated().map { number, source in
            Source(key: source.key.first ?? "", names: names[number], schema)
        }
    }

    /// The names that sources' fields must have a slot for, so that those after the dot are found.
    static func fields(of join: CompiledJoin, named names: Set<String>) -> Set<String> {
        var fields = Set(join.sources.flatMap(\.key))
        for source in join.sources {
            for qualifier in source.qualifiers {
                for name in names where name.hasPrefix(qualifier + ".") {
                    fields.insert(String(name.dropFirst(qualifier.count + 1)))
                }
            }
        }
        return fields
    }

    /// Whether events have to be matched by more than one field, or by none: that is not done in columns.
    static func isSuitable(_ join: CompiledJoin) -> Bool {
        join.sources.allSatisfy { $0.key.count == 1 } && Set(join.sources.map(\.type)).count == join.sources.count
    }

    // MARK: - Events

    /// - Parameters:
    ///   - sourceOfWay: Which of the join's sources the events of each way are of; nil for the input's events, which are
    ///     asked for each.
    ///   - sourceOfType: The same by the type's number.
    func run(_ ways: Ways, sourceOfWay: [Int?], sourceOfType: [Int], _ evaluator: ColumnEvaluator) -> Ways {
        let batch = evaluator.batch
        for (way, frame) in ways.frames.enumerated() {
            guard let frame else { continue }
            for (number, source) in self.sources.enumerated() where sourceOfWay[way] ?? number == number {
                source.noteFields(of: frame)
            }
        }
        self.usedOutputs = self.outputs.indices.filter { output in
            self.outputs[output].from.contains { self.sources[$0.source].isUsed($0.field) }
        }
        let lanes = ways.frames.indices.map { way in
            ways.frames[way].map { Lane($0, sourceOfWay[way], self, evaluator) }
        }
        ways.forEach { way, row in
            guard let lane = lanes[way] else { return }
            let number = lane.source ?? sourceOfType[Int(batch.types[row])]
            self.take(row, number, lane, batch)
        }
        var results = ways
        for way in results.frames.indices { if let lane = lanes[way] { results.frames[way] = self.frame(lane, batch) } }
        results.removeEmpty()
        return results
    }

    /// A way's events and what is joined in their rows.
    private final class Lane {
        let source: Int?
        let frame: Frame
        let times: UnsafeMutablePointer<Int64>
        /// By slot.
        let cells: UnsafeMutablePointer<CellPointer?>
        let columns: [Column]
        let resultRows: UnsafeMutablePointer<UInt16>
        let resultTimes: UnsafeMutablePointer<Int64>
        @exclusivity(unchecked) var resultCount = 0

        init(_ frame: Frame, _ source: Int?, _ owner: ColumnJoin, _ evaluator: ColumnEvaluator) {
            self.source = source
            self.frame = frame
            self.times = frame.times
            self.cells = .allocate(capacity: frame.columns.count + 1)
            for (slot, column) in frame.columns.enumerated() {
                (self.cells + slot).initialize(to: column.map { CellPointer($0) })
            }
            self.columns = owner.outputs.map { _ in evaluator.newColumn() }
            self.resultRows = evaluator.newRows()
            self.resultTimes = evaluator.newTimes()
        }

        deinit { self.cells.deallocate() }
    }

    @inline(__always)
    private func take(_ row: Int, _ number: Int, _ lane: Lane, _ batch: Batch) {
        let source = self.sources[number]
        guard let slot = source.keySlot, let cells = lane.cells[slot], cells.tags[row] != Cell.missing else { return }
        let key =
            self.keys.number(of: cells, row, batch)
            ?? self.keys.number(ofOther: lane.frame.columns[slot].flatMap { batch.value($0, row) })
        let time = lane.times[row]
        self.keep(row, time, source, key, lane, batch)
        guard let latest = self.join(row, time, number, key, lane, cells, batch) else { return }
        lane.resultTimes[row] = latest
        lane.resultRows[lane.resultCount] = UInt16(truncatingIfNeeded: row)
        lane.resultCount += 1
    }

    @inline(__always)
    private func keep(_ row: Int, _ time: Int64, _ source: Source, _ key: Int, _ lane: Lane, _ batch: Batch) {
        if source.newest.count <= key { source.reserve(key) }
        let newest = source.newest.base + key
        if newest.pointee.isThere, newest.pointee.time > time {
            source.older[key, default: []].append((newest.pointee.time, source.row(key)))
            if source.older[key, default: []].count >= Self.keptMax {
                source.older[key]?.removeFirst()
                self.forgotten += 1
            }
        } else if !source.older.isEmpty, var older = source.older.removeValue(forKey: key) {
            while let last = older.last, last.time <= time { older.removeLast() }
            if !older.isEmpty { source.older[key] = older }
        }
        let isNew = !newest.pointee.isThere
        newest.pointee = Source.Newest(isThere: true, time: time)
        let base = key * source.width
        for used in 0..<source.usedFields.count {
            let field = source.usedFields.base[used]
            let place = base + field
            guard let cells = lane.cells[source.slots[field]] else {
                source.tags.base[place] = Cell.missing
                continue
            }
            let tag = cells.tags[row]
            let isKnownText = !isNew && field == source.keyField && tag == Cell.string && source.tags.base[place] == tag
            if tag == Cell.string && !isKnownText || tag == Cell.boxed {
                let value = lane.frame.columns[source.slots[field]].flatMap { batch.value($0, row) }
                source.values[place] = value ?? .null
            }
            source.tags.base[place] = tag
            source.words.base[place] = cells.words[row]
        }
    }

    /// Writes the joined event to the row. Returns its time, or nil if a partner is missing.
    @inline(__always)
    private func join(
        _ row: Int,
        _ time: Int64,
        _ arrived: Int,
        _ key: Int,
        _ lane: Lane,
        _ keyCells: CellPointer,
        _ batch: Batch
    ) -> Int64? {
        var latest = time
        var disordered: [Int: [Value?]] = [:]
        for number in 0..<self.sources.count where number != arrived {
            let source = self.sources[number]
            guard key < source.newest.count, source.newest.base[key].isThere else { return nil }
            var partner = source.newest.base[key].time
            if partner.isBefore(time, minus: self.join.horizon) {
                guard let older = source.older[key]?.last(where: { !$0.time.isBefore(time, minus: self.join.horizon) })
                else { return nil }
                partner = older.time
                disordered[number] = older.values
            }
            latest = max(latest, partner)
        }
        for output in self.usedOutputs {
            let column = lane.columns[output]
            column.tags[row] = Cell.missing
            for from in self.outputs[output].from {
                if !disordered.isEmpty, let values = disordered[from.source] {
                    guard let value = values[from.field] else { continue }
                    batch.set(value, column, row)
                    break
                }
                let source = self.sources[from.source]
                let place = key * source.width + from.field
                let tag = source.tags.base[place]
                if tag == Cell.missing { continue }
                if tag == Cell.string, from.field == source.keyField, keyCells.tags[row] == tag {
                    // The same text is in the batch already.
                    column.set(row, tag, keyCells.words[row])
                } else if tag == Cell.string || tag == Cell.boxed {
                    batch.set(source.values[place], column, row)
                } else {
                    column.set(row, tag, source.words.base[place])
                }
                break
            }
        }
        return latest
    }

    private func frame(_ lane: Lane, _ batch: Batch) -> Frame {
        let selection = Selection(rows: lane.resultRows, count: lane.resultCount, isDense: false)
        var slots = [Column?](repeating: nil, count: batch.columns.count)
        for output in self.usedOutputs {
            let column = lane.columns[output]
            column.noteMissing(among: selection)
            slots[self.outputs[output].slot] = column
        }
        return Frame(
            selection: selection,
            columns: slots,
            times: lane.resultTimes,
            fields: nil,
            type: self.type
        )
    }
}

extension ColumnJoin {
    /// About what it takes in memory.
    var keyCount: Int { self.keys.count }

    /// About what it takes in memory.
    var heldBytes: Int {
        self.sources.reduce(self.keys.heldBytes) { sum, source in
            let late = source.older.values.reduce(0) { $0 + $1.count }
            return sum + source.words.count * MemoryLayout<UInt64>.stride + source.tags.count
                + source.values.count * MemoryLayout<Value>.stride
                + HeldBytes.of(source.values.count, like: source.values.lazy.map { $0.heldBytes })
                + late * source.width * MemoryLayout<Value?>.stride
        }
    }
}
