import VPL

extension PlanCompiler {
    /// What a stream counts over the trends of its sequence. Nil, and why is reported, where it cannot be done.
    mutating func trends(of draft: SequenceDraft, _ items: [NamedExpression], at word: Name) -> CompiledTrends? {
        guard let within = draft.within else { return nil }
        if draft.steps.count > Self.stepsMax || items.count > Self.itemsMax {
            let most = "`.trend_aggregate` with more than \(Self.stepsMax) steps or \(Self.itemsMax) items"
            self.reportUnavailable(word, "\(most) is")
            return nil
        }
        if draft.names.slots.contains(where: { $0.function != nil }) {
            self.reportUnavailable(word, "a condition that adds up the events of a step, with `.trend_aggregate`, is")
            return nil
        }
        let analysis = TrendAnalysis(draft, self.expressions.code)
        return CompiledTrends(
            steps: analysis.steps,
            negations: analysis.negations,
            items: items.compactMap { Self.trendItem($0, draft.names) },
            key: draft.key,
            within: within,
            slotCount: draft.names.slots.count,
            columns: analysis.columns,
            indexes: analysis.indexes
        )
    }

    /// Each window has a number for each step and each item, and each step may have to know of all before it.
    private static var stepsMax: Int { 64 }
    private static var itemsMax: Int { 1_000 }

    private static func trendItem(_ item: NamedExpression, _ names: SequenceNames) -> CompiledTrends.Item? {
        guard case .call(let callee, let arguments) = item.value.kind, case .name(let name) = callee.kind,
            let function = TrendFunction(rawValue: name)
        else { return nil }
        var (step, field): (Int?, String?) = (0, nil)
        switch arguments.first?.value.kind {
        case .name(let alias): step = names.steps(named: alias).last
        case .member(let base, let member, _):
            guard case .name(let alias) = base.kind else { return nil }
            (step, field) = (names.steps(named: alias).last, member.text)
        default: break
        }
        return step.map { CompiledTrends.Item(name: item.name.text, function: function, step: $0, field: field) }
    }
}

/// Finds out what the conditions of trends look at.
private struct TrendAnalysis {
    private let draft: SequenceDraft
    private let code: Code
    private(set) var steps: [CompiledTrends.Step] = []
    private(set) var negations: [CompiledTrends.Negation] = []
    private(set) var columns: [[NodeID]] = []
    private(set) var indexes: [[CompiledTrends.Index]] = []

    /// The conditions of a step, one by one.
    private struct Conditions {
        /// Of the event alone.
        var always: [NodeID] = []
        var first: [NodeID] = []
        /// Of the event and those before it.
        var entry: [NodeID] = []
        var again: [NodeID] = []
    }

    init(_ draft: SequenceDraft, _ code: Code) {
        self.draft = draft
        self.code = code
        self.columns = Array(repeating: [], count: draft.steps.count)
        self.indexes = Array(repeating: [], count: draft.steps.count)
        let conditions = draft.steps.indices.map { self.conditions(of: $0) }
        self.negations = draft.negations.map { negation in
            CompiledTrends.Negation(
                type: negation.type,
                condition: negation.condition,
                isOfTrends: negation.condition.map { !self.stepsRead(by: $0).isEmpty } ?? false
            )
        }
        let contexts = self.contexts(conditions)
        self.steps = draft.steps.indices.map { number in
            let step = draft.steps[number]
            let entry = number == 0 ? .none : self.edge(conditions[number].entry, number - 1, number, contexts)
            let again = step.isKleene ? self.edge(conditions[number].again, number, number, contexts) : .none
            return CompiledTrends.Step(
                type: step.type,
                name: draft.names.name(of: number),
                isKleene: step.isKleene,
                written: step.conditions,
                conditions: conditions[number].always,
                firstConditions: conditions[number].first,
                entry: entry,
                again: again,
                context: contexts[number].sorted(),
                captures: contexts[number].contains(number) ? self.captures(of: number) : []
            )
        }
    }

    /// Whether a trend stays at the step, for events to come after it.
    private func isOpen(_ step: Int) -> Bool { step < self.draft.steps.count - 1 || self.draft.steps[step].isKleene }

    private func conditions(of number: Int) -> Conditions {
        var conditions = Conditions()
        for condition in self.draft.steps[number].conditions.flatMap({ self.conjuncts($0) }) {
            let steps = self.stepsRead(by: condition)
            if steps.isEmpty {
                conditions.always.append(condition)
                continue
            }
            if self.draft.steps[number].isKleene { conditions.again.append(condition) }
            // True of the first event that the step takes.
            if case .unlessFirst = self.code[condition] { continue }
            if steps == [number] {
                conditions.first.append(condition)
            } else {
                conditions.entry.append(condition)
            }
        }
        return conditions
    }

    private func conjuncts(_ condition: NodeID) -> [NodeID] {
        guard case .and(let left, let right) = self.code[condition] else { return [condition] }
        return self.conjuncts(left) + self.conjuncts(right)
    }

    /// The steps of whose events a condition asks for something.
    private func stepsRead(by condition: NodeID) -> Set<Int> {
        var steps: Set<Int> = []
        for node in self.code.nodes(under: condition) {
            switch self.code[node] {
            case .captured(let slot): steps.insert(self.draft.names.slots[Int(slot)].step)
            case .ifReached(let step, _): steps.insert(Int(step))
            default: break
            }
        }
        return steps
    }

    /// What tells partial trends apart that end at each step: which of their events conditions to come ask for.
    private func contexts(_ conditions: [Conditions]) -> [Set<Int>] {
        var contexts = [Set<Int>](repeating: [], count: self.draft.steps.count)
        let negated = self.draft.negations.compactMap(\.condition)
            .reduce(into: Set<Int>()) { $0.formUnion(self.stepsRead(by: $1)) }
        for number in self.draft.steps.indices.reversed() where self.isOpen(number) {
            var wanted = negated
            for condition in conditions[number].again { wanted.formUnion(self.stepsRead(by: condition)) }
            if number + 1 < self.draft.steps.count {
                for condition in conditions[number + 1].entry { wanted.formUnion(self.stepsRead(by: condition)) }
                wanted.formUnion(contexts[number + 1])
            }
            contexts[number] = wanted.filter { $0 <= number }
        }
        return contexts
    }

    private mutating func edge(
        _ conditions: [NodeID],
        _ source: Int,
        _ number: Int,
        _ contexts: [Set<Int>]
    ) -> CompiledTrends.Edge {
        let (here, there) = (contexts[number].sorted(), contexts[source].sorted())
        // A step's own event is the new one.
        let carried = contexts[number].subtracting([number])
        var edge: [CompiledTrends.EdgeTest] = []
        for condition in conditions {
            edge.append(
                CompiledTrends.EdgeTest(condition: condition, comparison: self.comparison(condition, source))
            )
        }
        return CompiledTrends.Edge(
            tests: edge,
            carriedSlots: self.draft.names.slots.indices.filter { carried.contains(self.draft.names.slots[$0].step) },
            carriedEvents: here.enumerated().compactMap { to, step in
                step == number ? nil : there.firstIndex(of: step).map { (to, $0) }
            },
            index: there == [source] && carried.isEmpty ? self.index(for: edge, of: source) : nil
        )
    }

    /// An index for an edge whose only condition is an order. Its groups must be of one event each, and none may end alone.
    private mutating func index(for tests: [CompiledTrends.EdgeTest], of source: Int) -> Int? {
        guard tests.count == 1, let comparison = tests[0].comparison, comparison.isOrder,
            !self.negations.contains(where: \.isOfTrends)
        else { return nil }
        let index = CompiledTrends.Index(column: comparison.column, isDescending: comparison.isOfLess)
        self.indexes[source].append(index)
        return self.indexes[source].count - 1
    }

    private func captures(of number: Int) -> [CompiledSequence.Capture] {
        self.draft.names.slots.enumerated().compactMap { slot, wanted in
            guard wanted.step == number, let field = wanted.field else { return nil }
            return CompiledSequence.Capture(field: field, slot: slot)
        }
    }

    // MARK: - Comparisons

    private mutating func comparison(_ condition: NodeID, _ source: Int) -> CompiledTrends.EdgeTest.Comparison? {
        var condition = condition
        // Where it stands on an edge it is decided whether the event is the first.
        if case .unlessFirst(let operand) = self.code[condition] { condition = operand }
        guard case .comparison(let symbol, let left, let right) = self.code[condition] else { return nil }
        let (ofEvent, ofTrend, turned): (NodeID, NodeID, BinaryOperator?)
        if self.isOfTrend(right), self.stepsRead(by: left).isEmpty {
            (ofEvent, ofTrend, turned) = (left, right, symbol)
        } else if self.isOfTrend(left), self.stepsRead(by: right).isEmpty {
            (ofEvent, ofTrend, turned) = (right, left, symbol.turned)
        } else {
            return nil
        }
        guard let turned, turned.turned != nil else { return nil }
        self.columns[source].append(ofTrend)
        return CompiledTrends.EdgeTest.Comparison(
            symbol: turned,
            ofEvent: ofEvent,
            ofTrend: ofTrend,
            column: self.columns[source].count - 1
        )
    }

    /// Whether it is arithmetic over nothing but what a trend's events were.
    private func isOfTrend(_ node: NodeID) -> Bool {
        var hasCaptured = false
        for inner in self.code.nodes(under: node) {
            switch self.code[inner] {
            case .captured: hasCaptured = true
            case .constant, .arithmetic: break
            default: return false
            }
        }
        return hasCaptured
    }
}

extension BinaryOperator {
    /// The comparison of numbers that holds with its sides exchanged; nil for what compares no numbers.
    fileprivate var turned: BinaryOperator? {
        switch self {
        case .equal, .notEqual: self
        case .less: .greater
        case .lessOrEqual: .greaterOrEqual
        case .greater: .less
        case .greaterOrEqual: .lessOrEqual
        default: nil
        }
    }
}

extension Code {
    /// A node, its operands, theirs, and so on.
    func nodes(under root: NodeID) -> [NodeID] {
        var (found, next) = ([NodeID](), [root])
        while let node = next.popLast() {
            found.append(node)
            switch self[node] {
            case .missing, .constant, .name, .field, .captured, .matched, .batch, .method: break
            case .member(let base, _, _, _), .unary(_, let base), .typeTest(let base, _), .unlessFirst(let base),
                .ifReached(_, let base):
                next.append(base)
            case .index(let left, let right), .arithmetic(_, let left, let right), .comparison(_, let left, let right),
                .and(let left, let right), .or(let left, let right), .coalesce(let left, let right),
                .range(let left, let right, _):
                next += [left, right]
            case .slice(let base, let from, let to): next += [base] + [from, to].compactMap(\.self)
            case .conditional(let condition, let first, let second): next += [condition, first, second]
            case .array(let list), .map(_, let list), .builtin(_, let list), .call(_, let list):
                next += list.indices.map { self.operands[$0] }
            case .template(let index):
                for case .value(let node, _) in self.templates[Int(index)] { next.append(node) }
            }
        }
        return found
    }
}

extension SequenceNames {
    /// The step that is known by the name after the pattern.
    fileprivate func step(named name: String) -> Int? {
        if case .captured(let step, _) = self.reference(name, at: .match) { step } else { nil }
    }
}
