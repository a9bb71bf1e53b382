import VPL

extension ExpressionCompiler {
    mutating func compile(_ function: FunctionDeclaration) -> CompiledFunction {
        var slots = Slots()
        for parameter in function.parameters { slots.add(parameter.name.text) }
        slots.collect(function.body)
        var scope = Scope()
        scope.locals.enter(slots.positions)
        var height = 0
        let body = self.compile(function.body, in: scope, nesting: 1, height: &height)
        return CompiledFunction(
            name: function.name.text,
            parameterCount: function.parameters.count,
            slotCount: slots.positions.count,
            body: body,
            height: height
        )
    }

    mutating func compile(
        _ statements: [Statement],
        in scope: Scope,
        nesting: Int,
        height: inout Int
    ) -> [CompiledStatement] {
        height = max(height, nesting)
        return statements.compactMap { self.compile($0, in: scope, nesting: nesting, height: &height) }
    }

    private mutating func compile(
        _ statement: Statement,
        in scope: Scope,
        nesting: Int,
        height: inout Int
    ) -> CompiledStatement? {
        func measured(_ expression: Expression) -> NodeID {
            height = max(height, nesting + expression.height)
            return self.compile(expression, in: scope)
        }
        switch statement.kind {
        case .variable(let variable):
            guard let slot = scope.locals[variable.name.text] else { return nil }
            return .declare(slot: slot, measured(variable.value))
        case .assign(let name, let value):
            guard let slot = scope.locals[name.text] else { return nil }
            return .assign(slot: slot, global: self.globals[name.text], measured(value))
        case .ifElse(let branches, let otherwise):
            var compiled: [(condition: NodeID, body: [CompiledStatement])] = []
            for branch in branches {
                let condition = measured(branch.condition)
                let body = self.compile(branch.body, in: scope, nesting: nesting + 1, height: &height)
                compiled.append((condition, body))
            }
            let rest = self.compile(otherwise, in: scope, nesting: nesting + 1, height: &height)
            return .branch(compiled, otherwise: rest)
        case .forEach(let variable, let sequence, let body):
            guard let slot = scope.locals[variable.text] else { return nil }
            let compiled: ForSequence
            if case .range(let lower, let upper, let isClosed) = sequence.kind {
                compiled = .range(measured(lower), measured(upper), isClosed: isClosed)
            } else {
                compiled = .value(measured(sequence))
            }
            return .forEach(slot: slot, compiled, self.compile(body, in: scope, nesting: nesting + 1, height: &height))
        case .whileTrue(let condition, let body):
            let condition = measured(condition)
            return .whileTrue(condition, self.compile(body, in: scope, nesting: nesting + 1, height: &height))
        case .returnValue(let value): return .returnValue(value.map(measured))
        case .breakLoop: return .breakLoop
        case .continueLoop: return .continueLoop
        case .emit(let type, let fields):
            return .emit(type: type.text, fields.map { Projection(name: $0.name.text, value: measured($0.value)) })
        case .expression(let expression): return .expression(measured(expression))
        case .context, .connector, .stream, .pattern, .event, .typeAlias, .function, .config, .importFile:
            // The checker refuses declarations inside functions.
            return nil
        }
    }
}

/// The variables of a function or a lambda: parameters, what is declared or assigned anywhere in it, and loop variables.
struct Slots {
    private(set) var positions: [String: Int] = [:]
    private let start: Int
    /// Of the lambdas around it: assigning to them declares nothing.
    private let outer: LocalSlots

    init(from start: Int = 0, outer: LocalSlots = LocalSlots()) {
        self.start = start
        self.outer = outer
    }

    mutating func add(_ name: String) {
        if self.positions[name] == nil { self.positions[name] = self.start + self.positions.count }
    }

    mutating func collect(_ statements: [Statement]) {
        for statement in statements {
            switch statement.kind {
            case .variable(let variable): self.add(variable.name.text)
            case .assign(let name, _): if self.outer[name.text] == nil { self.add(name.text) }
            case .forEach(let variable, _, let body):
                self.add(variable.text)
                self.collect(body)
            case .whileTrue(_, let body): self.collect(body)
            case .ifElse(let branches, let otherwise):
                for branch in branches { self.collect(branch.body) }
                self.collect(otherwise)
            default: break
            }
        }
    }
}
