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
        let count = generator.random.below(50) + 10
        return OracleCase(program: generator.program, events: events.events(count, &generator.random))
    }

    private mutating func makeProgram() {
        self.prefersColumns = self.random.oneIn(2)
        self.readable = OracleEventGenerator.types.map { ($0, OracleEventGenerator.shapes) }
        self.program.globals = [("limit", .int(3), false), ("word", .string("x"), false), ("total", .int(0), true)]
        self.program.globals.removeFirst(self.random.below(4))
        if !self.prefersColumns, self.random.oneIn(3) { self.makeFunctions() }
        for number in 1...(self.random.below(4) + 1) { self.makeStream("S\(number)") }
        // A stream may be declared before those that it reads.
        if self.random.oneIn(4) { self.program.streams.shuffle(using: &self.random) }
    }

    // MARK: - Names

    func names(_ fields: [OracleFieldShape], qualified: [String] = []) -> OracleNames {
        OracleNames(
            fields: fields,
            qualified: qualified.map { ($0, fields) },
            variables: self.program.globals.map {
                OracleFieldShape(name: $0.name, kind: $0.name == "word" ? .text : .int)
            },
            functions: self.program.functions.filter { $0.name == "blend" }
        )
    }

    mutating func expression(_ kind: OracleKind, _ names: OracleNames, depth: Int) -> OracleExpression {
        var generator = OracleExpressionGenerator(random: self.random, names: names)
        defer { self.random = generator.random }
        return generator.expression(kind, depth)
    }

    /// A condition that some of the events fulfil.
    mutating func condition(_ names: OracleNames) -> OracleExpression {
        let condition = self.expression(.bool, names, depth: self.random.below(3) + 1)
        switch condition {
        // The checker refuses a condition that is a constant.
        case .literal, .text: return .binary(.equal, condition, .name("b"))
        default: break
        }
        if self.random.oneIn(3) { return condition }
        return .binary(self.random.pick([.or, .unequal]), condition, .literal(.bool(self.random.oneIn(2))))
    }

    /// `name: expression` for new fields, and the shapes that these have.
    mutating func items(_ names: OracleNames) -> (items: [OracleItem], shapes: [OracleFieldShape]) {
        var items: [OracleItem] = []
        var shapes: [OracleFieldShape] = []
        for name in ["n", "v", "k", "s", "b", "w", "r", "q", "a", "m"] where self.random.oneIn(3) {
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

    // MARK: - Functions

    private mutating func makeFunctions() {
        let names = OracleNames(
            fields: OracleEventGenerator.shapes,
            variables: [.init(name: "x", kind: .int), .init(name: "y", kind: .int)]
        )
        func item(_ name: String, _ expression: OracleExpression) -> OracleItem {
            OracleItem(name: name, expression: expression)
        }
        let body: [OracleStatement] = [
            .declare("z", .binary(.coalesce, self.expression(.int, names, depth: 2), .literal(.int(4)))),
            .branch(
                self.expression(.bool, names, depth: 2),
                then: [.giveBack(self.expression(.number, names, depth: 2))],
                else: self.random.oneIn(2) ? [] : [.assign("z", .literal(.float(1.5)))]
            ),
            .expression(.binary(.add, .name("z"), self.expression(.int, names, depth: 1))),
        ]
        self.program.functions.append(OracleFunction(name: "blend", parameters: ["x", "y"], body: body))
        if self.program.globals.contains(where: { $0.isMutable }) {
            let counting: [OracleStatement] = [
                .assign("total", .binary(.add, .name("total"), .literal(.int(1)))), .giveBack(.name("total")),
            ]
            self.program.functions.append(OracleFunction(name: "counted", parameters: [], body: counting))
        }
        let fan: [OracleStatement] = [
            .loop(
                "i",
                .call("clamp", [.name("x"), .literal(.int(-1)), .literal(.int(4))]),
                [
                    .branch(
                        .binary(.equal, .binary(.remainder, .name("i"), .literal(.int(2))), .literal(.int(0))),
                        then: [.emit("Even", [item("n", .name("i")), item("k", .name("k"))])],
                        else: [.emit("Odd", [item("n", .name("i")), item("v", .name("v"))])]
                    )
                ]
            )
        ]
        self.program.functions.append(OracleFunction(name: "fan", parameters: ["x"], body: fan))
    }
}
