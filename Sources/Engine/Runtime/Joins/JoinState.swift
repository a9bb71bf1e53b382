/// `join(S1, S2, …)`.
struct CompiledJoin: Sendable {
    struct Source: Sendable {
        /// The type or stream whose events it takes.
        let type: String
        /// The names before the dot under which expressions know its fields.
        let qualifiers: [String]
        /// The fields whose values are the key, in the same order for every source.
        let key: [String]
    }

    let sources: [Source]
    /// What must hold of a joined event.
    let conditions: [NodeID]
    /// How much older than the event that arrives its partners may be, in nanoseconds.
    let horizon: Int64
}

/// The events that a join keeps of each source: for each key the newest, and before it those that are later in time.
///
/// An event that came before another and is no later in time can never be joined again: whenever it is young enough, so
/// is the other, which is newer. Without events out of order there is one for each key.
struct JoinState: Sendable {
    let join: CompiledJoin
    /// How many events were more than it keeps of one key.
    var forgotten: UInt64 = 0
    /// For each source the events by key, the newest last.
    var kept: [[[Value]: [Event]]]

    private static let keptMax = 1000

    init(_ join: CompiledJoin) {
        self.join = join
        self.kept = Array(repeating: [:], count: join.sources.count)
    }

    /// Adds an event to a source. Returns the newest of each source that go with it, if there is one of each.
    mutating func add(_ event: Event, to source: Int) -> [Event]? {
        var key: [Value] = []
        for field in self.join.sources[source].key {
            guard let value = event.fields[field] else { return nil }
            key.append(value)
        }
        self.keep(event, of: source, under: key)
        var partners: [Event] = []
        for other in self.join.sources.indices {
            if other == source {
                partners.append(event)
            } else {
                let candidates = self.kept[other][key] ?? []
                let horizon = self.join.horizon
                let newest = candidates.last { !$0.timestamp.isBefore(event.timestamp, minus: horizon) }
                guard let newest else { return nil }
                partners.append(newest)
            }
        }
        return partners
    }

    /// Whether a source has kept an event that goes with one of another source.
    func hasPartner(of event: Event, from source: Int, in other: Int) -> Bool {
        let key = self.join.sources[source].key.compactMap { event.fields[$0] }
        return (self.kept[other][key] ?? []).contains {
            !$0.timestamp.isBefore(event.timestamp, minus: self.join.horizon)
        }
    }

    private mutating func keep(_ event: Event, of source: Int, under key: [Value]) {
        var events = self.kept[source].removeValue(forKey: key) ?? []
        while let last = events.last, last.timestamp <= event.timestamp { events.removeLast() }
        events.append(event)
        if events.count > Self.keptMax {
            events.removeFirst()
            self.forgotten += 1
        }
        self.kept[source][key] = events
    }

    /// The event that is made of one of each source: their fields under the sources' names, and plain ones of the first
    /// that has them.
    func joined(_ events: [Event], type: String) -> Event {
        var fields = Fields()
        for (source, event) in zip(self.join.sources, events) {
            for qualifier in source.qualifiers {
                for entry in event.fields.entries {
                    let name = "\(qualifier).\(entry.name)"
                    if fields[name] == nil { fields[name] = entry.value }
                }
            }
        }
        for event in events {
            for entry in event.fields.entries where fields[entry.name] == nil { fields[entry.name] = entry.value }
        }
        let timestamp = events.map(\.timestamp).max() ?? 0
        return Event(type: type, timestamp: timestamp, fields: fields)
    }
}

extension JoinState {
    var keyCount: Int { self.kept.reduce(0) { $0 + $1.count } }

    /// About what it takes in memory.
    var heldBytes: Int {
        self.kept.reduce(0) { sum, lists in
            let events = lists.values.reduce(0) { $0 + $1.count }
            return sum + HeldBytes.of(events, like: lists.values.lazy.compactMap { $0.last?.heldBytes })
                + lists.count * 4 * HeldBytes.tableEntry
        }
    }
}
