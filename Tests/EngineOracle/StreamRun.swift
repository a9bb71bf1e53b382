/// One stream of a program while it runs.
final class OracleStreamRun {
    typealias Row = OracleScope.Row

    let stream: OracleStream
    private let evaluator: OracleEvaluator
    private var join: OracleJoin?
    /// Everything that ever arrived at an operation, by the operation's position: the windows and aggregates.
    private var histories: [Int: [(key: String, row: Row)]] = [:]
    /// What each `.distinct` has seen.
    private var seen: [Int: [OracleValue]] = [:]
    /// How many events each `.limit` has passed.
    private var passed: [Int: Int] = [:]
    /// What goes to the program output.
    private(set) var emitted: [OracleEvent] = []
    private var results: [OracleEvent] = []

    init(_ stream: OracleStream, _ evaluator: OracleEvaluator) {
        self.stream = stream
        self.evaluator = evaluator
        if case .join(let sources, let conditions, let horizon) = stream.source {
            self.join = OracleJoin(stream.name, sources, on: conditions, horizon)
        }
    }

    /// Runs one event through the stream. Returns its results, each under the name that it has at the end.
    func arrived(_ event: OracleEvent) throws -> [OracleEvent] {
        self.results = []
        for row in try self.accepted(event) { try self.run([row], from: 0) }
        return self.results
    }

    private func accepted(_ event: OracleEvent) throws -> [Row] {
        switch self.stream.source {
        case .plain: return [Row(event: event)]
        case .alias(_, let alias): return [Row(event: event, alias: alias)]
        case .merge(let branches):
            for branch in branches where branch.type == event.type {
                guard let condition = branch.condition else { return [Row(event: event)] }
                if try self.evaluator.isTrue(condition, Row(event: event)) { return [Row(event: event)] }
            }
            return []
        case .join: return try self.join?.arrived(event, self.evaluator) ?? []
        }
    }

    /// The end of the input: what the session windows hold, one key after the other.
    func flush() throws -> [[OracleEvent]] {
        var all: [[OracleEvent]] = []
        for (position, operation) in self.stream.operations.enumerated() {
            guard case .window(let window) = operation else { continue }
            let history = self.histories[position] ?? []
            var keys: [String] = []
            for entry in history where !keys.contains(where: { $0.isSameText(as: entry.key) }) {
                keys.append(entry.key)
            }
            for key in keys {
                self.results = []
                let rows = history.filter { $0.key.isSameText(as: key) }.map(\.row)
                let held = OracleWindows.rest(window, rows)
                if !held.isEmpty { try self.run(held, from: position + 1) }
                all.append(self.results)
            }
        }
        return all
    }

    // MARK: - Operations

    private func run(_ rows: [Row], from position: Int) throws {
        guard position < self.stream.operations.count else {
            self.results += rows.map(\.event)
            return
        }
        let isBatch = self.stream.operations[position...].contains { if case .aggregate = $0 { true } else { false } }
        for part in isBatch ? [rows] : rows.map({ [$0] }) {
            let next = try self.apply(self.stream.operations[position], part, position)
            if !next.isEmpty { try self.run(next, from: position + 1) }
        }
    }

    private func apply(_ operation: OracleOperation, _ rows: [Row], _ position: Int) throws -> [Row] {
        switch operation {
        case .keep(let condition), .having(let condition):
            return try rows.filter { try self.evaluator.isTrue(condition, $0) }
        case .select(let items):
            return try rows.map { try self.made($0, type: $0.event.type, items) }
        case .emit(let type, let items):
            return try rows.map { row in
                var next = try self.made(row, type: type ?? self.stream.name, items)
                if items.isEmpty { next.event.fields = row.event.fields }
                self.emitted.append(next.event)
                return next
            }
        case .partition, .tap: return rows
        case .window(let window):
            return try rows.flatMap { row in
                let history = try self.noted(row, position)
                return OracleWindows.fired(window, history) ?? []
            }
        case .aggregate(let items): return try self.aggregate(items, rows, position)
        case .distinct(let expression):
            return try rows.filter { row in
                let value =
                    try expression.map { try self.evaluator.evaluate($0, row) ?? .null } ?? .map(row.event.fields)
                let isSeen = self.seen[position, default: []].contains { $0.equals(value) }
                self.seen[position, default: []].append(value)
                return !isSeen
            }
        case .limit(let count): return rows.filter { _ in self.passes(count, position) }
        case .first: return rows.filter { _ in self.passes(1, position) }
        case .process(let expression): return try rows.flatMap { try self.process(expression, $0) }
        }
    }

    private func made(_ row: Row, type: String, _ items: [OracleItem]) throws -> Row {
        var scope = OracleScope(row: row)
        let fields = try self.evaluator.project(items, &scope)
        return Row(event: OracleEvent(type: type, timestamp: row.event.timestamp, fields: fields))
    }

    private func passes(_ count: Int, _ position: Int) -> Bool {
        self.passed[position, default: 0] += 1
        return self.passed[position, default: 0] <= count
    }

    private func process(_ expression: OracleExpression, _ row: Row) throws -> [Row] {
        self.evaluator.processed = []
        _ = try self.evaluator.evaluate(expression, row)
        let events = self.evaluator.processed ?? []
        self.evaluator.processed = nil
        let hasEmit = self.stream.operations.contains { if case .emit = $0 { true } else { false } }
        if !hasEmit { self.emitted += events }
        return events.map { Row(event: $0) }
    }

    // MARK: - Keys

    /// The field of the last `.partition_by` before the operation.
    private func keyField(before position: Int) -> String? {
        self.stream.operations[..<position].compactMap { if case .partition(let field) = $0 { field } else { nil } }
            .last
    }

    private func key(_ row: Row, before position: Int) throws -> String {
        guard let field = self.keyField(before: position) else { return "" }
        return try row.event.fields[field]?.text() ?? ""
    }

    /// Keeps the row for ever, and returns all of its key.
    private func noted(_ row: Row, _ position: Int) throws -> [Row] {
        let key = try self.key(row, before: position)
        self.histories[position, default: []].append((key, row))
        return self.histories[position, default: []].filter { $0.key.isSameText(as: key) }.map(\.row)
    }

    private func aggregate(
        _ items: [(name: String, value: OracleAggregate)],
        _ rows: [Row],
        _ position: Int
    ) throws -> [Row] {
        let isWindowed = self.stream.operations[..<position].contains { if case .window = $0 { true } else { false } }
        if !isWindowed { return try rows.map { try self.result(items, try self.noted($0, position), position) } }
        var parts: [(key: String, rows: [Row])] = []
        for row in rows {
            let key = try self.key(row, before: position)
            if let place = parts.firstIndex(where: { $0.key.isSameText(as: key) }) {
                parts[place].rows.append(row)
            } else {
                parts.append((key, [row]))
            }
        }
        return try parts.map { try self.result(items, $0.rows, position) }
    }

    private func result(
        _ items: [(name: String, value: OracleAggregate)],
        _ rows: [Row],
        _ position: Int
    ) throws -> Row {
        let aggregation = OracleAggregation(evaluator: self.evaluator, rows: rows)
        var fields = OracleFields()
        for item in items { fields[item.name] = try aggregation.value(item.value) }
        if let field = self.keyField(before: position) {
            if fields[field] == nil { fields[field] = rows[0].event.fields[field] }
            fields["_partition"] = .string(try self.key(rows[0], before: position))
        }
        let time = rows.map(\.event.timestamp).max() ?? 0
        return Row(event: OracleEvent(type: self.stream.name, timestamp: time, fields: fields))
    }
}
