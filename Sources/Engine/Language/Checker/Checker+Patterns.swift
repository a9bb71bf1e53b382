/// Named patterns: what may stand where, and which names their conditions may use.
extension Checker {
    /// So many items of a `SEQ` may be skipped: each adds to the ways a run may go on.
    private static let optionalItemsMax = 100
    /// So many events may a pattern with `AND` or `OR` name: every run has a state for each.
    private static let eventsMax = 100

    mutating func check(_ pattern: PatternDeclaration) {
        let expression = pattern.expression
        if expression.isTree, let item = expression.items.dropFirst(Self.eventsMax).first {
            let message = "a pattern with `AND` or `OR` names at most \(Self.eventsMax) events"
            return self.error(nil, .value, message, at: item.type)
        }
        if case .not = expression { self.refuseNot(expression) }
        self.check(expression, of: pattern, siblings: [], isNegated: false)
    }

    /// - Parameters:
    ///   - siblings: The names of other operands of an `AND`, any of which may have its events earlier.
    ///   - isNegated: Whether it stands behind a `NOT`.
    private mutating func check(
        _ expression: PatternExpression,
        of pattern: PatternDeclaration,
        siblings: Set<String>,
        isNegated: Bool
    ) {
        switch expression {
        case .sequence(let items): self.check(items, of: pattern, siblings: siblings, isNegated: isNegated)
        case .event(let item):
            self.checkSource(item.type)
            self.checkCondition(of: item, in: pattern, names: siblings)
        case .or(let operands):
            for operand in operands {
                if case .not = operand { self.refuseNot(operand) }
                self.check(operand, of: pattern, siblings: siblings, isNegated: isNegated)
            }
        case .and(let operands):
            if operands.allSatisfy({ if case .not = $0 { true } else { false } }) { self.refuseNot(operands[0]) }
            let names = operands.map(\.names)
            for (place, operand) in operands.enumerated() {
                var others = siblings
                for (other, names) in names.enumerated() where other != place { others.formUnion(names) }
                self.check(operand, of: pattern, siblings: others, isNegated: isNegated)
            }
        case .not(let operand):
            if case .not = operand { self.refuseNot(operand) }
            self.check(operand, of: pattern, siblings: siblings, isNegated: true)
        }
    }

    private mutating func refuseNot(_ expression: PatternExpression) {
        guard let item = expression.items.first else { return }
        let message = "`NOT` stands among the items of `SEQ`, or in `AND` beside something that is to happen"
        self.error(nil, .order, message, at: item.type)
    }

    private mutating func check(
        _ items: [PatternItem],
        of pattern: PatternDeclaration,
        siblings: Set<String>,
        isNegated: Bool
    ) {
        var names = siblings
        var optionalCount = 0
        for item in items {
            self.checkSource(item.type)
            self.checkCondition(of: item, in: pattern, names: names)
            if item.isNegated {
                if item.repetition != .once {
                    self.warn(nil, .unused, "how often is of no account after `NOT`", at: item.type)
                }
                continue
            }
            names.insert(item.type.text)
            if let alias = item.alias { names.insert(alias.text) }
            guard item.isOptional else { continue }
            optionalCount += 1
            if optionalCount == Self.optionalItemsMax + 1 {
                let message = "at most \(Self.optionalItemsMax) items of a `SEQ` may be skipped"
                self.error(nil, .value, message, at: item.type)
            }
        }
        guard let first = items.first, let last = items.last else { return }
        guard items.contains(where: { !$0.isNegated }) else {
            return self.error(nil, .order, "a `SEQ` has at least one item that is to happen", at: first.type)
        }
        for item in items.prefix(while: \.isNegated) {
            self.warn(nil, .unused, "`NOT` as the first item of `SEQ` has no effect", at: item.type)
        }
        guard last.isNegated else { return }
        if isNegated {
            self.error(nil, .order, "a `SEQ` that is not to happen cannot end with `NOT`", at: last.type)
        } else if pattern.within == nil {
            self.error(nil, .order, "`NOT` as the last item of `SEQ` needs a `within`", at: last.type)
        }
    }

    private mutating func checkCondition(of item: PatternItem, in pattern: PatternDeclaration, names: Set<String>) {
        guard let condition = item.condition else { return }
        var scope = ExpressionScope()
        // As in the steps of a sequence: only a declared event rules a name out.
        if let fields = self.declarations.fieldNames(of: item.type.text) {
            scope.qualifiers = names
            scope.stepNames = fields + [Set([item.type.text, item.alias?.text].compactMap { $0 })]
        }
        scope.kleeneAliases = pattern.expression.repeatedNames
        if item.isKleene { scope.kleeneAliases.insert((item.alias ?? item.type).text) }
        self.check(condition, in: scope)
    }

    // MARK: - Patterns as sources

    mutating func use(_ pattern: PatternDeclaration, in context: inout StreamContext) {
        context.hasPattern = true
        context.scope.qualifiers = pattern.expression.names
        context.scope.kleeneAliases = pattern.expression.repeatedNames
    }

    mutating func refusePattern(_ name: Name) {
        self.error(nil, .order, "the pattern `\(name.text)` can only be the whole source of a stream", at: name)
    }

    /// For what stands behind `.not`.
    mutating func checkIsNoPattern(_ type: Name) {
        guard self.declarations.events[type.text] == nil, !self.declarations.streams.contains(type.text),
            self.declarations.patterns[type.text] != nil
        else { return }
        self.refusePattern(type)
    }
}

extension PatternExpression {
    /// All its items, in the order written.
    package var items: [PatternItem] {
        switch self {
        case .sequence(let items): items
        case .event(let item): [item]
        case .and(let operands), .or(let operands): operands.flatMap(\.items)
        case .not(let operand): operand.items
        }
    }

    /// Whether it is more than one event or one `SEQ`.
    package var isTree: Bool {
        switch self {
        case .sequence, .event: false
        case .and, .or, .not: true
        }
    }

    /// The items that are to happen.
    private var takenItems: [PatternItem] {
        switch self {
        case .sequence(let items): items.filter { !$0.isNegated }
        case .event(let item): [item]
        case .and(let operands), .or(let operands): operands.flatMap(\.takenItems)
        case .not: []
        }
    }

    /// The names under which the events of a match are known: aliases and types.
    var names: Set<String> { Set(self.takenItems.flatMap { [$0.type.text, $0.alias?.text].compactMap(\.self) }) }

    /// Those of items that may take several events.
    var repeatedNames: Set<String> {
        Set(
            self.takenItems.filter(\.isKleene).map { ($0.alias ?? $0.type).text }
        )
    }
}

extension PatternItem {
    package var isKleene: Bool { self.repetition == .oneOrMore || self.repetition == .zeroOrMore }
    /// May be skipped.
    package var isOptional: Bool { self.repetition == .zeroOrMore || self.repetition == .zeroOrOne }
}
