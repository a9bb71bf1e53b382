/// Makes a valid program and its input from a seed.
public struct OracleGenerator {
    var random: SplitMix
    var program = OracleProgram()
    /// Whether to leave out most of what the engine does not run in columns.
    var prefersColumns = false
    /// What a stream may read: event types and what the streams so far give.
    var readable: [(name: String, fields: [OracleFieldShape])] = []

    public static func make(seed: UInt64) -> OracleCase {
        var generator = OracleGenerator(random: SplitMix(seed: seed))
        generator.makeProgram()
        let events = OracleEventGenerator(&generator.random)
        let count = generator.random.below(generator.random.oneIn(20) ? 400 : 50) + 10
        return OracleCase(program: generator.program, events: events.events(count, &generator.random))
    }

    private mutating func makeProgram() {
        self.prefersColumns = self.random.oneIn(2)
        self.readable = OracleEventGenerator.types.map { ($0, OracleEventGenerator.shapes) }
        self.program.globals = [("limit", .int(3), false), ("word", .string("x"), false), ("total", .int(0), true)]
        self.program.globals.removeFirst(self.random.below(4))
        // Fields of the same name hide these.
        if self.random.oneIn(6) { self.program.globals.append(("r", .int(7), false)) }
        if self.random.oneIn(6) { self.program.globals.append(("s", .string("global"), false)) }
        if !self.prefersColumns, self.random.oneIn(3) { self.makeFunctions() }
        for number in 1...(self.random.below(4) + 1) { self.makeStream("S\(number)") }
        // A stream may be declared before those that it reads.
        if self.random.oneIn(4) { self.program.streams.shuffle(using: &self.random) }
        if self.random.oneIn(8) { self.closeCycle() }
    }

    /// Lets a stream read another one's results, which may come from its own.
    private mutating func closeCycle() {
        let hasSession = self.program.streams.contains { stream in
            stream.operations.contains { if case .window(.session) = $0 { true } else { false } }
        }
        let reader = self.random.below(self.program.streams.count)
        // In which order the streams of a cycle are flushed is open.
        // Each round would multiply what `.process` makes.
        guard !hasSession, self.program.functions.isEmpty,
            case .merge(let branches) = self.program.streams[reader].source
        else { return }
        let source = self.random.pick(self.program.streams).name
        self.program.streams[reader].source = .merge(branches + [(type: source, condition: nil)])
    }

    // MARK: - Names

    func names(_ fields: [OracleFieldShape], qualified: [String] = []) -> OracleNames {
        let keyed: [OracleFieldShape] = [.init(name: "n", kind: .int), .init(name: "x", kind: .text)]
        return OracleNames(
            fields: fields,
            qualified: qualified.map { ($0, fields) } + fields.filter { $0.kind == .map }.map { ($0.name, keyed) },
            variables: self.program.globals.map {
                OracleFieldShape(name: $0.name, kind: ["word", "s"].contains($0.name) ? .text : .int)
            },
            functions: self.program.functions.filter { !["fan", "counted"].contains($0.name) }
        )
    }

    mutating func expression(_ kind: OracleKind, _ names: OracleNames, depth: Int) -> OracleExpression {
        var generator = OracleExpressionGenerator(random: self.random, names: names)
        defer { self.random = generator.random }
        return generator.expression(kind, depth)
    }

    /// A condition that some of the events fulfil.
    mutating func condition(_ names: OracleNames) -> OracleExpression {
        if self.random.oneIn(2) {
            let first = self.comparison(names)
            if self.random.oneIn(2) { return first }
            return .binary(self.random.pick([.and, .or, .or]), first, self.comparison(names))
        }
        let condition = self.expression(.bool, names, depth: self.random.below(3) + 1)
        switch condition {
        // The checker refuses a condition that is a constant.
        case .literal, .text: return .binary(.equal, condition, .name("b"))
        default: break
        }
        if self.random.oneIn(3) { return condition }
        return .binary(self.random.pick([.or, .unequal]), condition, .literal(.bool(self.random.oneIn(2))))
    }

    /// A field against a literal or another field, which the engine has loops of its own for.
    private mutating func comparison(_ names: OracleNames) -> OracleExpression {
        var fields = names.fields + [OracleFieldShape(name: "n", kind: .int)]
        if !self.random.oneIn(4) { fields.removeAll { ![.int, .number, .text, .key].contains($0.kind) } }
        let field = self.random.pick(fields)
        var operations: [OracleOperator] = [.equal, .unequal]
        if field.kind != .text || self.random.oneIn(4) { operations += [.less, .atMost, .greater, .atLeast] }
        let operation = self.random.pick(operations)
        let left = OracleExpression.name(field.name)
        let same = names.fields.filter { $0.kind == field.kind }
        if self.random.oneIn(4), !same.isEmpty { return .binary(operation, left, .name(self.random.pick(same).name)) }
        let literal: OracleValue
        switch field.kind {
        case .int: literal = .int(Int64(self.random.below(8)) - 2)
        case .number:
            literal = self.random.pick([
                .float(2.5), .int(2), .float(0), .float(-1.25), .int(0), .int(9_007_199_254_740_993),
            ])
        case .text:
            literal = .string(
                self.random.pick(["x", "xy", "é", "", "a text longer than a word 1", "a text longer than a word 2"])
            )
        case .bool: literal = .bool(self.random.oneIn(2))
        case .key: literal = self.random.pick([.string("a"), .string("b"), .int(1), .float(1), .null])
        default:
            literal = self.random.pick([
                .int(9_007_199_254_740_993), .float(9_007_199_254_740_992), .int(.max), .float(0x1p63), .float(1),
                .null,
            ])
        }
        return self.random.oneIn(6)
            ? .binary(operation, .literal(literal), left) : .binary(operation, left, .literal(literal))
    }

    /// `name: expression` for new fields, and the shapes that these have.
    mutating func items(_ names: OracleNames) -> (items: [OracleItem], shapes: [OracleFieldShape]) {
        var items: [OracleItem] = []
        var shapes: [OracleFieldShape] = []
        for name in ["n", "v", "k", "s", "b", "w", "r", "q", "a", "m", "timestamp"] where self.random.oneIn(3) {
            if name == "timestamp", !self.random.oneIn(10) { continue }
            let same = names.fields.first { $0.name == name }
            if let same, !self.random.oneIn(3) {
                items.append(OracleItem(name: name, expression: .name(name)))
                shapes.append(same)
            } else {
                let kind = self.random.pick(OracleKind.allCases)
                let expression = self.expression(kind, names, depth: self.random.below(4))
                items.append(OracleItem(name: name, expression: expression))
                shapes.append(OracleFieldShape(name: name, kind: kind))
            }
        }
        let canCount = names.variables.contains { $0.name == "total" }
        if canCount, self.program.functions.contains(where: { $0.name == "counted" }), self.random.oneIn(3) {
            // Whether an operator evaluates its right side when the left is missing is open, so it stands alone.
            items.append(OracleItem(name: "c", expression: .call("counted", [])))
            shapes.append(OracleFieldShape(name: "c", kind: .int))
        }
        if items.isEmpty {
            items = [OracleItem(name: "n", expression: self.expression(.int, names, depth: 2))]
            shapes = [OracleFieldShape(name: "n", kind: .int)]
        }
        return (items, shapes)
    }
}
