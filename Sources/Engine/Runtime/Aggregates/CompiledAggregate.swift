import VPL

/// `.aggregate(name: item, …)`: what is computed over the events of a batch.
struct CompiledAggregate: Sendable {
    struct Item: Sendable {
        let name: String
        let formula: Formula
    }

    /// Calls of aggregate functions and constants, joined by arithmetic.
    indirect enum Formula: Sendable {
        /// The result of a call, by its place in `calls`.
        case call(Int)
        case constant(Value)
        case negation(Formula)
        case arithmetic(BinaryOperator, Formula, Formula)
    }

    struct Call: Sendable {
        let function: AggregateFunction
        /// What it is applied to; nil for `count()`.
        let argument: NodeID?
        /// Of `ema`.
        let periods: Int64

        /// Of the newest value in `ema`.
        var weight: Double { 2 / (Double(self.periods) + 1) }
    }

    let items: [Item]
    let calls: [Call]
    /// The field by which the batch is split.
    let key: String?

    /// The values of the items. An item without a value is null.
    func fields(_ results: [Value]) -> Fields {
        var fields = Fields()
        for item in self.items { fields[item.name] = Self.value(of: item.formula, results) ?? .null }
        return fields
    }

    static func value(of formula: Formula, _ results: [Value]) -> Value? {
        switch formula {
        case .call(let place): return results[place]
        case .constant(let value): return value
        case .negation(let operand):
            return self.value(of: operand, results).flatMap { UnaryOperator.negate.apply(to: $0) }
        case .arithmetic(let symbol, let left, let right):
            guard let left = self.value(of: left, results), let right = self.value(of: right, results) else {
                return nil
            }
            return symbol.apply(to: left, right)
        }
    }
}
