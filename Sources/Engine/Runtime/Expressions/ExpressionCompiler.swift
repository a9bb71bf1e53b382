import VPL

/// Turns expressions and statements into `Code`.
struct ExpressionCompiler {
    var code = Code()
    /// The steps of the sequence whose stream is compiled, and which of their values are asked for.
    var sequence: SequenceNames?
    /// What the comparison at hand has named of a sequence.
    var mentions = Mentions()

    struct Mentions {
        /// The step's own earlier event.
        var isOwn = false
        /// A step that comes later.
        var isLater = false
        /// In the condition of a negation, the last of the steps; below zero for none.
        var step = -1
        /// The steps that may have taken no event; of those in one list at least one must have.
        var absent: [[Int]] = []

        func union(_ other: Mentions) -> Mentions {
            Mentions(
                isOwn: self.isOwn || other.isOwn,
                isLater: self.isLater || other.isLater,
                step: max(self.step, other.step),
                absent: self.absent + other.absent.filter { !self.absent.contains($0) }
            )
        }
    }
    let functions: [String: FunctionID]
    let globals: [String: Int]

    init(functions: [String: FunctionID], globals: [String: Int]) {
        self.functions = functions
        self.globals = globals
    }

    /// What names mean at an expression's place, beyond globals.
    struct Scope {
        /// Slots of the surrounding function.
        var locals: [String: Int] = [:]
        /// Names of the current event itself: `Type as a` makes `a.field` its field.
        var eventAliases: Set<String> = []
        /// Names of the sources of a join: `Bid.price` is the field of that name of a joined event.
        var joined: Set<String> = []
        /// Where in a sequence the expression stands, if its names mean steps of one.
        var place: SequenceNames.Place?
    }

    mutating func compile(_ expression: Expression, in scope: Scope) -> NodeID {
        switch expression.kind {
        case .null: return self.code.constant(.null)
        case .bool(let value): return self.code.constant(.bool(value))
        case .int(let value): return self.code.constant(.int(value))
        case .float(let value): return self.code.constant(.float(value))
        case .duration(let value): return self.code.constant(.duration(value))
        case .timestamp(let value): return self.code.constant(.timestamp(value))
        case .string(let literal): return self.compile(literal, in: scope)
        case .name(let name): return self.compile(name: name, in: scope)
        case .array(let items):
            let operands = items.map { self.compile($0, in: scope) }
            return self.code.append(.array(self.code.list(operands)))
        case .map(let entries): return self.compile(entries, in: scope)
        case .member(let base, let member, let isOptional):
            return self.compile(member: member.text, of: base, isOptional: isOptional, in: scope)
        case .index(let base, let index):
            return self.code.append(.index(self.compile(base, in: scope), self.compile(index, in: scope)))
        case .slice(let base, let from, let to):
            let base = self.compile(base, in: scope)
            let from = from.map { self.compile($0, in: scope) }
            let to = to.map { self.compile($0, in: scope) }
            return self.code.append(.slice(base, from: from, to: to))
        case .call(let callee, let arguments): return self.compile(call: callee, arguments, in: scope)
        case .unary(let symbol, let operand):
            return self.code.append(.unary(symbol, self.compile(operand, in: scope)))
        case .binary(let symbol, let left, let right): return self.compile(symbol, left, right, in: scope)
        case .range(let lower, let upper, let isClosed):
            let lower = self.compile(lower, in: scope)
            return self.code.append(.range(lower, self.compile(upper, in: scope), isClosed: isClosed))
        case .conditional(let condition, let consequence, let alternative):
            let condition = self.compile(condition, in: scope)
            let consequence = self.compile(consequence, in: scope)
            return self.code.append(.conditional(condition, consequence, self.compile(alternative, in: scope)))
        case .lambda:
            // The checker refuses lambdas where they have no meaning.
            return self.code.append(.missing)
        }
    }

    private mutating func compile(_ literal: StringLiteral, in scope: Scope) -> NodeID {
        guard literal.isInterpolated else { return self.code.constant(.string(literal.text)) }
        let segments: [TemplateSegment] = literal.segments.map { segment in
            switch segment {
            case .text(let text): return .text(text)
            case .path(let path):
                var node =
                    path.count > 1
                    ? self.compile(member: path[1], ofName: path[0], isOptional: false, in: scope)
                    : self.compile(name: path[0], in: scope)
                for member in path.dropFirst(2) { node = self.member(member, of: node, isOptional: false) }
                return .value(node, spelling: "{" + path.joined(separator: ".") + "}")
            }
        }
        return self.code.template(segments)
    }

    private mutating func compile(name: String, in scope: Scope) -> NodeID {
        self.code.name(NameReference(text: name, local: scope.locals[name], global: self.globals[name]))
    }

    private mutating func compile(_ entries: [MapEntry], in scope: Scope) -> NodeID {
        let operands = entries.map { self.compile($0.value, in: scope) }
        let keys = entries.map { self.code.text($0.key) }
        return self.code.append(.map(keys: keys.first ?? TextID(rawValue: 0), self.code.list(operands)))
    }

    // MARK: - Members

    private mutating func compile(
        member: String,
        of base: Expression,
        isOptional: Bool,
        in scope: Scope
    ) -> NodeID {
        if case .name(let name) = base.kind {
            return self.compile(member: member, ofName: name, isOptional: isOptional, in: scope)
        }
        return self.member(member, of: self.compile(base, in: scope), isOptional: isOptional)
    }

    private mutating func compile(
        member: String,
        ofName name: String,
        isOptional: Bool,
        in scope: Scope
    ) -> NodeID {
        if let node = self.compile(member: member, ofStep: name, in: scope) {
            return isOptional ? self.code.append(.coalesce(node, self.code.constant(.null))) : node
        }
        let isJoined = scope.joined.contains(name)
        let field = self.code.text(isJoined ? "\(name).\(member)" : member)
        if isJoined || scope.eventAliases.contains(name), scope.locals[name] == nil {
            let node = self.code.append(.field(field))
            guard isOptional else { return node }
            let null = self.code.constant(.null)
            return self.code.append(.coalesce(node, null))
        }
        let base = self.compile(name: name, in: scope)
        let type = self.code.text(name)
        return self.code.append(.member(base, type: type, field: field, isOptional: isOptional))
    }

    /// Nil where the name means no step.
    private mutating func compile(member: String, ofStep name: String, in scope: Scope) -> NodeID? {
        guard let place = scope.place, scope.locals[name] == nil,
            let reference = self.sequence?.reference(name, at: place)
        else { return nil }
        switch reference {
        case .event: return self.code.append(.field(self.code.text(member)))
        case .captured(let step, let isOwn):
            let slot = SequenceNames.Slot(step: step, field: member)
            return self.captured(slot, called: name, isOwn: isOwn, at: place)
        case .nothing:
            self.mentions.isLater = true
            return self.code.append(.missing)
        }
    }

    private mutating func member(_ member: String, of base: NodeID, isOptional: Bool) -> NodeID {
        let field = self.code.text(member)
        return self.code.append(.member(base, type: nil, field: field, isOptional: isOptional))
    }

    // MARK: - Operators and calls

    private mutating func compile(
        _ symbol: BinaryOperator,
        _ left: Expression,
        _ right: Expression,
        in scope: Scope
    ) -> NodeID {
        let outer = self.mentions
        self.mentions = Mentions()
        defer { self.mentions = outer.union(self.mentions) }
        let first = self.compile(left, in: scope)
        if symbol == .identical, let test = Self.typeTest(right) {
            return self.comparison(self.code.append(.typeTest(first, test)))
        }
        let second = self.compile(right, in: scope)
        switch symbol {
        case .add, .subtract, .multiply, .divide, .remainder, .power, .bitAnd, .bitOr, .bitXor, .shiftLeft, .shiftRight:
            return self.code.append(.arithmetic(symbol, first, second))
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .contained, .notContained, .identical:
            return self.comparison(self.code.append(.comparison(symbol, first, second)))
        case .and: return self.code.append(.and(first, second))
        case .or: return self.code.append(.or(first, second))
        case .coalesce: return self.code.append(.coalesce(first, second))
        case .xor, .followedBy:
            // Both stand only in `.pattern`, which the checker refuses.
            return self.code.append(.missing)
        }
    }

    /// A comparison in a sequence: true while the step's own event that it names is not there yet, and without a value while
    /// any other event that it names is not.
    private mutating func comparison(_ node: NodeID) -> NodeID {
        var node = node
        if self.mentions.isLater { node = self.code.append(.missing) }
        for steps in self.mentions.absent { node = self.ifPresent(steps, node) }
        if self.mentions.step > 0 { node = self.code.append(.ifReached(Int32(self.mentions.step), node)) }
        return self.mentions.isOwn ? self.code.append(.unlessFirst(node)) : node
    }

    private static func typeTest(_ right: Expression) -> TypeTest? {
        switch right.kind {
        case .name(let name): TypeTest(rawValue: name)
        case .null: .null
        default: nil
        }
    }

    private mutating func compile(
        call callee: Expression,
        _ arguments: [CallArgument],
        in scope: Scope
    ) -> NodeID {
        if let node = self.compile(aggregate: callee, arguments, in: scope) { return node }
        let operands = arguments.map { self.compile($0.value, in: scope) }
        guard case .name(let name) = callee.kind else { return self.code.append(.missing) }
        let list = self.code.list(operands)
        if let function = self.functions[name] { return self.code.append(.call(function, list)) }
        guard let builtin = BuiltinFunction(rawValue: name) else { return self.code.append(.missing) }
        return self.code.append(.builtin(builtin, list))
    }

    /// `count(alias)`, `sum(alias.field)` and so on, over the events of a Kleene step. Nil for any other call.
    private mutating func compile(
        aggregate callee: Expression,
        _ arguments: [CallArgument],
        in scope: Scope
    ) -> NodeID? {
        guard let place = scope.place, case .name(let name) = callee.kind, self.functions[name] == nil,
            let function = AggregateFunction(rawValue: name), let argument = arguments.first?.value,
            arguments.count == (function == .ema ? 2 : 1)
        else { return nil }
        let (alias, field): (String, String?)
        switch argument.kind {
        case .name(let name) where function == .count: (alias, field) = (name, nil)
        case .member(let base, let member, _):
            guard case .name(let name) = base.kind else { return nil }
            (alias, field) = (name, member.text)
        default: return nil
        }
        guard let sequence = self.sequence, scope.locals[alias] == nil,
            case .captured(let step, let isOwn) = sequence.reference(alias, at: place), sequence.steps[step].isKleene
        else { return nil }
        var periods: Int64 = 12
        if arguments.count > 1, case .int(let count) = arguments[1].value.kind { periods = count }
        let slot = SequenceNames.Slot(step: step, field: field, function: function, periods: periods)
        return self.captured(slot, called: alias, isOwn: isOwn, at: place)
    }
}
