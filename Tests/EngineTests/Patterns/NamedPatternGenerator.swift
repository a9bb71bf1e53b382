import Engine

/// Makes a named pattern and its input from a seed.
struct NamedPatternGenerator {
    private var random: SeededGenerator
    private var pattern = NamedPattern()

    private static let types = ["A", "A", "B", "B", "C", "D"]
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

    mutating func makePattern() -> NamedPattern {
        self.pattern = NamedPattern()
        if !self.isOne(in: 4) { self.pattern.within = Int64(self.below(12)) }
        switch self.below(10) {
        case 0: self.pattern.shape = self.makeEvent()
        case 1...4: self.pattern.shape = self.makeSequence(isNegated: false)
        default: self.pattern.shape = self.makeGroup(depth: 0, isNegated: false)
        }
        let names = self.pattern.named.map(\.name)
        self.addConditions()
        self.pattern.key = self.pick([.none, .none, .none, .pattern, .pattern, .stream])
        while self.isOne(in: 5), self.pattern.negations.count < 2 {
            let type = self.pick(Self.types)
            let condition = self.isOne(in: 4) ? nil : self.condition(names + [type])
            self.pattern.negations.append(OraclePattern.Negation(type: type, condition: condition))
        }
        if !names.isEmpty, self.isOne(in: 6) { self.pattern.filter = self.comparison(names, hasEvent: false) }
        self.pattern.reading = self.pick([.emitted, .emitted, .emitted, .whole, .named])
        return self.pattern
    }

    private mutating func makeItem(_ repetition: String) -> Int {
        let place = self.pattern.items.count
        let alias = self.isOne(in: 6) ? nil : "a\(place)"
        self.pattern.items.append(
            NamedPattern.Item(type: self.pick(Self.types), alias: alias, repetition: repetition, condition: nil)
        )
        return place
    }

    private mutating func makeEvent() -> NamedPattern.Shape {
        .event(self.makeItem(self.pick(["", "", "", "", "+", "?", "*"])))
    }

    private mutating func makeAbsence() -> NamedPattern.Element {
        self.pattern.absences.append(
            NamedPattern.Absence(type: self.pick(Self.types), alias: self.isOne(in: 4) ? "z" : nil, condition: nil)
        )
        return .absence(self.pattern.absences.count - 1)
    }

    private mutating func makeSequence(isNegated: Bool) -> NamedPattern.Shape {
        var elements: [NamedPattern.Element] = []
        let count = self.pick([1, 2, 2, 2, 3, 3, 4])
        for number in 0..<count {
            while number > 0, self.isOne(in: 5) { elements.append(self.makeAbsence()) }
            elements.append(.item(self.makeItem(self.pick(["", "", "", "+", "*", "?"]))))
        }
        // Needs a time after which it is certain.
        if self.pattern.within != nil, !isNegated, self.isOne(in: 4) { elements.append(self.makeAbsence()) }
        return .sequence(elements)
    }

    private mutating func makeGroup(depth: Int, isNegated: Bool) -> NamedPattern.Shape {
        let isAnd = !self.isOne(in: 3)
        var operands: [NamedPattern.Shape] = []
        for _ in 0..<self.pick([2, 2, 2, 3]) { operands.append(self.makeOperand(depth: depth, isNegated: isNegated)) }
        guard isAnd else {
            self.shareAlias(among: operands)
            return .or(operands)
        }
        while self.isOne(in: 3) { operands.append(.not(self.makeOperand(depth: depth, isNegated: true))) }
        // A `NOT` may stand anywhere.
        for place in operands.indices.reversed() { operands.swapAt(place, self.below(place + 1)) }
        return .and(operands)
    }

    private mutating func makeOperand(depth: Int, isNegated: Bool) -> NamedPattern.Shape {
        switch self.below(depth == 0 ? 8 : depth == 1 ? 7 : 6) {
        case 0...3: self.makeEvent()
        case 4, 5: self.makeSequence(isNegated: isNegated)
        default: self.makeGroup(depth: depth + 1, isNegated: isNegated)
        }
    }

    /// Operands of an `OR` may call their events by the same name.
    private mutating func shareAlias(among operands: [NamedPattern.Shape]) {
        guard self.isOne(in: 2) else { return }
        let firsts = operands.compactMap { self.pattern.wanted($0).first }
        guard firsts.allSatisfy({ self.pattern.items[$0].alias != nil }) else { return }
        let alias = self.pattern.items[firsts[0]].alias
        for item in firsts {
            let old = self.pattern.items[item]
            self.pattern.items[item] = NamedPattern.Item(
                type: old.type,
                alias: alias,
                repetition: old.repetition,
                condition: nil
            )
        }
    }

    // MARK: - Conditions

    /// Conditions name items wherever they stand.
    private mutating func addConditions() {
        let items = self.pattern.items
        let names =
            items.compactMap(\.alias)
            + Set(items.map(\.type)).sorted().filter { self.pattern.onlyItem(ofType: $0) != nil }
        for place in items.indices where self.isOne(in: 2) {
            let own = items[place].alias ?? items[place].type
            self.pattern.items[place].condition = self.condition(
                names + (items[place].isRepeated ? [own, own, own] : [])
            )
        }
        for place in self.pattern.absences.indices where !self.isOne(in: 3) {
            let own = self.pattern.absences[place].alias ?? self.pattern.absences[place].type
            self.pattern.absences[place].condition = self.condition(names + [own])
        }
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
            names.isEmpty || self.isOne(in: 3)
            ? .int(Int64(self.below(4)))
            : .member(self.pick(names), self.pick(["v", "w"]), plus: self.pick([0, 0, 0, 1, -1]))
        let isOfEvent = names.isEmpty || hasEvent && !self.isOne(in: 6)
        let left: OracleTerm =
            isOfEvent ? .field(self.pick(["v", "w"])) : .member(self.pick(names), self.pick(["v", "w"]), plus: 0)
        return .comparison(left, self.pick(Self.symbols), right)
    }

    // MARK: - Events

    mutating func makeEvents() -> [Event] {
        // What is later than everything else by more than a run may take may find its key forgotten.
        let isBound = self.pattern.key != .none && self.pattern.within != nil
        let delayMax = isBound ? Int(self.pattern.within ?? 0) : 30
        let isInOrder = self.isOne(in: 2)
        let keys = (0..<(self.below(3) + 1)).map { _ in self.pick(Self.keys) }
        let types = self.pattern.items.map(\.type) + self.pattern.absences.map(\.type) + ["A", "B", "C", "D", "E"]
        var time = 0
        return (0..<(self.below(40) + 10)).map { _ in
            time += self.below(3)
            let delay = !isInOrder && self.isOne(in: 5) ? self.below(delayMax + 1) : 0
            var fields = Fields()
            if let key = self.pick(keys) { fields["k"] = key }
            if !self.isOne(in: 8) { fields["v"] = .int(Int64(self.below(4))) }
            if !self.isOne(in: 8) { fields["w"] = .int(Int64(self.below(4))) }
            let type = self.pick(types)
            return Event(type: type, timestamp: Int64(time - delay) * 1_000_000_000, fields: fields)
        }
    }
}
