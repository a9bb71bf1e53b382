import VPL

/// Makes expressions at random.
struct RandomExpressions {
    enum Form {
        case atom, negation, not, index, slice, conditional, call, binary
    }

    let atoms: [String]
    let operators: [String]
    /// Each is as likely as the others; one that is there twice is twice as likely.
    let forms: [Form]
    var functions = BuiltinFunction.allCases.map(\.rawValue)

    func expression(_ depth: Int, _ random: inout SeededGenerator) -> String {
        func pick(_ items: [String]) -> String { items[Int.random(in: 0..<items.count, using: &random)] }
        func operand() -> String { self.expression(depth - 1, &random) }
        guard depth > 0 else { return pick(self.atoms) }
        switch self.forms[Int.random(in: 0..<self.forms.count, using: &random)] {
        case .atom: return pick(self.atoms)
        case .negation: return "-(\(operand()))"
        case .not: return "(not \(operand()))"
        case .index: return "(\(operand()))[\(operand())]"
        case .slice: return "(\(operand()))[\(operand()):]"
        case .conditional:
            let condition = operand()
            return "(if \(condition) then \(operand()) else a)"
        case .call:
            let function = pick(self.functions)
            let count = Int.random(in: 0...3, using: &random)
            return "\(function)(\((0..<count).map { _ in operand() }.joined(separator: ", ")))"
        case .binary:
            let left = operand()
            return "(\(left) \(pick(self.operators)) \(operand()))"
        }
    }
}
