extension Expression {
    /// The expression as people write it: with a parenthesis only where it means something else without.
    package var source: String {
        switch self.kind {
        case .binary(let symbol, let left, let right):
            let first = left.source(beside: symbol, isLeft: true)
            return "\(first) \(symbol.rawValue) \(right.source(beside: symbol, isLeft: false))"
        case .unary(.not, let operand): return "not " + operand.sourceOfOperand
        case .unary(.negate, let operand): return "-" + operand.sourceOfOperand
        case .unary(.complement, let operand): return "~" + operand.sourceOfOperand
        case .member(let base, let name, let isOptional):
            return "\(base.sourceOfOperand)\(isOptional ? "?." : ".")\(name.text)"
        case .index(let base, let index): return "\(base.sourceOfOperand)[\(index.source)]"
        case .call(let base, let arguments):
            let list = arguments.map { ($0.name.map { "\($0.text): " } ?? "") + $0.value.source }
            return "\(base.sourceOfOperand)(\(list.joined(separator: ", ")))"
        case .array(let items): return "[\(items.map(\.source).joined(separator: ", "))]"
        case .conditional(let condition, let consequence, let alternative):
            return "if \(condition.source) then \(consequence.source) else \(alternative.source)"
        case .null, .bool, .int, .float, .duration, .timestamp, .string, .name, .map, .slice, .range, .lambda:
            return self.text
        }
    }

    /// The same as an operand of something that binds more strongly than all operators between two.
    private var sourceOfOperand: String {
        switch self.kind {
        case .binary, .unary, .conditional: "(\(self.source))"
        default: self.source
        }
    }

    private func source(beside symbol: BinaryOperator, isLeft: Bool) -> String {
        switch self.kind {
        case .binary(let own, _, _):
            let isBound =
                symbol == .power || own.precedence < symbol.precedence
                || own.precedence == symbol.precedence && (!isLeft || symbol.precedence == .comparison)
            return isBound ? "(\(self.source))" : self.source
        case .unary(.not, _): return symbol.precedence > .not ? "(\(self.source))" : self.source
        case .unary: return symbol == .power ? "(\(self.source))" : self.source
        case .conditional: return "(\(self.source))"
        default: return self.source
        }
    }
}
