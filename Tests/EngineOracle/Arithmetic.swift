import Glibc

/// Section 6.2, over present values.
enum OracleArithmetic {
    static func negate(_ value: OracleValue) -> OracleValue? {
        switch value {
        case .int(let int): .int(0 &- int)
        case .float(let float): .float(-float)
        default: nil
        }
    }

    static func apply(_ operation: OracleOperator, _ left: OracleValue, _ right: OracleValue) throws -> OracleValue? {
        switch (left, right) {
        case (.int(let left), .int(let right)): return self.ints(operation, left, right)
        case (.string(let left), .string(let right)): return operation == .add ? .string(left + right) : nil
        case (.timestamp, _), (.duration, _): return try self.times(operation, left, right)
        default:
            guard let left = left.number, let right = right.number else { return nil }
            return self.floats(operation, left, right)
        }
    }

    private static func ints(_ operation: OracleOperator, _ left: Int64, _ right: Int64) -> OracleValue? {
        switch operation {
        case .add: return .int(left &+ right)
        case .subtract: return .int(left &- right)
        case .multiply: return .int(left &* right)
        case .divide:
            if right == 0 { return nil }
            return .int(right == -1 ? 0 &- left : left / right)
        case .remainder:
            if right == 0 { return nil }
            return .int(right == -1 ? 0 : left % right)
        case .power: return right >= 0 ? .int(self.power(left, right)) : .float(pow(Double(left), Double(right)))
        case .bitAnd: return .int(left & right)
        case .bitOr: return .int(left | right)
        case .bitXor: return .int(left ^ right)
        case .shiftLeft: return (0...63).contains(right) ? .int(left << right) : nil
        case .shiftRight: return (0...63).contains(right) ? .int(left >> right) : nil
        default: return nil
        }
    }

    /// base to the 2n is (base squared) to the n.
    private static func power(_ base: Int64, _ exponent: Int64) -> Int64 {
        if exponent == 0 { return 1 }
        let rest = self.power(base &* base, exponent / 2)
        return exponent % 2 == 1 ? base &* rest : rest
    }

    private static func floats(_ operation: OracleOperator, _ left: Double, _ right: Double) -> OracleValue? {
        switch operation {
        case .add: .float(left + right)
        case .subtract: .float(left - right)
        case .multiply: .float(left * right)
        case .divide: right == 0 ? nil : .float(left / right)
        case .remainder: right == 0 ? nil : .float(fmod(left, right))
        case .power: .float(pow(left, right))
        default: nil
        }
    }

    private static func times(
        _ operation: OracleOperator,
        _ left: OracleValue,
        _ right: OracleValue
    ) throws
        -> OracleValue?
    {
        switch (left, operation, right) {
        case (.timestamp(let time), .add, .duration(let length)):
            guard let length = Int64(exactly: length), !time.addingReportingOverflow(length).overflow else {
                throw Unspecified("a timestamp out of range")
            }
            return .timestamp(time + length)
        case (.timestamp(let time), .subtract, .duration(let length)):
            guard let length = Int64(exactly: length), !time.subtractingReportingOverflow(length).overflow else {
                throw Unspecified("a timestamp out of range")
            }
            return .timestamp(time - length)
        case (.timestamp(let later), .subtract, .timestamp(let earlier)):
            guard later >= earlier else { throw Unspecified("a negative duration") }
            return .duration(UInt64(bitPattern: later &- earlier))
        case (.duration(let left), .add, .duration(let right)):
            let (sum, overflow) = left.addingReportingOverflow(right)
            if overflow { throw Unspecified("a duration out of range") }
            return .duration(sum)
        case (.duration(let left), .subtract, .duration(let right)):
            guard left >= right else { throw Unspecified("a negative duration") }
            return .duration(left - right)
        default: return nil
        }
    }
}
