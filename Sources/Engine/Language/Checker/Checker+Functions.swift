/// Functions and the statements in them.
extension Checker {
    mutating func check(_ function: FunctionDeclaration) {
        var scope = ExpressionScope()
        for parameter in function.parameters { scope.locals[parameter.name.text] = true }
        self.check(function.body, in: &scope)
    }

    /// A call has one scope: what a block declares stays known until the function ends.
    mutating func check(_ statements: [Statement], in scope: inout ExpressionScope) {
        for statement in statements {
            switch statement.kind {
            case .variable(let variable):
                self.check(variable.value, in: scope)
                scope.locals[variable.name.text] = variable.isMutable
            case .assign(let name, let value):
                self.check(value, in: scope)
                self.checkAssignment(to: name, in: &scope)
            case .ifElse(let branches, let otherwise):
                for branch in branches {
                    self.check(branch.condition, in: scope)
                    self.check(branch.body, in: &scope)
                }
                self.check(otherwise, in: &scope)
            case .forEach(let variable, let sequence, let body):
                self.check(sequence, in: scope)
                scope.locals[variable.text] = true
                self.check(body, in: &scope)
            case .whileTrue(let condition, let body):
                self.check(condition, in: scope)
                self.check(body, in: &scope)
            case .returnValue(let value):
                if let value { self.check(value, in: scope) }
            case .emit(_, let fields):
                for field in fields { self.check(field.value, in: scope) }
            case .expression(let expression):
                self.check(expression, in: scope)
            case .breakLoop, .continueLoop: break
            case .context, .connector, .stream, .pattern, .event, .typeAlias, .function, .config, .importFile:
                self.error(
                    nil,
                    .order,
                    "a declaration of this kind stands only at top level",
                    at: statement.location,
                    length: statement.length
                )
            }
        }
    }

    private mutating func checkAssignment(to name: Name, in scope: inout ExpressionScope) {
        switch scope.locals[name.text] {
        case true: break
        case false: self.error("E040", .immutable, "`\(name.text)` is declared with `let` or `const`", at: name)
        case nil:
            self.checkAssignment(to: name)
            if self.declarations.variables[name.text] == nil { scope.locals[name.text] = true }
        }
    }
}
