/// Windows and what is computed over them.
extension Checker {
    mutating func checkWindow(_ arguments: [CallArgument], at name: Name, in context: inout StreamContext) {
        if context.hasWindow {
            self.error("E012", .duplicate, "a stream has one `.window` at most", at: name)
        }
        context.hasWindow = true
        for argument in arguments where self.isWindowArgument(argument, of: arguments) {
            self.checkDuration(argument.value, allowsInteger: true, of: ".window")
            self.check(argument.value, in: context.scope)
        }
        if !arguments.contains(where: { $0.name == nil || $0.name?.text == "session" }) {
            self.error("E061", .type, "`.window` takes a duration, such as `5s`, or a number of events", at: name)
        }
    }

    /// False, and an error is reported, for an argument that no window has: it would have no effect.
    private mutating func isWindowArgument(_ argument: CallArgument, of arguments: [CallArgument]) -> Bool {
        let known = ["sliding", "session", "policy"]
        if let name = argument.name {
            if known.contains(name.text) { return name.text != "policy" }
            let hint = self.hint(for: name.text, among: known)
            self.error("E080", .parameter, "`\(name.text)` is no parameter of `.window`", hint: hint, at: name)
            return false
        }
        let first = arguments.first { $0.name == nil }
        if first?.value.location == argument.value.location { return true }
        let hint = "`sliding:` says how often it gives its events"
        self.error("E080", .parameter, "`.window` has one size", hint: hint, at: argument.value)
        return false
    }

    mutating func checkAggregate(_ items: [NamedExpression], at name: Name, in context: inout StreamContext) {
        if context.hasAggregate {
            self.error("E011", .duplicate, "a stream has one `.aggregate` at most", at: name)
        } else if !context.hasWindow {
            let message = "`.aggregate` without `.window` computes over all events so far"
            self.warn("W001", .order, message, at: name)
        }
        context.hasAggregate = true
        for item in items { self.checkAggregate(item.value, in: context.scope) }
        context.leaveSequence()
    }

    /// An item joins calls of aggregate functions and constants by arithmetic.
    private mutating func checkAggregate(_ item: Expression, in scope: ExpressionScope) {
        switch item.kind {
        case .name(let name):
            self.error(
                "E073",
                .type,
                "`\(name)` is a field, which has a value for each event of the batch",
                hint: "use `last(\(name))`",
                at: item
            )
        case .unary(_, let operand): self.checkAggregate(operand, in: scope)
        case .binary(_, let left, let right):
            self.checkAggregate(left, in: scope)
            self.checkAggregate(right, in: scope)
        case .call(let callee, let arguments): self.checkAggregateCall(callee, arguments, in: scope)
        default: break
        }
    }

    private mutating func checkAggregateCall(
        _ callee: Expression,
        _ arguments: [CallArgument],
        in scope: ExpressionScope
    ) {
        guard case .name(let name) = callee.kind, let function = AggregateFunction(rawValue: name) else {
            let name = if case .name(let name) = callee.kind { name } else { "" }
            let known = AggregateFunction.allCases.map(\.rawValue)
            let isOfValues = BuiltinFunction.names.contains(name) || self.declarations.functions[name] != nil
            return self.error(
                "E070",
                .undefined,
                "there is no aggregate function `\(name)`",
                hint: isOfValues
                    ? "`\(name)` can be applied to the result, after `.aggregate`"
                    : self.hint(for: name, among: known),
                at: callee
            )
        }
        if function.needsArgument, arguments.isEmpty {
            self.error("E071", .arity, "`\(name)` needs an argument", at: callee)
        } else if function == .ema, arguments.count < 2 {
            self.error("E072", .arity, "`ema` needs a value and a number of periods", at: callee)
        }
        for argument in arguments {
            if function == .count, case .call(let inner, let values) = argument.value.kind,
                case .name("distinct") = inner.kind
            {
                for value in values { self.check(value.value, in: scope) }
            } else {
                self.check(argument.value, in: scope)
            }
        }
    }
}
