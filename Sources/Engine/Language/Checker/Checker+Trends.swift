/// `.trend_aggregate`: what is counted and added up over all trends of a sequence.
extension Checker {
    mutating func checkTrends(_ items: [NamedExpression], at name: Name, in context: inout StreamContext) {
        if !context.hasSequence {
            self.error("E020", .order, "`.trend_aggregate` stands only in a stream with a sequence", at: name)
        }
        for item in items { self.checkTrend(item.value, in: context.scope) }
        context.leaveSequence()
    }

    private mutating func checkTrend(_ item: Expression, in scope: ExpressionScope) {
        guard case .call(let callee, let arguments) = item.kind, case .name(let name) = callee.kind else {
            let hint = "calculate with its items after `.trend_aggregate`"
            return self.error("E070", .undefined, "expected a function of trends", hint: hint, at: item)
        }
        guard let function = TrendFunction(rawValue: name) else {
            let hint = self.hint(for: name, among: TrendFunction.allCases.map(\.rawValue))
            return self.error("E070", .undefined, "there is no function of trends `\(name)`", hint: hint, at: callee)
        }
        let expected = function == .countTrends ? 0 : 1
        guard arguments.count == expected else {
            let message = expected == 0 ? "`\(name)` takes no argument" : "`\(name)` takes one argument"
            return self.error("E071", .arity, message, at: callee)
        }
        guard let argument = arguments.first?.value else { return }
        switch argument.kind {
        case .name(let step) where function == .countEvents: self.checkStep(step, at: argument, in: scope)
        case .member(let base, _, _) where function != .countEvents && base.bareName != nil:
            self.checkStep(base.bareName ?? "", at: base, in: scope)
        default:
            let wanted = function == .countEvents ? "an alias, such as `b`" : "a field of an alias, such as `b.value`"
            self.error("E073", .type, "`\(name)` takes \(wanted)", at: argument)
        }
    }

    private mutating func checkStep(_ name: String, at expression: Expression, in scope: ExpressionScope) {
        guard let steps = scope.qualifiers, !steps.contains(name) else { return }
        self.error(
            "E033",
            .undefined,
            "`\(name)` is neither an alias nor a step of this stream",
            hint: self.hint(for: name, among: steps),
            at: expression
        )
    }

    /// What has to be in a stream with `.trend_aggregate`, and what may not be.
    mutating func checkTrends(of stream: StreamDeclaration) {
        guard let place = stream.trendPlace, case .operation(let trends) = stream.stages[place] else { return }
        var (hasWithin, isBetween) = (false, false)
        if case .sequence = stream.source { isBetween = true }
        for (number, stage) in stream.stages.enumerated() {
            guard case .operation(let operation) = stage else {
                isBetween = true
                continue
            }
            switch operation.kind {
            case .within: hasWithin = true
            case .partition, .not, .context, .watermark, .allowedLateness: break
            case .on, .having, .forecast, .enrich, .pattern, .score, .unsupported: break
            case .trendAggregate where number > place:
                self.error("E011", .duplicate, "a stream has one `.trend_aggregate` at most", at: operation.name)
            case .trendAggregate: break
            case .select:
                let hint = "`.emit` chooses what is shown"
                let message = "`.select` and `.trend_aggregate` exclude each other"
                self.error("E020", .order, message, hint: hint, at: operation.name)
            case .filter where !isBetween: break
            default:
                if number > place { break }
                let message = "`.\(operation.name.text)` stands after `.trend_aggregate`: there are no events before it"
                self.error("E020", .order, message, at: operation.name)
            }
        }
        if !hasWithin {
            let hint = "`.within` says how long it counts after a first event"
            self.error("E020", .order, "`.trend_aggregate` needs `.within`", hint: hint, at: trends.name)
        }
    }
}

extension Expression {
    /// The name that it is; nil for anything else.
    fileprivate var bareName: String? {
        if case .name(let name) = self.kind { name } else { nil }
    }
}
