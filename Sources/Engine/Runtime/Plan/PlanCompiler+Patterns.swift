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
        let outline = PatternOutline(pattern.expression)
        let steps = outline.steps
        self.expressions.sequence = SequenceNames(steps.map { SequenceNames.Step($0) }, scopes: outline.scopes)
        let compiled = steps.enumerated().map { number, item in
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
        let negations = outline.negations.map { self.negation($0, steps) }
        return SequenceDraft(
            stream: place,
            steps: compiled,
            negations: (outline.isTree ? [] : negations) + self.negations(of: stream),
            key: Self.sequenceKey(of: stream) ?? pattern.partition?.text,
            within: pattern.within.map { Int64(clamping: $0) },
            waitsForDeadline: outline.nodes.contains(where: \.waitsForDeadline),
            tree: outline.isTree ? PatternTree(nodes: outline.nodes, negations: negations) : nil,
            operationsStart: 0,
            names: SequenceNames([])
        )
    }

    private mutating func negation(
        _ negation: PatternOutline.Negation,
        _ steps: [PatternItem]
    ) -> CompiledSequence.Negation {
        let item = negation.item
        let scope = ExpressionCompiler.Scope(
            place: .negation(type: item.type.text, alias: item.alias?.text, after: negation.last)
        )
        return CompiledSequence.Negation(
            type: item.type.text,
            condition: item.condition.map { self.expressions.compile($0, in: scope) },
            positions: negation.first...negation.last
        )
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
