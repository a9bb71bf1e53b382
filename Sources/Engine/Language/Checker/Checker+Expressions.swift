/// What an expression may use at its place.
struct ExpressionScope {
    /// Names bound by parameters and local variables; those that may not be assigned have the value false.
    var locals = Locals()
    /// The names that may stand before a dot in the results of a sequence; nil where any name may be a field.
    var qualifiers: Set<String>?
    /// Further ones, in a step's condition. Apart, so that the others need not be copied for each step.
    var stepNames: [Set<String>] = []
    /// Aliases of repeated steps, to which `count`, `sum` and the like apply.
    var kleeneAliases: Set<String> = []
    /// Inside a lambda of `.pattern`, where values have methods and there is no current event.
    var isPatternLambda = false
}

/// Local names. Those of a lambda are in a layer of their own, so that the others need not be copied for each.
struct Locals {
    private var layers: [[String: Bool]] = [[:]]

    subscript(name: String) -> Bool? {
        get {
            for layer in self.layers.reversed() {
                if let isMutable = layer[name] { return isMutable }
            }
            return nil
        }
        set { self.layers[self.layers.count - 1][name] = newValue }
    }

    var names: Set<String> { self.layers.reduce(into: []) { $0.formUnion($1.keys) } }

    mutating func enterLambda() { self.layers.append([:]) }
}

extension Checker {
    mutating func check(_ expression: Expression, in scope: ExpressionScope) {
        switch expression.kind {
        case .null, .bool, .int, .float, .duration, .timestamp, .string: break
        case .name(let name): self.checkLambdaName(name, at: expression, in: scope)
        case .array(let items):
            for item in items { self.check(item, in: scope) }
        case .map(let entries):
            for entry in entries { self.check(entry.value, in: scope) }
        case .member(let base, _, _):
            if case .name(let name) = base.kind { self.checkQualifier(name, of: base, in: scope) }
            self.check(base, in: scope)
        case .index(let base, let index):
            self.check(base, in: scope)
            self.check(index, in: scope)
        case .slice(let base, let from, let to):
            self.check(base, in: scope)
            if let from { self.check(from, in: scope) }
            if let to { self.check(to, in: scope) }
        case .call(let callee, let arguments):
            self.checkCall(callee, arguments, in: scope)
        case .unary(_, let operand): self.check(operand, in: scope)
        case .binary(.identical, let left, let right) where right.isTypeName: self.check(left, in: scope)
        case .binary(_, let left, let right), .range(let left, let right, _):
            self.check(left, in: scope)
            self.check(right, in: scope)
        case .conditional(let condition, let consequence, let alternative):
            self.check(condition, in: scope)
            self.check(consequence, in: scope)
            self.check(alternative, in: scope)
        case .lambda(let parameters, let body):
            // Elsewhere lambdas are not available at all.
            if scope.isPatternLambda {
                self.error("E062", .type, "a lambda stands only as the argument of a method", at: expression)
            }
            self.checkLambda(parameters, body, in: scope)
        }
    }

    private mutating func checkQualifier(_ name: String, of base: Expression, in scope: ExpressionScope) {
        guard let qualifiers = scope.qualifiers, !qualifiers.contains(name), scope.locals[name] == nil,
            !scope.stepNames.contains(where: { $0.contains(name) }), self.declarations.variables[name] == nil
        else { return }
        self.error(
            "E033",
            .undefined,
            "`\(name)` is neither an alias nor a step of this stream",
            hint: self.hint(for: name, among: scope.stepNames.reduce(qualifiers) { $0.union($1) }),
            at: base
        )
    }

    private mutating func checkCall(_ callee: Expression, _ arguments: [CallArgument], in scope: ExpressionScope) {
        switch callee.kind {
        case .name(let name):
            let isAboutAlias: Bool =
                switch arguments.first?.value.kind {
                case .name(let alias): scope.kleeneAliases.contains(alias)
                case .member(let base, _, _):
                    if case .name(let alias) = base.kind { scope.kleeneAliases.contains(alias) } else { false }
                default: false
                }
            if let function = self.declarations.functions[name] {
                self.checkArity(of: function, arguments, at: callee)
            } else if !BuiltinFunction.names.contains(name),
                !(isAboutAlias && AggregateFunction(rawValue: name) != nil)
            {
                self.error(
                    "E050",
                    .undefined,
                    "there is no function `\(name)`",
                    hint: AggregateFunction(rawValue: name) == nil
                        ? self.hint(for: name, among: BuiltinFunction.names.union(self.declarations.functions.keys))
                        : "`\(name)` stands only inside `.aggregate`",
                    at: callee
                )
            }
        case .member(let base, let method, _) where scope.isPatternLambda:
            return self.checkMethod(method, of: base, arguments, in: scope)
        case .member(let base, let method, _):
            self.error("E050", .undefined, "values have no function `\(method.text)`", at: method)
            self.check(base, in: scope)
        default:
            self.error("E050", .undefined, "only a function's name can be called", at: callee)
        }
        for argument in arguments { self.check(argument.value, in: scope) }
    }

    private mutating func checkArity(
        of function: FunctionDeclaration,
        _ arguments: [CallArgument],
        at callee: Expression
    ) {
        let expected = function.parameters.count
        guard arguments.count != expected else { return }
        let plural = expected == 1 ? "argument" : "arguments"
        self.error(
            "E051",
            .arity,
            "`\(function.name.text)` takes \(expected) \(plural), not \(arguments.count)",
            at: callee
        )
    }
}
