import VPL

extension PlanCompiler {
    /// Compiles a condition of a stream, and keeps how it is written for those who ask why it does not hold.
    mutating func condition(_ expression: Expression, in scope: ExpressionCompiler.Scope) -> NodeID {
        let node = self.expressions.compile(expression, in: scope)
        self.conditions[node] = expression
        return node
    }
}
