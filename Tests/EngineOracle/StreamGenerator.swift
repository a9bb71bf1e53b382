extension OracleGenerator {
    /// A stream that reads types and streams made before, and what it gives to others.
    mutating func makeStream(_ name: String) {
        var stream = OracleStream(name: name, source: .plain("A"), operations: [])
        var given: [OracleFieldShape]
        switch self.random.below(10) {
        case 0...1: given = self.join(&stream)
        case 2...5: given = self.windowed(&stream)
        default: given = self.simple(&stream)
        }
        var exposed = name
        if case .emit(nil, let items)? = stream.operations.last, !items.isEmpty, self.random.oneIn(8) {
            // Readers use one of its two names: the order between readers of both is open.
            stream.operations[stream.operations.count - 1] = .emit(type: "T\(name)", items)
            if self.random.oneIn(2) { exposed = "T\(name)" }
        }
        if case .process? = stream.operations.last {
            given = [.init(name: "n", kind: .int), .init(name: "k", kind: .key)]
            exposed = self.random.pick([name, "Even", "Odd"])
        }
        self.program.streams.append(stream)
        self.readable.append((exposed, given))
    }

    /// One of the last things that can be read, so that chains come about.
    mutating func readOne() -> (name: String, fields: [OracleFieldShape]) {
        self.random.oneIn(2) ? self.random.pick(self.readable.suffix(3)) : self.random.pick(self.readable)
    }

    private mutating func source(_ stream: inout OracleStream) -> OracleNames {
        let first = self.readOne()
        switch self.random.below(6) {
        case 0, 1:
            let others = (0...self.random.below(2)).map { _ in self.readOne() }
            var branches: [(type: String, condition: OracleExpression?)] = []
            for branch in [first] + others {
                let names = self.names(branch.fields, qualified: [branch.name])
                branches.append((branch.name, self.random.oneIn(2) ? nil : self.condition(names)))
            }
            stream.source = .merge(branches)
            return self.names(first.fields, qualified: [first.name])
        case 2:
            stream.source = .alias(first.name, "each")
            return self.names(first.fields, qualified: ["each", first.name])
        default:
            stream.source = .plain(first.name)
            return self.names(first.fields, qualified: [first.name])
        }
    }

    // MARK: - Simple streams

    private mutating func simple(_ stream: inout OracleStream) -> [OracleFieldShape] {
        var names = self.source(&stream)
        // One at most, since those that read each other's events multiply them.
        let hasProcess = self.program.streams.contains { stream in
            stream.operations.contains { if case .process = $0 { true } else { false } }
        }
        if !hasProcess, self.program.functions.contains(where: { $0.name == "fan" }), self.random.oneIn(3) {
            stream.operations.append(.process(.call("fan", [self.expression(.int, names, depth: 1)])))
            return []
        }
        for _ in 0..<self.random.below(4) { self.add(&stream, &names) }
        return self.end(&stream, names)
    }

    /// An operation that looks at one event after the other.
    mutating func add(_ stream: inout OracleStream, _ names: inout OracleNames) {
        switch self.random.below(10) {
        case 0...3: stream.operations.append(.keep(self.condition(names)))
        case 4, 5:
            let (items, shapes) = self.items(names)
            stream.operations.append(.select(items))
            // The type stays; of what a join joined nothing is left.
            let before = names.qualified.filter { $0.name != "each" }
            names = self.names(shapes, qualified: stream.isJoin ? [stream.name] : [])
            names.qualified += stream.isJoin ? before : before.map { ($0.name, shapes) }
        case 6:
            let (items, shapes) = self.items(names)
            stream.operations.append(.emit(type: nil, items))
            names = self.names(shapes, qualified: [stream.name])
        case 7 where !self.prefersColumns:
            let isWhole = self.random.oneIn(3) && !stream.isJoin
            stream.operations.append(.distinct(isWhole ? nil : self.expression(.wild, names, depth: 1)))
        case 8:
            stream.operations.append(self.random.oneIn(3) ? .first : .limit(self.random.below(12)))
        default: stream.operations.append(.tap)
        }
    }

    /// Nearly always an `.emit` at the end.
    mutating func end(_ stream: inout OracleStream, _ names: OracleNames) -> [OracleFieldShape] {
        switch self.random.below(8) {
        // Whether `A.f` is one of the fields of a joined event is open, so its fields are always named.
        case 0 where !stream.isJoin:
            return names.fields
        case 0:
            let (items, shapes) = self.items(names)
            stream.operations.append(.select(items))
            return shapes
        case 1 where !stream.isJoin:
            stream.operations.append(.emit(type: nil, []))
            return names.fields
        default:
            let (items, shapes) = self.items(names)
            stream.operations.append(.emit(type: nil, items))
            return shapes
        }
    }

    // MARK: - Windows and aggregates

    private mutating func windowed(_ stream: inout OracleStream) -> [OracleFieldShape] {
        var names = self.source(&stream)
        if self.random.oneIn(3) { stream.operations.append(.keep(self.condition(names))) }
        if self.random.oneIn(6) {
            let (items, shapes) = self.items(names)
            stream.operations.append(.select(items))
            names = self.names(shapes)
        }
        let partition = OracleOperation.partition(self.random.pick(["k", "k", "n", "s", "b", "v"]))
        let place = self.random.below(self.prefersColumns ? 3 : 5)
        if place < 3 { stream.operations.append(partition) }
        let hasWindow = !self.random.oneIn(5)
        if hasWindow { stream.operations.append(.window(self.window())) }
        if hasWindow, self.random.oneIn(5) {
            // Between the events and the result for all of them.
            if self.random.oneIn(4) {
                let (items, shapes) = self.items(names)
                stream.operations.append(.select(items))
                names = self.names(shapes)
            } else {
                stream.operations.append(.keep(self.condition(names)))
            }
        }
        if place == 3 { stream.operations.append(partition) }
        if hasWindow, !self.prefersColumns, self.random.oneIn(5) {
            if self.random.oneIn(2) { stream.operations.append(.distinct(self.expression(.wild, names, depth: 1))) }
            // Each event goes through all of these before the next.
            for _ in 0..<self.random.below(3) { self.add(&stream, &names) }
            return self.end(&stream, names)
        }
        names = self.aggregate(&stream, names)
        if self.random.oneIn(3) { stream.operations.append(.having(self.condition(names))) }
        // The results for several keys each go on by themselves.
        if self.random.oneIn(3) { self.add(&stream, &names) }
        return self.end(&stream, names)
    }

    private mutating func window() -> OracleWindow {
        if self.random.oneIn(12), self.program.globals.contains(where: { $0.name == "limit" }) {
            return self.random.pick([
                .written("limit", .count(3)), .written("limit - 1", .count(2)),
                .written("5s + 500ms", .tumbling(5_500_000_000)),
            ])
        }
        let second: UInt64 = 1_000_000_000
        if self.random.oneIn(30) {
            let long: UInt64 = 9_223_372_036_854_775_807
            return self.random.pick([.tumbling(long), .session(long), .sliding(long, second), .sliding(second, long)])
        }
        let size = self.random.pick([second, 3 * second, 5 * second, 10 * second, 1_500_000_000])
        switch self.prefersColumns ? self.random.pick([0, 3]) : self.random.below(6) {
        case 0, 1: return .tumbling(size)
        case 2: return .sliding(size, self.random.pick([second, 2 * second, 500_000_000, 10 * second]))
        case 3: return .count(self.random.below(5) + 1)
        case 4: return .slidingCount(self.random.below(5) + 1, self.random.below(5) + 1)
        default: return .session(self.random.pick([second, 2 * second, 3 * second]))
        }
    }

    mutating func aggregate(_ stream: inout OracleStream, _ names: OracleNames) -> OracleNames {
        var items: [(name: String, value: OracleAggregate)] = []
        // When the expressions of an aggregate are evaluated is open.
        var names = names
        names.variables.removeAll { $0.name == "total" }
        for name in ["n", "v", "q", "r", "k"].prefix(self.random.below(5) + 1) {
            items.append((name, self.aggregate(names, depth: 1)))
        }
        stream.operations.append(.aggregate(items))
        return self.names(items.map { .init(name: $0.name, kind: .number) } + [.init(name: "k", kind: .key)])
    }

    private mutating func aggregate(_ names: OracleNames, depth: Int) -> OracleAggregate {
        if depth > 0, self.random.oneIn(4) {
            let operation = self.random.pick([.add, .subtract, .multiply, .divide] as [OracleOperator])
            let left = self.aggregate(names, depth: depth - 1)
            if self.random.oneIn(3) { return .binary(operation, left, .literal(.int(Int64(self.random.below(4))))) }
            return .binary(operation, left, self.aggregate(names, depth: depth - 1))
        }
        // Numbers of moderate size, so that the order of a sum does not matter.
        let isPlain = !self.random.oneIn(4)
        let field = names.fields.filter { $0.kind == .int || $0.kind == .number }.randomElement(using: &self.random)
        let value: OracleExpression
        if self.random.oneIn(10), let field {
            let condition = self.expression(.bool, names, depth: 1)
            value = .conditional(condition, then: .name(field.name), else: .literal(.int(1)))
        } else if isPlain, let field {
            value = .name(field.name)
        } else {
            value = .binary(
                self.random.pick([.add, .multiply, .remainder]),
                .name(field?.name ?? "n"),
                .literal(self.random.pick([.int(2), .float(0.5), .int(3)]))
            )
        }
        switch self.random.below(14) {
        case 0: return .count(nil)
        case 1: return .count(self.expression(.wild, names, depth: 1))
        case 2 where !self.prefersColumns:
            return .countDistinct(self.expression(.key, names, depth: 1), isNested: self.random.oneIn(2))
        case 3...9: return .function(self.random.pick(["sum", "sum", "avg", "min", "max", "stddev"]), value)
        case 10...12:
            if depth == 0 { return .count(nil) }
            return .function(self.random.pick(["first", "last"]), self.expression(.wild, names, depth: 1))
        default: return .ema(value, self.random.below(9) + 1)
        }
    }
}

extension OracleStream {
    var isJoin: Bool { if case .join = self.source { true } else { false } }
}
