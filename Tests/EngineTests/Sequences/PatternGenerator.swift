import Engine

/// Makes a sequence and its input from a seed.
struct PatternGenerator {
    private var random: SeededGenerator
    private var pattern = OraclePattern()

    private static let types = ["A", "A", "B", "B", "C", "D", "F"]
    private static let symbols = ["==", "==", "!=", "<", "<=", ">", ">="]
    private static let keys: [Value?] = [
        .int(1), .string("1"), .string("b"), .string("b"), .null, .string("null"), nil,
    ]

    init(seed: UInt64) {
        self.random = SeededGenerator(seed: seed)
    }

    private mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self.random) }
    private mutating func isOne(in bound: Int) -> Bool { self.below(bound) == 0 }
    private mutating func pick<Item>(_ items: [Item]) -> Item { items[self.below(items.count)] }

    // MARK: - Patterns

    mutating func makePattern() -> OraclePattern {
        self.pattern = OraclePattern()
        let count = self.isOne(in: 10) ? 4 : self.isOne(in: 3) ? 3 : 2
        self.pattern.isConstruct = self.isOne(in: 8)
        let types = (0..<count).map { _ in self.pick(Self.types) }
        let isConstruct = self.pattern.isConstruct
        let aliases = (0..<count).map { isConstruct || !self.isOne(in: 5) ? ["a", "b", "c", "d"][$0] : nil }
        let isKleene = (0..<count).map { _ in !isConstruct && self.isOne(in: 3) }
        // Conditions name steps wherever they stand.
        self.pattern.steps = (0..<count).map {
            OraclePattern.Step(type: types[$0], alias: aliases[$0], isKleene: isKleene[$0], condition: nil)
        }
        let names = aliases.compactMap(\.self) + types.filter { type in types.count { $0 == type } == 1 }
        self.pattern.steps = (0..<count).map { number in
            let hasCondition = (number > 0 || isConstruct) && self.isOne(in: 2)
            let own = aliases[number] ?? types[number]
            return OraclePattern.Step(
                type: types[number],
                alias: aliases[number],
                isKleene: isKleene[number],
                condition: hasCondition ? self.condition(names + (isKleene[number] ? [own, own, own] : [])) : nil
            )
        }
        if !isConstruct, self.isOne(in: 5) {
            self.pattern.firstFilter = .comparison(.field("v"), self.pick(Self.symbols), .int(Int64(self.below(4))))
        }
        if self.isOne(in: 2) { self.pattern.within = Int64(self.below(12)) }
        self.pattern.isPartitioned = self.isOne(in: 2)
        while self.isOne(in: 3), self.pattern.negations.count < 2 {
            let type = self.pick(Self.types)
            let condition = self.isOne(in: 4) ? nil : self.condition(names + [type])
            self.pattern.negations.append(OraclePattern.Negation(type: type, condition: condition))
        }
        if !names.isEmpty, self.isOne(in: 5) { self.pattern.filter = self.comparison(names, hasEvent: false) }
        self.pattern.reading = self.pick([.emitted, .emitted, .emitted, .whole, .named])
        self.pattern.derivesFirst = self.isOne(in: 2)
        return self.pattern
    }

    private mutating func condition(_ names: [String]) -> OracleCondition {
        let first = self.comparison(names, hasEvent: true)
        switch self.below(8) {
        case 0: return .and(first, self.comparison(names, hasEvent: true))
        case 1: return .or(first, self.comparison(names, hasEvent: true))
        case 2: return .not(first)
        default: return first
        }
    }

    private mutating func comparison(_ names: [String], hasEvent: Bool) -> OracleCondition {
        let right: OracleTerm =
            names.isEmpty || self.isOne(in: 4)
            ? .int(Int64(self.below(5)))
            : .member(self.pick(names), self.pick(["v", "w"]), plus: self.pick([0, 0, 0, 1, -1]))
        let isOfEvent = names.isEmpty || hasEvent && !self.isOne(in: 6)
        let left: OracleTerm =
            isOfEvent ? .field(self.pick(["v", "w"])) : .member(self.pick(names), self.pick(["v", "w"]), plus: 0)
        return .comparison(left, self.pick(Self.symbols), right)
    }

    // MARK: - Events

    /// - Parameter isBounded: Whether none is later than all before by more than the oracle knows of.
    mutating func makeEvents(isBounded: Bool = true) -> [Event] {
        // What is later than everything else by more than a run may take may find its key forgotten.
        let isBound = isBounded && self.pattern.isPartitioned && self.pattern.within != nil
        let delayMax = isBound ? Int(self.pattern.within ?? 0) : 30
        let isInOrder = self.isOne(in: 2)
        let keys = (0..<(self.below(3) + 1)).map { _ in self.pick(Self.keys) }
        let types = self.pattern.steps.map { $0.type == "F" ? "A" : $0.type } + ["A", "B", "C", "D", "E"]
        var time = 0
        return (0..<(self.below(50) + 10)).map { _ in
            time += self.below(3)
            let delay = !isInOrder && self.isOne(in: 5) ? self.below(delayMax + 1) : 0
            var fields = Fields()
            if let key = self.pick(keys) { fields["k"] = key }
            if !self.isOne(in: 8) { fields["v"] = .int(Int64(self.below(5))) }
            if !self.isOne(in: 8) { fields["w"] = .int(Int64(self.below(5))) }
            let type = self.pick(types)
            return Event(type: type, timestamp: Int64(time - delay) * 1_000_000_000, fields: fields)
        }
    }
}
