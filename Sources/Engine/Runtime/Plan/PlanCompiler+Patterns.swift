import VPL

/// Named patterns: `pattern P = SEQ(A as a, NOT B, C* as c) within 10s` and `stream S = P`.
extension PlanCompiler {
    /// The pattern that is the source of a stream, if one is.
    func pattern(of stream: StreamDeclaration) -> PatternDeclaration? {
        guard case .type(let name, _, _) = stream.source else { return nil }
        return self.patterns[name.text]
    }

    /// The sequence of a stream that reads a pattern. From here on the compiler knows the items' names.
    mutating func sequence(
        of pattern: PatternDeclaration,
        in stream: StreamDeclaration,
        place: Int
    ) -> SequenceDraft? {
        let items: [PatternItem]
        switch pattern.expression {
        case .sequence(let written): items = written
        case .event(let item): items = [item]
        case .and, .or, .not:
            self.reportUnavailable(pattern.name)
            return nil
        }
        let taken = items.filter { !$0.isNegated }
        self.expressions.sequence = SequenceNames(taken.map { SequenceNames.Step($0) })
        let steps = taken.enumerated().map { number, item in
            let condition = item.condition.map {
                self.expressions.compile($0, in: ExpressionCompiler.Scope(place: .step(number)))
            }
            return SequenceDraft.Step(
                type: item.type.text,
                conditions: [condition].compactMap(\.self),
                isKleene: item.isKleene,
                isOptional: item.isOptional
            )
        }
        let negations = self.negations(among: items, steps)
        return SequenceDraft(
            stream: place,
            steps: steps,
            negations: negations + self.negations(of: stream),
            key: Self.sequenceKey(of: stream) ?? pattern.partition?.text,
            within: pattern.within.map { Int64(clamping: $0) },
            waitsForDeadline: items.last?.isNegated ?? false,
            operationsStart: 0,
            names: SequenceNames([])
        )
    }

    /// The `NOT` among the items of a `SEQ`. Before the first step one has no meaning.
    private mutating func negations(
        among items: [PatternItem],
        _ steps: [SequenceDraft.Step]
    ) -> [CompiledSequence.Negation] {
        var negations: [CompiledSequence.Negation] = []
        var last = -1
        for item in items {
            guard item.isNegated else {
                last += 1
                continue
            }
            guard last >= 0 else { continue }
            let scope = ExpressionCompiler.Scope(
                place: .negation(type: item.type.text, alias: item.alias?.text, after: last)
            )
            var first = last
            while first > 0, steps[first].isOptional { first -= 1 }
            negations.append(
                CompiledSequence.Negation(
                    type: item.type.text,
                    condition: item.condition.map { self.expressions.compile($0, in: scope) },
                    positions: first...last
                )
            )
        }
        return negations
    }
}

extension SequenceNames.Step {
    init(_ item: PatternItem) {
        self.init(
            type: item.type.text,
            alias: item.alias?.text,
            isKleene: item.isKleene,
            isOptional: item.isOptional
        )
    }
}
