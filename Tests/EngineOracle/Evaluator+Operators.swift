extension OracleEvaluator {
    /// `left operation right`, where the right side may stay unevaluated.
    func binary(
        _ operation: OracleOperator,
        _ left: OracleExpression,
        _ right: OracleExpression,
        _ scope: inout OracleScope
    ) throws -> OracleValue? {
        let first = try self.evaluate(left, &scope)
        switch (operation, first) {
        case (.and, .bool(false)): return .bool(false)
        case (.or, .bool(true)): return .bool(true)
        case (.coalesce, let value?):
            if case .null = value { break }
            return value
        default: break
        }
        let second = try self.evaluate(right, &scope)
        switch operation {
        case .and:
            if case .bool(false) = second { return .bool(false) }
            if case .bool(true) = first, case .bool(true) = second { return .bool(true) }
            return nil
        case .or:
            if case .bool(true) = second { return .bool(true) }
            if case .bool(false) = first, case .bool(false) = second { return .bool(false) }
            return nil
        case .coalesce: return second
        case .equal: return .bool((first ?? .null).equals(second ?? .null))
        case .unequal: return .bool(!(first ?? .null).equals(second ?? .null))
        default: break
        }
        if operation == .same {
            switch (first, second) {
            case (.int, .float), (.float, .int): return .bool(false)
            default: return .bool((first ?? .null).equals(second ?? .null))
            }
        }
        guard let first, let second else { return nil }
        switch operation {
        case .less: return first.isLess(than: second).map { .bool($0) }
        case .greater: return second.isLess(than: first).map { .bool($0) }
        case .atMost:
            if first.isNaN || second.isNaN { return first.isLess(than: second).map { _ in .bool(false) } }
            return second.isLess(than: first).map { .bool(!$0) }
        case .atLeast:
            if first.isNaN || second.isNaN { return first.isLess(than: second).map { _ in .bool(false) } }
            return first.isLess(than: second).map { .bool(!$0) }
        case .contained: return OracleCollections.contains(second, first).map { .bool($0) }
        case .notContained: return OracleCollections.contains(second, first).map { .bool(!$0) }
        default: return try OracleArithmetic.apply(operation, first, second)
        }
    }
}
