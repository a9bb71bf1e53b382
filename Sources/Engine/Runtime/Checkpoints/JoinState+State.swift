/// The events that a join keeps of one source and key, the newest last, as either runtime writes them: under the key's
/// values, in the order of these.
struct SavedPartners {
    let source: Int
    let key: [Value]
    var events: [Event]

    func save(to saved: inout SavedOperator) {
        saved.addEntry(self.key.count == 1 ? self.key[0] : .array(self.key)) { writer in
            writer.write(count: self.source)
            writer.write(count: self.events.count)
            for event in self.events { writer.write(event) }
        }
    }

    init(source: Int, key: [Value], events: [Event]) {
        self.source = source
        self.key = key
        self.events = events
    }

    init(_ reader: inout StateReader, of join: CompiledJoin) throws(CheckpointError) {
        let source = try reader.number()
        guard source < UInt64(join.sources.count) else { throw .malformed("a join has no such source") }
        self.source = Int(source)
        self.events = []
        for _ in 0..<(try reader.count(ofSize: 4)) { self.events.append(try reader.event()) }
        guard let last = self.events.last else { throw .malformed("a join keeps no event of a key") }
        var key: [Value] = []
        for field in join.sources[self.source].key {
            guard let value = last.fields[field] else { throw .malformed("an event of a join has no key") }
            key.append(value)
        }
        self.key = key
    }
}

extension JoinState: RestorableState {
    func save(to saved: inout SavedOperator) {
        saved.numbers = [("forgotten", Int64(bitPattern: self.forgotten))]
        for (source, lists) in self.kept.enumerated() {
            // The table has no order that would be the same in another process.
            let sorted = lists.map { (text: $0.key.map(\.text), key: $0.key, events: $0.value) }
                .sorted { $0.text.lexicographicallyPrecedes($1.text) { $0.precedesExactly($1) } }
            for list in sorted { SavedPartners(source: source, key: list.key, events: list.events).save(to: &saved) }
        }
    }

    mutating func restore(_ saved: SavedOperator) throws(CheckpointError) {
        self.forgotten = UInt64(bitPattern: saved.number("forgotten"))
        try saved.forEachEntry { (_, reader) throws(CheckpointError) in
            let partners = try SavedPartners(&reader, of: self.join)
            guard self.kept[partners.source].updateValue(partners.events, forKey: partners.key) == nil else {
                throw .malformed("a join has a key twice")
            }
        }
    }
}
