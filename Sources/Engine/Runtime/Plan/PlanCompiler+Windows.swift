import VPL

/// Windows, aggregates and joins.
extension PlanCompiler {
    /// Nil, and an error is reported, for sizes that are not known when the program is loaded, or not positive.
    mutating func window(_ arguments: [CallArgument], _ constants: Constants) -> CompiledWindow.Kind? {
        func argument(_ name: String?) -> Expression? { arguments.first { $0.name?.text == name }?.value }
        if let gap = argument("session") { return self.time(gap, constants).map { .session(gap: $0) } }
        guard let size = argument(nil) else {
            if let first = arguments.first { self.reportSize(first.value) }
            return nil
        }
        let step = argument("sliding")
        if case .int(let count) = self.value(of: size, constants), count > 0, let count = Int(exactly: count) {
            guard let step else { return .count(count) }
            guard case .int(let every) = self.value(of: step, constants), every > 0 else {
                self.reportSize(step)
                return nil
            }
            return .slidingCount(count, every: Int(every))
        }
        guard let span = self.time(size, constants) else { return nil }
        guard let step else { return .tumbling(span) }
        return self.time(step, constants).map { .sliding(span, every: $0) }
    }

    /// A positive time in nanoseconds.
    private mutating func time(_ expression: Expression, _ constants: Constants) -> Int64? {
        guard case .duration(let span) = self.value(of: expression, constants), span > 0 else {
            self.reportSize(expression)
            return nil
        }
        return Int64(clamping: span)
    }

    private mutating func reportSize(_ expression: Expression) {
        let message =
            "`.window` takes a duration such as `5s`, or a positive number of events, known when the program is loaded"
        self.report(.type, message, code: "E061", at: expression)
    }

    // MARK: - Aggregates

    mutating func aggregate(
        _ items: [NamedExpression],
        key: String?,
        in scope: ExpressionCompiler.Scope
    ) -> CompiledAggregate {
        var calls: [CompiledAggregate.Call] = []
        let compiled = items.map { item in
            CompiledAggregate.Item(name: item.name.text, formula: self.formula(item.value, in: scope, &calls))
        }
        return CompiledAggregate(items: compiled, calls: calls, key: key)
    }

    private mutating func formula(
        _ expression: Expression,
        in scope: ExpressionCompiler.Scope,
        _ calls: inout [CompiledAggregate.Call]
    ) -> CompiledAggregate.Formula {
        switch expression.kind {
        case .int(let value): return .constant(.int(value))
        case .float(let value): return .constant(.float(value))
        case .unary(.negate, let operand): return .negation(self.formula(operand, in: scope, &calls))
        case .binary(let symbol, let left, let right):
            let first = self.formula(left, in: scope, &calls)
            return .arithmetic(symbol, first, self.formula(right, in: scope, &calls))
        case .call(let callee, let arguments):
            guard case .name(let name) = callee.kind, let function = AggregateFunction(rawValue: name) else {
                return .constant(.null)
            }
            calls.append(self.call(function, arguments, in: scope))
            return .call(calls.count - 1)
        default: return .constant(.null)
        }
    }

    private mutating func call(
        _ function: AggregateFunction,
        _ arguments: [CallArgument],
        in scope: ExpressionCompiler.Scope
    ) -> CompiledAggregate.Call {
        var (function, argument) = (function, arguments.first?.value)
        if function == .count, case .call(let inner, let values) = argument?.kind, case .name("distinct") = inner.kind {
            (function, argument) = (.countDistinct, values.first?.value)
        }
        var periods: Int64 = 12
        if arguments.count > 1, case .int(let count) = arguments[1].value.kind { periods = count }
        let node = argument.map { self.expressions.compile($0, in: scope) }
        return CompiledAggregate.Call(function: function, argument: node, periods: periods)
    }

    /// Which windows sum up while they slide: those with an aggregate right after them, by the same key, whose arguments come
    /// to the same when an event arrives as they would whenever its window fires.
    func slidingAggregates(_ streams: [CompiledStream], _ functions: [CompiledFunction]) -> [SlidingAggregate?] {
        var aggregates = [SlidingAggregate?](repeating: nil, count: self.windows.count)
        let code = self.expressions.code
        guard !(functions + self.expressions.lambdas).contains(where: \.changesGlobals) else { return aggregates }
        func isUnsteady(_ node: Node) -> Bool {
            switch node {
            case .builtin(.now, _), .builtin(.print, _): true
            default: false
            }
        }
        // Functions are not looked into.
        let isAnyUnsteady = code.nodes.contains(where: isUnsteady)
        let isUnsteadyWithin = code.nodes { node in
            if case .call = node { isAnyUnsteady } else { isUnsteady(node) }
        }
        for stream in streams {
            for (operation, next) in zip(stream.operations, stream.operations.dropFirst()) {
                guard case .window(let state) = operation, case .aggregate(let aggregate, _) = next,
                    self.windows[state].slides, self.windows[state].watermark == nil,
                    self.windows[state].key == aggregate.key,
                    !aggregate.calls.compactMap(\.argument).contains(where: { isUnsteadyWithin[Int($0.rawValue)] })
                else { continue }
                aggregates[state] = SlidingAggregate(self.windows[state], aggregate, type: stream.name)
            }
        }
        return aggregates
    }

    // MARK: - Joins

    /// How much older partners may be where no `.window` says.
    private static var defaultHorizon: Int64 { 60_000_000_000 }

    mutating func join(
        _ sources: [JoinSource],
        _ stages: [StreamStage],
        in scope: inout ExpressionCompiler.Scope,
        _ constants: Constants
    ) -> CompiledJoin {
        let qualifiers = sources.map { source in [source.label?.text, source.type.text].compactMap { $0 } }
        scope.joined = Set(qualifiers.joined())
        var conditions = sources.compactMap(\.condition)
        var horizon = Self.defaultHorizon
        for case .operation(let operation) in stages {
            switch operation.kind {
            case .on(let condition): conditions.append(condition)
            case .window(let arguments):
                if let size = arguments.first(where: { $0.name == nil }) {
                    horizon = self.time(size.value, constants) ?? horizon
                }
            default: break
            }
        }
        let keys = JoinKeys(conditions, qualifiers)
        return CompiledJoin(
            sources: sources.indices.map { place in
                CompiledJoin.Source(
                    type: sources[place].type.text,
                    qualifiers: qualifiers[place],
                    key: keys.ofSources[place]
                )
            },
            conditions: keys.rest.map { self.condition($0, in: scope) },
            horizon: horizon
        )
    }
}
