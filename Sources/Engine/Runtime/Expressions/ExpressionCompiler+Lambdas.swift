import VPL

extension ExpressionCompiler {
    /// The lambda of a `.pattern` as a function of the batch, whose expressions see no event.
    mutating func compilePattern(_ name: String, _ parameters: [Name], _ body: LambdaBody) -> CompiledFunction {
        self.lambdaSlotCount = 0
        var height = 0
        let (_, scope) = self.variables(parameters, body, in: Scope())
        let compiled: [CompiledStatement]
        switch body {
        case .expression(let expression):
            height = expression.height + 1
            compiled = [.expression(self.compile(expression, in: scope))]
        case .block(let statements):
            compiled = self.compile(statements, in: scope, nesting: 1, height: &height)
        }
        return CompiledFunction(
            name: name,
            parameterCount: parameters.count,
            slotCount: self.lambdaSlotCount,
            body: compiled,
            height: height
        )
    }

    /// The call of such a function.
    mutating func callOnBatch(_ function: FunctionID) -> NodeID {
        let batch = self.code.append(.batch)
        return self.code.append(.call(function, self.code.list([batch])))
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
        guard method.takesLambda else { return self.code.append(.method(method, base, nil)) }
        guard case .lambda(let parameters, let body) = arguments.first?.value.kind else {
            return self.code.append(.missing)
        }
        let lambda = self.compile(parameters, body, in: scope)
        return self.code.append(.method(method, base, lambda))
    }

    private mutating func compile(_ parameters: [Name], _ body: LambdaBody, in scope: Scope) -> LambdaID {
        let firstNode = self.code.nodes.count
        let (slots, inner) = self.variables(parameters, body, in: scope)
        let compiled: CompiledLambda.Body
        switch body {
        case .expression(let expression): compiled = .expression(self.compile(expression, in: inner))
        case .block(let statements):
            // The parser bounds the height of an expression through the blocks in it.
            var height = 0
            compiled = .block(self.compile(statements, in: inner, nesting: 1, height: &height))
        }
        return self.code.lambda(
            CompiledLambda(
                slots: slots,
                parameterCount: parameters.count,
                body: compiled,
                nodes: firstNode..<self.code.nodes.count
            )
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
