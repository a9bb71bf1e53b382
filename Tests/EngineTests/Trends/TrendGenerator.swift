import Engine

/// Makes a program that counts trends, and its input, from a seed.
struct TrendGenerator {
    private var random: SeededGenerator
    private var pattern = OraclePattern()

    private static let symbols = ["==", "!=", "<", "<", "<=", ">", ">", ">="]
    private static let functions = [
        "count_events", "count_events", "sum_trends", "sum_trends", "avg_trends", "min_trends", "max_trends",
    ]
    private static let keys: [Value?] = [.int(1), .string("1"), .string("b"), .null, .string("null"), nil]

    init(seed: UInt64) {
        self.random = SeededGenerator(seed: seed)
    }

    private mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self.random) }
    private mutating func isOne(in bound: Int) -> Bool { self.below(bound) == 0 }
    private mutating func pick<Item>(_ items: [Item]) -> Item { items[self.below(items.count)] }

    // MARK: - Programs

    mutating func makePattern() -> TrendPattern {
        self.pattern = OraclePattern()
        let count = self.pick([1, 2, 2, 3, 3, 4])
        self.pattern.isConstruct = self.isOne(in: 10)
        let isConstruct = self.pattern.isConstruct
        let types = (0..<count).map { _ in self.pick(["A", "A", "B", "B", "C", "F"]) }
        let aliases = (0..<count).map { isConstruct || !self.isOne(in: 5) ? ["a", "b", "c", "d"][$0] : nil }
        let isKleene = (0..<count).map { _ in !isConstruct && self.isOne(in: 2) }
        self.pattern.steps = (0..<count).map {
            OraclePattern.Step(type: types[$0], alias: aliases[$0], isKleene: isKleene[$0], condition: nil)
        }
        let names = aliases.compactMap(\.self) + types.filter { type in types.count { $0 == type } == 1 }
        let hasConditions = !self.isOne(in: 3)
        self.pattern.steps = (0..<count).map { number in
            let own = aliases[number] ?? types[number]
            let before = (0..<number).compactMap { aliases[$0] }
            let wanted = isKleene[number] ? [own, own] + before + before : before + before + names
            let hasCondition = (number > 0 || isConstruct) && self.isOne(in: 2)
            return OraclePattern.Step(
                type: types[number],
                alias: aliases[number],
                isKleene: isKleene[number],
                condition: hasCondition ? self.condition(hasConditions ? wanted : []) : nil
            )
        }
        if !isConstruct, self.isOne(in: 5) {
            self.pattern.firstFilter = .comparison(.field("v"), self.pick(Self.symbols), .int(Int64(self.below(4))))
        }
        self.pattern.within = Int64(self.pick([0, 3, 8, 12, 20, 40]))
        self.pattern.isPartitioned = self.isOne(in: 2)
        while self.isOne(in: 5), self.pattern.negations.count < 2 {
            let type = self.pick(["A", "B", "D", "D"])
            let condition = self.isOne(in: 3) ? nil : self.condition(self.isOne(in: 2) ? names + [type] : [])
            self.pattern.negations.append(OraclePattern.Negation(type: type, condition: condition))
        }
        self.pattern.derivesFirst = self.isOne(in: 2)
        let named = self.pattern.steps.indices.filter { self.pattern.name(of: $0) != nil }
        var items = [TrendPattern.Item(function: "count_trends", step: 0, field: "v")]
        while !named.isEmpty, items.count < 6, !self.isOne(in: 4) {
            items.append(
                TrendPattern.Item(
                    function: self.pick(Self.functions),
                    step: self.pick(named),
                    field: self.pick(["v", "w"])
                )
            )
        }
        return TrendPattern(pattern: self.pattern, items: items, hasReader: self.isOne(in: 3))
    }

    private mutating func condition(_ names: [String]) -> OracleCondition {
        let first = self.comparison(names)
        switch self.below(8) {
        case 0, 1: return .and(first, self.comparison(names))
        case 2: return .or(first, self.comparison(names))
        case 3: return .not(first)
        default: return first
        }
    }

    private mutating func comparison(_ names: [String]) -> OracleCondition {
        let right: OracleTerm =
            names.isEmpty || self.isOne(in: 5)
            ? .int(Int64(self.below(5)))
            : .member(self.pick(names), self.pick(["v", "w"]), plus: self.pick([0, 0, 0, 1, -1]))
        let isOfEvent = names.isEmpty || !self.isOne(in: 6)
        let left: OracleTerm =
            isOfEvent ? .field(self.pick(["v", "w"])) : .member(self.pick(names), self.pick(["v", "w"]), plus: 0)
        return self.isOne(in: 4)
            ? .comparison(right, self.pick(Self.symbols), left) : .comparison(left, self.pick(Self.symbols), right)
    }

    // MARK: - Events

    mutating func makeEvents() -> [Event] {
        let isInOrder = self.isOne(in: 2)
        let keys = (0..<(self.below(3) + 1)).map { _ in self.pick(Self.keys) }
        let taken = self.pattern.steps.map { $0.type == "F" ? "A" : $0.type }
        let types = taken + taken + taken + ["A", "B", "C", "D", "E"]
        var time = 0
        return (0..<(self.below(self.pattern.isPartitioned ? 24 : 12) + 8)).map { _ in
            time += self.below(3)
            let delay = !isInOrder && self.isOne(in: 4) ? self.below(20) : 0
            var fields = Fields()
            if let key = self.pick(keys) { fields["k"] = key }
            if !self.isOne(in: 8) { fields["v"] = .int(Int64(self.below(6))) }
            if !self.isOne(in: 8) { fields["w"] = .int(Int64(self.below(6))) }
            return Event(
                type: self.pick(types),
                timestamp: Int64(time - delay) * 1_000_000_000,
                fields: fields
            )
        }
    }
}
