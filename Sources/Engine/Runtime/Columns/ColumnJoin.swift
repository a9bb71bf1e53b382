/// A join over batches: `JoinState`, but of an event only the fields are kept that the program names.
///
/// An event makes at most one joined event as the event of one source, which lies in its row.
final class ColumnJoin {
    private let join: CompiledJoin
    private let type: String
    private let keys = KeyTable(.equality)
    private let sources: [Source]
    /// What joined events have: the slot, and where its value is, the first that has one.
    private let outputs: [(slot: Int, from: [(source: Int, field: Int)])]

    /// What is kept of one source.
    private final class Source {
        let keySlots: [Int?]
        /// The fields that are kept.
        let names: [String]
        let slots: [Int]
        /// By key: whether there is a newest event, its time, and its fields.
        var newest = PlainBuffer<Newest>()
        var values: [Value?] = []
        /// By key: events that came earlier and are later in time, the newest last. There are none without disorder.
        var older: [Int: [(time: Int64, values: [Value?])]] = [:]

        struct Newest: BitwiseCopyable {
            var isThere = false
            var time: Int64 = 0
        }

        init(key: [Int?], names: [String], _ schema: BatchSchema) {
            self.keySlots = key
            self.names = names
            self.slots = names.map { schema.slots.find($0) ?? -1 }
        }

        deinit { self.newest.free() }
    }

    private static let keptMax = 1000

    init(_ join: CompiledJoin, type: String, _ schema: BatchSchema) {
        self.join = join
        self.type = type
        var names: [[String]] = join.sources.map { _ in [] }
        func field(_ name: String, of source: Int) -> (source: Int, field: Int) {
            if let place = names[source].firstIndex(of: name) { return (source, place) }
            names[source].append(name)
            return (source, names[source].count - 1)
        }
        self.outputs = schema.slots.names.enumerated().map { slot, name in
            var from: [(source: Int, field: Int)] = []
            for (number, source) in join.sources.enumerated() {
                for qualifier in source.qualifiers where name.hasPrefix(qualifier + ".") {
                    from.append(field(String(name.dropFirst(qualifier.count + 1)), of: number))
                }
            }
            for number in join.sources.indices { from.append(field(name, of: number)) }
            return (slot, from)
        }
        self.sources = join.sources.enumerated().map { number, source in
            Source(key: source.key.map { schema.slots.find($0) }, names: names[number], schema)
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

    /// - Parameter sourceOfWay: Which of the join's sources the events of each way are of; that of the input's events is
    ///   asked for each.
    func run(_ ways: Ways, sourceOfWay: [Int?], sourceOfType: [UInt16: Int], _ evaluator: ColumnEvaluator) -> Ways {
        let batch = evaluator.batch
        let columns = ways.frames.map { frame in
            frame.map { _ in self.outputs.map { _ in evaluator.newColumn() } } ?? []
        }
        let rows = ways.frames.map { _ in evaluator.newRows() }
        let times = ways.frames.map { _ in evaluator.newTimes() }
        var counts = [Int](repeating: 0, count: ways.frames.count)
        ways.forEach { way, row in
            guard let frame = ways.frames[way], let source = sourceOfWay[way] ?? sourceOfType[batch.types[row]] else {
                return
            }
            let time = frame.times[row]
            guard let key = self.key(row, of: source, frame, batch) else { return }
            self.keep(row, time, of: source, under: key, frame, batch)
            guard let latest = self.join(row, time, source, key, frame, columns[way], batch) else { return }
            times[way][row] = latest
            rows[way][counts[way]] = UInt16(row)
            counts[way] += 1
        }
        var results = ways
        for way in results.frames.indices where results.frames[way] != nil {
            var slots = [Column?](repeating: nil, count: batch.columns.count)
            for (output, column) in zip(self.outputs, columns[way]) { slots[output.slot] = column }
            results.frames[way] = Frame(
                selection: Selection(rows: rows[way], count: counts[way], isDense: false),
                columns: slots,
                times: times[way],
                fields: nil,
                type: self.type
            )
        }
        results.removeEmpty()
        return results
    }

    private func key(_ row: Int, of source: Int, _ frame: Frame, _ batch: Batch) -> Int? {
        guard let slot = self.sources[source].keySlots[0], let column = frame.columns[slot],
            column.tags[row] != Cell.missing
        else { return nil }
        return self.keys.number(of: column, row, batch)
    }

    private func keep(_ row: Int, _ time: Int64, of number: Int, under key: Int, _ frame: Frame, _ batch: Batch) {
        let source = self.sources[number]
        let width = source.slots.count
        while source.newest.count <= key {
            source.newest.append(Source.Newest())
            source.values.append(contentsOf: repeatElement(nil, count: width))
        }
        let newest = source.newest.base + key
        if newest.pointee.isThere, newest.pointee.time > time {
            let values = Array(source.values[(key * width)..<((key + 1) * width)])
            source.older[key, default: []].append((newest.pointee.time, values))
            if source.older[key, default: []].count >= Self.keptMax { source.older[key]?.removeFirst() }
        } else if !source.older.isEmpty, var older = source.older.removeValue(forKey: key) {
            while let last = older.last, last.time <= time { older.removeLast() }
            if !older.isEmpty { source.older[key] = older }
        }
        newest.pointee = Source.Newest(isThere: true, time: time)
        for (place, slot) in source.slots.enumerated() {
            source.values[key * width + place] = slot < 0 ? nil : frame.columns[slot].flatMap { batch.value($0, row) }
        }
    }

    /// Writes the joined event to the row. Returns its time, or nil if a partner is missing.
    private func join(
        _ row: Int,
        _ time: Int64,
        _ arrived: Int,
        _ key: Int,
        _ frame: Frame,
        _ columns: [Column],
        _ batch: Batch
    ) -> Int64? {
        var latest = time
        var disordered: [Int: [Value?]] = [:]
        for (number, source) in self.sources.enumerated() where number != arrived {
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
        for (output, column) in zip(self.outputs, columns) {
            column.tags[row] = Cell.missing
            for from in output.from {
                let source = self.sources[from.source]
                let value: Value?
                if let values = disordered[from.source] {
                    value = values[from.field]
                } else {
                    value = source.values[key * source.slots.count + from.field]
                }
                if let value {
                    batch.set(value, column, row)
                    break
                }
            }
        }
        return latest
    }
}
