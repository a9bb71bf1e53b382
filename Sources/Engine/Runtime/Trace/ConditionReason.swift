import VPL

/// Why a condition does not hold: the part of it that is to blame, and the values that this part found.
public struct ConditionReason: Codable, Hashable, Sendable {
    /// The part of the condition, as the program has it: `amount > a.amount`.
    public let condition: String
    /// What it comes to: `false`, `missing`, or whatever is not `true`.
    public let result: String
    /// It with values in the place of what they are of: `5 > 10`.
    public let values: String
    /// The names in it that have no value.
    public let missing: [String]

    /// For people.
    public var text: String {
        if !self.missing.isEmpty {
            let names = self.missing.map { "`\($0)`" }.joined(separator: ", ")
            return "`\(self.condition)` has no value: nothing is known of \(names)"
        }
        let subject = "`\(self.condition)` " + (self.result == "missing" ? "has no value" : "is \(self.result)")
        return self.values == self.result ? subject : "\(subject): \(self.values)"
    }
}

extension Evaluator {
    /// So many parts of one condition are told of.
    private static var reasonsMax: Int { 4 }

    /// The parts of a condition that do not hold, against the event and the run at hand.
    ///
    /// A condition is a tree of `and` over parts, and its compiled form is the same tree: both are walked together.
    ///
    /// - Parameter conditions: How conditions are written.
    mutating func reasons(against condition: NodeID, _ conditions: [NodeID: Expression]) -> [ConditionReason] {
        guard let written = conditions[condition] else { return [] }
        var reasons: [ConditionReason] = []
        self.addReasons(condition, written, to: &reasons)
        return reasons
    }

    private mutating func addReasons(_ node: NodeID, _ written: Expression, to reasons: inout [ConditionReason]) {
        guard reasons.count < Self.reasonsMax else { return }
        if case .and(let left, let right) = self.code[node], case .binary(.and, let first, let second) = written.kind {
            self.addReasons(left, first, to: &reasons)
            self.addReasons(right, second, to: &reasons)
            return
        }
        let value = self.evaluate(node)
        if case .bool(true) = value { return }
        var missing: [String] = []
        if value == nil { self.addMissing(node, written, to: &missing) }
        reasons.append(
            ConditionReason(
                condition: written.source.cut(to: 200),
                result: value.shown,
                values: self.values(node, written).cut(to: 400),
                missing: missing
            )
        )
    }

    /// The condition with values in the place of what stands beside comparisons.
    private mutating func values(_ node: NodeID, _ written: Expression) -> String {
        switch (self.code[node], written.kind) {
        case (.unlessFirst(let inner), _), (.ifReached(_, let inner), _): return self.values(inner, written)
        case (.and(let left, let right), .binary(let symbol, let first, let second)),
            (.or(let left, let right), .binary(let symbol, let first, let second)):
            let (one, other) = (self.values(left, first), self.values(right, second))
            return "\(one) \(symbol.rawValue) \(other)"
        case (.comparison(_, let left, let right), .binary(let symbol, _, _)):
            return "\(self.evaluate(left).shown) \(symbol.rawValue) \(self.evaluate(right).shown)"
        case (.typeTest(let operand, let test), .binary):
            return "\(self.evaluate(operand).shown) is \(test.rawValue)"
        case (.unary(.not, let operand), .unary(.not, let inner)): return "not (\(self.values(operand, inner)))"
        default: return self.evaluate(node).shown
        }
    }

    /// The names without a value that leave the expression without one.
    private mutating func addMissing(_ node: NodeID, _ written: Expression, to names: inout [String]) {
        guard names.count < Self.reasonsMax, self.evaluate(node) == nil else { return }
        switch (self.code[node], written.kind) {
        case (.unlessFirst(let inner), _), (.ifReached(_, let inner), _): self.addMissing(inner, written, to: &names)
        case (.and(let left, let right), .binary(_, let first, let second)),
            (.or(let left, let right), .binary(_, let first, let second)),
            (.comparison(_, let left, let right), .binary(_, let first, let second)),
            (.arithmetic(_, let left, let right), .binary(_, let first, let second)),
            (.coalesce(let left, let right), .binary(_, let first, let second)):
            self.addMissing(left, first, to: &names)
            self.addMissing(right, second, to: &names)
        case (.unary(_, let operand), .unary(_, let inner)), (.typeTest(let operand, _), .binary(_, let inner, _)):
            self.addMissing(operand, inner, to: &names)
        case (.builtin(_, let operands), .call(_, let arguments)), (.call(_, let operands), .call(_, let arguments)):
            for (place, argument) in zip(operands.indices, arguments) {
                self.addMissing(self.code.operands[place], argument.value, to: &names)
            }
        case (_, .name), (_, .member), (_, .call), (_, .index):
            if !names.contains(written.source) { names.append(written.source.cut(to: 80)) }
        default: break
        }
    }
}
