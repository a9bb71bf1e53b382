extension Expression {
    /// The expression with a parenthesis around each operator and its operands.
    ///
    /// The statements of a lambda's block are not in it: they are nodes of their own, see `blocks`.
    var text: String {
        switch self.kind {
        case .null: "null"
        case .bool(let flag): String(flag)
        // A minus sign before it is an operator.
        case .int(let number): String(number.magnitude)
        case .float(let number): String(number)
        case .duration(let nanoseconds): nanoseconds.durationText
        case .timestamp(let nanoseconds): "@\(CalendarTime(nanosecondsSinceEpoch: nanoseconds).rfc3339)"
        case .string(let literal): literal.text.quoted
        case .name(let name): name
        case .array(let items): "[\(items.map(\.text).joined(separator: ", "))]"
        case .map(let entries):
            "{\(entries.map { "\($0.key.quoted): \($0.value.text)" }.joined(separator: ", "))}"
        case .member(let base, let name, let isOptional): "\(base.text)\(isOptional ? "?." : ".")\(name.text)"
        case .index(let base, let index): "\(base.text)[\(index.text)]"
        case .slice(let base, let from, let to): "\(base.text)[\(from?.text ?? ""):\(to?.text ?? "")]"
        case .call(let base, let arguments): "\(base.text)(\(arguments.map(\.text).joined(separator: ", ")))"
        case .unary(let symbol, let operand): "(\(symbol.text)\(operand.text))"
        case .binary(let symbol, let left, let right): "(\(left.text) \(symbol.rawValue) \(right.text))"
        case .range(let lower, let upper, let isClosed): "(\(lower.text)\(isClosed ? "..=" : "..")\(upper.text))"
        case .conditional(let condition, let consequence, let alternative):
            "(if \(condition.text) then \(consequence.text) else \(alternative.text))"
        case .lambda(let parameters, let body):
            "((\(parameters.map(\.text).joined(separator: ", "))) => \(body.text))"
        }
    }

    /// The blocks of the lambdas in the expression, in the order written.
    var blocks: [SyntaxNode] {
        switch self.kind {
        case .null, .bool, .int, .float, .duration, .timestamp, .string, .name: []
        case .array(let items): items.flatMap(\.blocks)
        case .map(let entries): entries.flatMap(\.value.blocks)
        case .member(let base, _, _): base.blocks
        case .index(let base, let index): base.blocks + index.blocks
        case .slice(let base, let from, let to): base.blocks + (from?.blocks ?? []) + (to?.blocks ?? [])
        case .call(let base, let arguments): base.blocks + arguments.flatMap(\.value.blocks)
        case .unary(_, let operand): operand.blocks
        case .binary(_, let left, let right), .range(let left, let right, _): left.blocks + right.blocks
        case .conditional(let condition, let consequence, let alternative):
            condition.blocks + consequence.blocks + alternative.blocks
        case .lambda(_, .expression(let body)): body.blocks
        case .lambda(_, .block(let statements)):
            [SyntaxNode("block", at: self.location, statements.map(SyntaxNode.init(_:)))]
        }
    }
}

extension CallArgument {
    var text: String { (self.name.map { "\($0.text): " } ?? "") + self.value.text }
}

extension LambdaBody {
    fileprivate var text: String {
        switch self {
        case .expression(let value): value.text
        case .block: "{…}"
        }
    }
}

extension UnaryOperator {
    fileprivate var text: String {
        switch self {
        case .negate: "-"
        case .complement: "~"
        case .not: "not "
        }
    }
}

extension String {
    /// A string literal of the language that means this text.
    var quoted: String {
        var result = "\""
        for scalar in self.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            case "\0": result += "\\0"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

extension UInt64 {
    /// Nanoseconds as a duration literal in the greatest unit that fits.
    var durationText: String {
        let units: [(String, UInt64)] = [
            ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000),
            ("ms", 1_000_000), ("us", 1000),
        ]
        for (unit, length) in units where self > 0 && self % length == 0 { return "\(self / length)\(unit)" }
        return "\(self)ns"
    }
}
