/// Section 12: per source, everything that arrived, the newest last.
struct OracleJoin {
    private struct Arrival {
        let event: OracleEvent
        let key: [OracleValue]
    }

    private let streamName: String
    private let sources: [OracleJoinSource]
    private let horizon: Int128
    /// For each component of the key, each source's field.
    private let keys: [[String]]
    /// What is evaluated on the joined event.
    private let rest: [OracleExpression]
    private var arrivals: [[Arrival]]

    init(_ streamName: String, _ sources: [OracleJoinSource], on conditions: [OracleExpression], _ horizon: UInt64?) {
        self.streamName = streamName
        self.sources = sources
        self.horizon = Int128(horizon ?? 60_000_000_000)
        self.arrivals = Array(repeating: [], count: sources.count)
        (self.keys, self.rest) = Self.classify(conditions, sources)
    }

    private typealias Field = (source: Int, name: String)

    private static func field(_ expression: OracleExpression, _ sources: [OracleJoinSource]) -> Field? {
        guard case .member(.name(let base), let name, isOptional: false) = expression else { return nil }
        return sources.firstIndex { $0.name == base || $0.type == base }.map { ($0, name) }
    }

    /// Closes the equalities between two sources transitively, and keeps the classes that cover every source.
    private static func classify(
        _ conditions: [OracleExpression],
        _ sources: [OracleJoinSource]
    ) -> ([[String]], [OracleExpression]) {
        var rest: [OracleExpression] = []
        var classes: [(fields: [Field], conditions: [OracleExpression])] = []
        for condition in conditions {
            guard case .binary(.equal, let left, let right) = condition, let left = self.field(left, sources),
                let right = self.field(right, sources), left.source != right.source
            else {
                rest.append(condition)
                continue
            }
            var joined: (fields: [Field], conditions: [OracleExpression]) = ([left, right], [condition])
            var others: [(fields: [Field], conditions: [OracleExpression])] = []
            for other in classes {
                let touches = other.fields.contains { $0 == left || $0 == right }
                if touches {
                    joined.fields += other.fields
                    joined.conditions += other.conditions
                } else {
                    others.append(other)
                }
            }
            classes = others + [joined]
        }
        var keys: [[String]] = []
        for found in classes {
            let isPlain = sources.indices.allSatisfy { source in
                Set(found.fields.filter { $0.source == source }.map(\.name)).count < 2
            }
            precondition(isPlain, "What two fields of one source mean in a class is open; the generator makes none.")
            let names = sources.indices.map { source in found.fields.first { $0.source == source }?.name }
            if names.contains(nil) {
                rest += found.conditions
            } else {
                keys.append(names.compactMap { $0 })
            }
        }
        return (keys, rest)
    }

    /// What the event joins to: at most one row for each source that it arrives at.
    mutating func arrived(_ event: OracleEvent, _ evaluator: OracleEvaluator) throws -> [OracleScope.Row] {
        var rows: [OracleScope.Row] = []
        for source in self.sources.indices where self.sources[source].type == event.type {
            let key = self.keys.compactMap { event.fields[$0[source]] }
            guard key.count == self.keys.count else { continue }
            self.arrivals[source].append(Arrival(event: event, key: key))
            let partners = self.arrivals.map { arrivals in
                arrivals.last { arrival in
                    Int128(arrival.event.timestamp) >= Int128(event.timestamp) - self.horizon
                        && zip(arrival.key, key).allSatisfy { $0.equals($1) }
                }?.event
            }
            if partners.contains(where: { $0 == nil }) { continue }
            let row = self.row(partners.compactMap { $0 })
            if try self.rest.allSatisfy({ try evaluator.isTrue($0, row) }) { rows.append(row) }
        }
        return rows
    }

    private func row(_ partners: [OracleEvent]) -> OracleScope.Row {
        var fields = OracleFields()
        for partner in partners {
            for entry in partner.fields.entries where fields[entry.name] == nil { fields[entry.name] = entry.value }
        }
        let time = partners.map(\.timestamp).max() ?? 0
        let event = OracleEvent(type: self.streamName, timestamp: time, fields: fields)
        let named = zip(self.sources, partners).map { source, partner in
            (names: [source.name, source.type], event: partner)
        }
        return OracleScope.Row(event: event, sources: named)
    }
}
