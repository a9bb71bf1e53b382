/// The lambdas of `.pattern`.
extension Checker {
    /// The form with arrows is refused by `checkAvailability`.
    mutating func checkPattern(_ items: [NamedExpression]) {
        var scope = ExpressionScope()
        scope.isPatternLambda = true
        for item in items {
            guard case .lambda(let parameters, let body) = item.value.kind else { continue }
            if parameters.count != 1 {
                let message = "a lambda of `.pattern` has one parameter, the events, not \(parameters.count)"
                self.error("E051", .arity, message, at: item.value)
            }
            self.checkLambda(parameters, body, in: scope)
        }
    }

    mutating func checkLambda(_ parameters: [Name], _ body: LambdaBody, in scope: ExpressionScope) {
        var inner = scope
        inner.locals.enterLambda()
        for parameter in parameters { inner.locals[parameter.text] = true }
        switch body {
        case .expression(let expression): self.check(expression, in: inner)
        case .block(let statements): self.check(statements, in: &inner)
        }
    }

    /// There is no current event here, so a name that is not declared means nothing.
    mutating func checkLambdaName(_ name: String, at expression: Expression, in scope: ExpressionScope) {
        guard scope.isPatternLambda, scope.locals[name] == nil, self.declarations.variables[name] == nil else { return }
        self.error(
            "E033",
            .undefined,
            "`\(name)` is neither a parameter nor a variable; fields are those of an event, as in `e.\(name)`",
            hint: self.hint(for: name, among: scope.locals.names.union(self.declarations.variables.keys)),
            at: expression
        )
    }

    mutating func checkMethod(
        _ method: Name,
        of base: Expression,
        _ arguments: [CallArgument],
        in scope: ExpressionScope
    ) {
        self.check(base, in: scope)
        guard let known = CollectionMethod(rawValue: method.text) else {
            self.error(
                "E050",
                .undefined,
                "there is no method `\(method.text)`",
                hint: self.hint(for: method.text, among: CollectionMethod.allCases.lazy.map(\.rawValue)),
                at: method
            )
            for argument in arguments { self.checkArgument(argument.value, in: scope) }
            return
        }
        let expected = known.takesLambda ? 1 : 0
        if arguments.count != expected {
            let wanted = known.takesLambda ? "one argument, a lambda" : "no arguments"
            self.error("E051", .arity, "`\(method.text)` takes \(wanted)", at: method)
        } else if known.takesLambda, let value = arguments.first?.value {
            if case .lambda = value.kind {
            } else {
                let message = "`\(method.text)` takes a lambda, such as `e => e.x > 2`"
                self.error("E062", .type, message, at: value)
            }
        }
        for argument in arguments { self.checkArgument(argument.value, in: scope) }
    }

    private mutating func checkArgument(_ value: Expression, in scope: ExpressionScope) {
        if case .lambda(let parameters, let body) = value.kind {
            self.checkLambda(parameters, body, in: scope)
        } else {
            self.check(value, in: scope)
        }
    }
}

extension Expression {
    /// Whether it is the name of a type, as `is` has it on its right side.
    var isTypeName: Bool {
        switch self.kind {
        case .name("int"), .name("float"), .name("bool"), .name("str"), .name("array"), .name("map"),
            .name("timestamp"), .name("duration"):
            true
        default: false
        }
    }
}
