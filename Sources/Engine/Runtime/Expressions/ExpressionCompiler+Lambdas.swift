import VPL

extension ExpressionCompiler {
    /// The lambda of a `.pattern` as a function of the batch, whose expressions see no event.
    ///
    /// - Returns: Its call.
    mutating func compilePattern(_ name: String, _ parameters: [Name], _ body: LambdaBody) -> NodeID {
        self.lambdaSlotCount = 0
        var function = self.compile(parameters, body, named: name, in: Scope())
        function.slotCount = self.lambdaSlotCount
        let id = self.append(function)
        let batch = self.code.append(.batch)
        return self.code.append(.call(id, self.code.list([batch])))
    }

    /// Lambdas follow the functions of the program.
    private mutating func append(_ function: CompiledFunction) -> FunctionID {
        self.lambdas.append(function)
        return FunctionID(rawValue: Int32(self.functions.count + self.lambdas.count - 1))
    }

    /// `base.method(argument)`
    mutating func compile(
        method name: String,
        of base: Expression,
        _ arguments: [CallArgument],
        in scope: Scope
    ) -> NodeID {
        let base = self.compile(base, in: scope)
        guard let method = CollectionMethod(rawValue: name) else { return self.code.append(.missing) }
        guard method.takesLambda else { return self.code.append(.method(method, base, lambda: nil)) }
        guard case .lambda(let parameters, let body) = arguments.first?.value.kind else {
            return self.code.append(.missing)
        }
        let lambda = self.compile(parameters, body, named: name, in: scope)
        return self.code.append(.method(method, base, lambda: self.append(lambda)))
    }

    private mutating func compile(
        _ parameters: [Name],
        _ body: LambdaBody,
        named name: String,
        in scope: Scope
    ) -> CompiledFunction {
        let (slots, inner) = self.variables(parameters, body, in: scope)
        let compiled: [CompiledStatement]
        // The parser bounds the height of an expression through the blocks in it.
        var height = 1
        switch body {
        case .expression(let expression):
            height += expression.height
            compiled = [.expression(self.compile(expression, in: inner))]
        case .block(let statements):
            compiled = self.compile(statements, in: inner, nesting: 1, height: &height)
        }
        return CompiledFunction(
            name: name,
            parameterCount: parameters.count,
            slotCount: slots.count,
            body: compiled,
            height: height,
            firstSlot: slots.lowerBound
        )
    }

    /// Gives the variables of a lambda slots after all those that there are.
    private mutating func variables(
        _ parameters: [Name],
        _ body: LambdaBody,
        in scope: Scope
    ) -> (slots: Range<Int>, scope: Scope) {
        var slots = Slots(from: self.lambdaSlotCount, outer: scope.locals)
        for parameter in parameters { slots.add(parameter.text) }
        if case .block(let statements) = body { slots.collect(statements) }
        var inner = scope
        inner.locals.enter(slots.positions)
        let range = self.lambdaSlotCount..<(self.lambdaSlotCount + slots.positions.count)
        self.lambdaSlotCount = range.upperBound
        return (range, inner)
    }
}
