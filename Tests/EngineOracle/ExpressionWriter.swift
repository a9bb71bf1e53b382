/// Writes expressions with no more parentheses than the grammar of section 3 needs.
enum OracleExpressionWriter {
    /// How tightly a form binds; a form stands without parentheses where at least its level is wanted.
    private enum Level: Int {
        case conditional, range, coalesce, or, and, not, compare, bitOr, bitXor, bitAnd, shift, add, multiply, unary,
            power, postfix
    }

    static func text(_ expression: OracleExpression) -> String { self.text(expression, .conditional) }

    private static func text(_ expression: OracleExpression, _ wanted: Level) -> String {
        let (text, level) = self.form(expression)
        return level.rawValue >= wanted.rawValue ? text : "(\(text))"
    }

    private static func form(_ expression: OracleExpression) -> (String, Level) {
        switch expression {
        case .literal(let value):
            let text = self.literal(value)
            return (text, text.hasPrefix("-") ? .unary : .postfix)
        case .text(let text): return (self.quoted(text), .postfix)
        case .name(let name): return (name, .postfix)
        case .member(let base, let field, let isOptional):
            return (self.text(base, .postfix) + (isOptional ? "?." : ".") + field, .postfix)
        case .negate(let operand): return ("-" + self.text(operand, .unary), .unary)
        case .complement(let operand): return ("~" + self.text(operand, .unary), .unary)
        case .not(let operand): return ("not " + self.text(operand, .not), .not)
        case .binary(let operation, let left, let right):
            let (own, leftLevel, rightLevel) = self.levels(operation)
            return ("\(self.text(left, leftLevel)) \(operation.rawValue) \(self.text(right, rightLevel))", own)
        case .isType(let operand, let type): return (self.text(operand, .bitOr) + " is \(type)", .compare)
        case .conditional(let condition, let yes, let no):
            return ("if \(self.text(condition)) then \(self.text(yes)) else \(self.text(no))", .conditional)
        case .array(let elements): return ("[" + self.list(elements) + "]", .postfix)
        case .map(let entries):
            let texts = entries.map { "\($0.key): \(self.text($0.value))" }
            return (texts.isEmpty ? "{}" : "{ " + texts.joined(separator: ", ") + " }", .postfix)
        case .index(let base, let index): return ("\(self.text(base, .postfix))[\(self.text(index))]", .postfix)
        case .slice(let base, let start, let end):
            let bounds = [start, end].map { $0.map { self.text($0, .add) } ?? "" }
            return ("\(self.text(base, .postfix))[\(bounds.joined(separator: ":"))]", .postfix)
        case .range(let start, let end, let isClosed):
            return (self.text(start, .coalesce) + (isClosed ? " ..= " : " .. ") + self.text(end, .coalesce), .range)
        case .call(let name, let arguments): return ("\(name)(\(self.list(arguments)))", .postfix)
        }
    }

    private static func list(_ expressions: [OracleExpression]) -> String {
        expressions.map { self.text($0) }.joined(separator: ", ")
    }

    /// The operation's own level, and those that its sides need.
    private static func levels(_ operation: OracleOperator) -> (own: Level, left: Level, right: Level) {
        switch operation {
        case .coalesce: (.coalesce, .or, .coalesce)
        case .or: (.or, .or, .and)
        case .and: (.and, .and, .not)
        case .equal, .unequal, .less, .atMost, .greater, .atLeast, .contained, .notContained, .same:
            (.compare, .bitOr, .bitOr)
        case .bitOr: (.bitOr, .bitOr, .bitXor)
        case .bitXor: (.bitXor, .bitXor, .bitAnd)
        case .bitAnd: (.bitAnd, .bitAnd, .shift)
        case .shiftLeft, .shiftRight: (.shift, .shift, .add)
        case .add, .subtract: (.add, .add, .multiply)
        case .multiply, .divide, .remainder: (.multiply, .multiply, .unary)
        case .power: (.power, .postfix, .unary)
        }
    }

    static func literal(_ value: OracleValue) -> String {
        switch value {
        case .null: "null"
        case .bool(let bool): bool ? "true" : "false"
        case .int(let int): String(int)
        case .float(let float): "\(float)"
        case .string(let text): self.quoted(text)
        case .timestamp(let nanoseconds): "@" + CivilTime(nanoseconds).text
        case .duration(let nanoseconds): self.duration(nanoseconds)
        case .array(let elements): "[" + elements.map { self.literal($0) }.joined(separator: ", ") + "]"
        case .map(let fields):
            "{" + fields.entries.map { "\($0.name): \(self.literal($0.value))" }.joined(separator: ", ") + "}"
        }
    }

    /// In the largest unit that needs no fraction.
    static func duration(_ nanoseconds: UInt64) -> String {
        let units: [(String, UInt64)] = [
            ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1000),
        ]
        for (name, size) in units where nanoseconds >= size && nanoseconds % size == 0 {
            return "\(nanoseconds / size)\(name)"
        }
        return "\(nanoseconds)ns"
    }

    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\u{0}"..."\u{1f}": result += "\\u{\(String(scalar.value, radix: 16))}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
