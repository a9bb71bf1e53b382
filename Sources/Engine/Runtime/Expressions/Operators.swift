import VPL

extension UnaryOperator {
    func apply(to value: Value) -> Value? {
        switch (self, value) {
        case (.negate, .int(let int)): .int(0 &- int)
        case (.negate, .float(let float)): .float(-float)
        case (.complement, .int(let int)): .int(~int)
        case (.not, .bool(let bool)): .bool(!bool)
        default: nil
        }
    }
}

extension BinaryOperator {
    // MARK: - Arithmetic

    /// Integers wrap, division by zero and operands that do not fit are missing.
    func apply(to left: Value, _ right: Value) -> Value? {
        switch (left, right) {
        case (.int(let left), .int(let right)): self.apply(to: left, right)
        case (.int(let left), .float(let right)): self.apply(to: Double(left), right)
        case (.float(let left), .int(let right)): self.apply(to: left, Double(right))
        case (.float(let left), .float(let right)): self.apply(to: left, right)
        case (.string(let left), .string(let right)):
            self == .add && left.utf8.count + right.utf8.count <= Value.bytesMax ? .string(left + right) : nil
        case (.timestamp, _), (.duration, _): self.applyToTime(left, right)
        default: nil
        }
    }

    private func apply(to left: Int64, _ right: Int64) -> Value? {
        switch self {
        case .add: .int(left &+ right)
        case .subtract: .int(left &- right)
        case .multiply: .int(left &* right)
        // The minimum divided by -1 overflows and wraps to itself.
        case .divide: right == 0 ? nil : .int(left.dividedReportingOverflow(by: right).partialValue)
        case .remainder: right == 0 ? nil : right == -1 ? .int(0) : .int(left % right)
        case .power: right < 0 ? .float(Mathematics.power(Double(left), Double(right))) : .int(Self.power(left, right))
        case .bitAnd: .int(left & right)
        case .bitOr: .int(left | right)
        case .bitXor: .int(left ^ right)
        case .shiftLeft: (0...63).contains(right) ? .int(left << right) : nil
        case .shiftRight: (0...63).contains(right) ? .int(left >> right) : nil
        default: nil
        }
    }

    private func apply(to left: Double, _ right: Double) -> Value? {
        switch self {
        case .add: .float(left + right)
        case .subtract: .float(left - right)
        case .multiply: .float(left * right)
        case .divide: right == 0 ? nil : .float(left / right)
        case .remainder: right == 0 ? nil : .float(left.truncatingRemainder(dividingBy: right))
        case .power: .float(Mathematics.power(left, right))
        default: nil
        }
    }

    private func applyToTime(_ left: Value, _ right: Value) -> Value? {
        switch (self, left, right) {
        case (.add, .timestamp(let time), .duration(let duration)):
            .timestamp(time &+ Int64(truncatingIfNeeded: duration))
        case (.subtract, .timestamp(let time), .duration(let duration)):
            .timestamp(time &- Int64(truncatingIfNeeded: duration))
        case (.subtract, .timestamp(let left), .timestamp(let right)):
            .duration(left > right ? UInt64(bitPattern: left &- right) : 0)
        case (.add, .duration(let left), .duration(let right)): .duration(left &+ right)
        case (.subtract, .duration(let left), .duration(let right)): .duration(left > right ? left - right : 0)
        default: nil
        }
    }

    /// By repeated squaring, wrapping.
    private static func power(_ base: Int64, _ exponent: Int64) -> Int64 {
        var (result, square, rest): (Int64, Int64, Int64) = (1, base, exponent)
        while rest > 0 {
            if rest & 1 == 1 { result = result &* square }
            square = square &* square
            rest >>= 1
        }
        return result
    }

    // MARK: - Comparison

    /// Equality knows missing as null; the others are missing where an operand is, or where the types do not fit.
    func compare(_ left: Value?, _ right: Value?) -> Bool? {
        switch self {
        case .equal: return left.equals(right)
        case .notEqual: return !left.equals(right)
        case .identical: return (left ?? .null).isIdentical(to: right ?? .null)
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            guard let left, let right, let order = left.order(to: right) else { return nil }
            switch self {
            case .less: return order == .ascending
            case .lessOrEqual: return order == .ascending || order == .same
            case .greater: return order == .descending
            default: return order == .descending || order == .same
            }
        case .contained: return Self.contains(right, left)
        case .notContained: return Self.contains(right, left).map { !$0 }
        default: return nil
        }
    }

    /// Membership in an array, a substring, or a key of a map.
    static func contains(_ container: Value?, _ element: Value?) -> Bool? {
        guard let container, let element else { return nil }
        switch (container, element) {
        case (.array(let items), _): return items.contains(element)
        case (.string(let text), .string(let part)): return TextSearch.find(part, in: text) != nil
        case (.map(let fields), .string(let key)): return fields[key] != nil
        default: return nil
        }
    }
}
