/// The events of a `ColumnJoin` at one moment: copies of its flat memory.
struct ColumnPartners: SavedState {
    private let join: CompiledJoin
    private let forgotten: UInt64
    private let sources: [Source]

    private struct Source: Sendable {
        /// The names of the fields that are kept.
        let names: [String]
        let keyField: Int?
        let newest: [ColumnJoin.Source.Newest]
        let words: [UInt64]
        let tags: [UInt8]
        let values: [Value]
        let older: [Int: [(time: Int64, values: [Value?])]]

        func row(_ key: Int) -> [Value?] {
            (key * self.names.count..<(key + 1) * self.names.count).map { place in
                Cell.value(self.tags[place], self.words[place]) { self.values[place] }
            }
        }
    }

    init(_ join: ColumnJoin) {
        self.join = join.join
        self.forgotten = join.forgotten
        self.sources = join.sources.map { source in
            Source(
                names: source.slots.map { join.schema.slots.names[$0] },
                keyField: source.keyField,
                newest: source.newest.copy,
                words: source.words.copy,
                tags: source.tags.copy,
                values: source.values,
                older: source.older
            )
        }
    }

    func save(to saved: inout SavedOperator) {
        saved.numbers = [("forgotten", Int64(bitPattern: self.forgotten))]
        for (number, source) in self.sources.enumerated() {
            for (key, newest) in source.newest.enumerated() where newest.isThere {
                let rows = (source.older[key] ?? []) + [(newest.time, source.row(key))]
                let events = rows.map { time, values in
                    let fields = zip(source.names, values).compactMap { name, value in value.map { (name, $0) } }
                    return Event(type: self.join.sources[number].type, timestamp: time, fields: Fields(fields))
                }
                let value = source.keyField.flatMap { source.row(key)[$0] } ?? .null
                SavedPartners(source: number, key: [value], events: events).save(to: &saved)
            }
        }
    }
}

extension ColumnJoin {
    /// Fills a new one.
    func restore(_ saved: SavedOperator) throws(CheckpointError) {
        self.forgotten = UInt64(bitPattern: saved.number("forgotten"))
        try saved.forEachEntry { (_, reader) throws(CheckpointError) in
            let partners = try SavedPartners(&reader, of: self.join)
            let key = self.keys.number(ofAny: partners.key[0])
            let source = self.sources[partners.source]
            source.reserve(key)
            guard !source.newest.base[key].isThere else { throw .malformed("a join has a key twice") }
            let names = source.slots.map { self.schema.slots.names[$0] }
            var rows = partners.events.map { event in (time: event.timestamp, values: names.map { event.fields[$0] }) }
            let newest = rows.removeLast()
            if !rows.isEmpty { source.older[key] = rows }
            source.newest.base[key] = Source.Newest(isThere: true, time: newest.time)
            for (field, value) in newest.values.enumerated() {
                let place = key * source.width + field
                source.tags.base[place] = Cell.tag(of: value)
                source.words.base[place] = Cell.word(of: value)
                if let value { source.values[place] = value }
            }
            for field in names.indices where !source.isUsed(field) {
                let isThere = newest.values[field] != nil || rows.contains { $0.values[field] != nil }
                if isThere { source.usedFields.append(field) }
            }
        }
    }
}
