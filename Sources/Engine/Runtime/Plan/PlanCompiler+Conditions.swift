import VPL

extension PlanCompiler {
    /// Compiles a condition of a stream, and keeps how it is written for those who ask why it does not hold.
    mutating func condition(_ expression: Expression, in scope: ExpressionCompiler.Scope) -> NodeID {
        let node = self.expressions.compile(expression, in: scope)
        self.remember(node, as: expression)
        return node
    }

    /// The parts of an `and` too: trends test them one by one.
    private mutating func remember(_ node: NodeID, as expression: Expression) {
        self.conditions[node] = expression
        if case .and(let left, let right) = self.expressions.code[node],
            case .binary(.and, let first, let second) = expression.kind
        {
            self.remember(left, as: first)
            self.remember(right, as: second)
        }
    }
}
