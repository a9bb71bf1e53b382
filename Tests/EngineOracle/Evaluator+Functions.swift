/// Section 6.6.
extension OracleEvaluator {
    /// How a statement ended.
    private enum Outcome {
        case returned(OracleValue?)
        /// The value of the last statement.
        case value(OracleValue?)
        case left
        case advanced
    }

    func call(
        _ function: OracleFunction,
        _ arguments: [OracleValue?],
        _ row: OracleScope.Row
    ) throws -> OracleValue? {
        self.callDepth += 1
        defer { self.callDepth -= 1 }
        if self.callDepth > 256 { return nil }
        var scope = OracleScope(row: row)
        for (parameter, argument) in zip(function.parameters, arguments) {
            scope.locals.updateValue(argument, forKey: parameter)
        }
        switch try self.run(function.body, &scope) {
        case .returned(let value), .value(let value): return value
        case .left, .advanced: preconditionFailure("The generator leaves nothing but loops.")
        }
    }

    private func run(_ statements: [OracleStatement], _ scope: inout OracleScope) throws -> Outcome {
        var last = Outcome.value(nil)
        for statement in statements {
            last = try self.run(statement, &scope)
            guard case .value = last else { return last }
        }
        return last
    }

    private func run(_ statement: OracleStatement, _ scope: inout OracleScope) throws -> Outcome {
        switch statement {
        case .declare(let name, let expression):
            guard let value = try self.evaluate(expression, &scope) else { throw Unspecified("a missing variable") }
            scope.locals.updateValue(value, forKey: name)
            return .value(nil)
        case .assign(let name, let expression):
            guard let value = try self.evaluate(expression, &scope) else { throw Unspecified("a missing assignment") }
            if scope.locals[name] == nil, self.globals[name] != nil {
                self.globals[name] = value
            } else {
                scope.locals.updateValue(value, forKey: name)
            }
            return .value(nil)
        case .branch(let condition, let yes, let no):
            if case .bool(true) = try self.evaluate(condition, &scope) { return try self.run(yes, &scope) }
            return try self.run(no, &scope)
        case .loop(let name, let collection, let body):
            for element in OracleCollections.elements(try self.evaluate(collection, &scope)) {
                scope.locals.updateValue(element, forKey: name)
                switch try self.run(body, &scope) {
                case .returned(let value): return .returned(value)
                case .left: return .value(nil)
                case .value, .advanced: continue
                }
            }
            return .value(nil)
        case .whileTrue(let condition, let body):
            for _ in 0..<10_000 {
                guard case .bool(true) = try self.evaluate(condition, &scope) else { break }
                switch try self.run(body, &scope) {
                case .returned(let value): return .returned(value)
                case .left: return .value(nil)
                case .value, .advanced: continue
                }
            }
            return .value(nil)
        case .leave: return .left
        case .advance: return .advanced
        case .emit(let type, let items):
            let fields = try self.project(items, &scope)
            self.processed?.append(OracleEvent(type: type, timestamp: scope.row.event.timestamp, fields: fields))
            return .value(nil)
        case .expression(let expression): return .value(try self.evaluate(expression, &scope))
        case .giveBack(let expression): return .returned(try self.evaluate(expression, &scope))
        }
    }
}
