import Glibc

/// Section 10, over the events of one batch and one key.
struct OracleAggregation {
    let evaluator: OracleEvaluator
    let rows: [OracleScope.Row]

    func value(_ aggregate: OracleAggregate) throws -> OracleValue {
        switch aggregate {
        case .literal(let value): return value
        case .count(nil): return .int(Int64(self.rows.count))
        case .count(let expression?):
            let present = try self.values(expression).filter {
                switch $0 {
                case nil, .null: false
                default: true
                }
            }
            return .int(Int64(present.count))
        case .countDistinct(let expression, _):
            var seen: [OracleValue] = []
            for value in try self.values(expression).compactMap({ $0 })
            where !seen.contains(where: { $0.equals(value) }) {
                seen.append(value)
            }
            return .int(Int64(seen.count))
        case .function("first", let expression): return try self.values(expression).first.flatMap { $0 } ?? .null
        case .function("last", let expression): return try self.values(expression).last.flatMap { $0 } ?? .null
        case .function(let name, let expression): return try self.statistic(name, try self.numbers(expression))
        case .ema(let expression, let periods):
            let numbers = try self.numbers(expression).filter { !$0.isNaN }
            guard var average = numbers.first else { return .null }
            let share = 2 / (Double(periods) + 1)
            for number in numbers.dropFirst() { average = number * share + average * (1 - share) }
            return .float(average)
        case .binary(let operation, let left, let right):
            return try self.combine(operation, try self.value(left), try self.value(right))
        }
    }

    private func values(_ expression: OracleExpression) throws -> [OracleValue?] {
        try self.rows.map { try self.evaluator.evaluate(expression, $0) }
    }

    private func numbers(_ expression: OracleExpression) throws -> [Double] {
        try self.values(expression).compactMap { $0?.number }
    }

    private func statistic(_ name: String, _ numbers: [Double]) throws -> OracleValue {
        if name == "sum" { return .float(numbers.reduce(0, +)) }
        let numbers = numbers.filter { !$0.isNaN }
        if name == "min" || name == "max", Set(numbers.filter { $0 == 0 }.map(\.sign)).count == 2 {
            throw Unspecified("which of 0.0 and -0.0 is less")
        }
        switch name {
        case "avg": return numbers.isEmpty ? .null : .float(numbers.reduce(0, +) / Double(numbers.count))
        case "min": return numbers.min().map { .float($0) } ?? .null
        case "max": return numbers.max().map { .float($0) } ?? .null
        case "stddev":
            if numbers.count < 2 { return .null }
            var (mean, squares) = (0.0, 0.0)
            for (place, number) in numbers.enumerated() {
                let difference = number - mean
                mean += difference / Double(place + 1)
                squares += difference * (number - mean)
            }
            return .float(sqrt(squares / Double(numbers.count - 1)))
        default: preconditionFailure("There is no aggregate function \(name).")
        }
    }

    private func combine(_ operation: OracleOperator, _ left: OracleValue, _ right: OracleValue) throws -> OracleValue {
        switch (left, right) {
        case (.null, _), (_, .null): return .null
        case (.int, .int), (.int, .float), (.float, .int), (.float, .float):
            return try OracleArithmetic.apply(operation, left, right) ?? .null
        default: throw Unspecified("arithmetic on an aggregate that is no number")
        }
    }
}
