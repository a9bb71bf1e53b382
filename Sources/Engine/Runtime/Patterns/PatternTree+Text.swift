extension PatternTree {
    /// The pattern for people: with types, names and whether there are conditions.
    func text(of sequence: CompiledSequence) -> String { self.text(of: 0, sequence, isWithin: false) }

    func text(of node: Int, _ sequence: CompiledSequence, isWithin: Bool) -> String {
        let described = self.nodes[node]
        switch described.kind {
        case .items:
            var items: [String] = []
            for step in described.steps {
                items.append(Self.text(of: sequence.steps[step]))
                for negation in self.negations[described.negations] where negation.positions?.last == step {
                    items.append("NOT \(negation.type)" + (negation.condition == nil ? "" : " if"))
                }
            }
            return items.count == 1 ? items[0] : "SEQ(\(items.joined(separator: ", ")))"
        case .all, .any:
            var operands: [String] = described.operands.map { self.text(of: $0, sequence, isWithin: true) }
            for operand in described.unless {
                operands.append("NOT " + self.text(of: operand, sequence, isWithin: true))
            }
            let text = operands.joined(separator: described.kind == .all ? " AND " : " OR ")
            return isWithin ? "(\(text))" : text
        }
    }

    private static func text(of step: CompiledSequence.Step) -> String {
        let repetition = step.isKleene ? (step.isOptional ? "*" : "+") : step.isOptional ? "?" : ""
        let name = step.name.map { $0 == step.type ? "" : " as \($0)" } ?? ""
        return step.type + repetition + name + (step.conditions.isEmpty ? "" : " if")
    }
}
