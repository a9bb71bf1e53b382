/// The operations of a stream.
extension Checker {
    mutating func check(_ operation: StreamOperation, in context: inout StreamContext) {
        let name = operation.name
        switch operation.kind {
        case .filter(let condition): self.checkCondition(condition, in: context.scope)
        case .having(let condition):
            if !context.hasAggregate {
                self.error("E010", .order, "`.having` stands only after `.aggregate`", at: name)
            }
            self.checkCondition(condition, in: context.scope)
        case .select(let fields): self.checkProjection(fields, in: &context)
        case .emit(let type, let fields, let target):
            if let type, self.declarations.events[type.text] == nil {
                self.warn("W031", .undefined, "the event type `\(type.text)` is not declared", at: type)
            }
            if let target { self.checkContext(target) }
            self.checkProjection(fields, in: &context)
        case .window(let arguments): self.checkWindow(arguments, at: name, in: &context)
        case .aggregate(let items): self.checkAggregate(items, at: name, in: &context)
        case .partition(let field):
            if context.hasWindow, !context.hasAggregate {
                self.warn("W002", .order, "`.partition_by` after `.window` affects only the aggregate", at: name)
            }
            guard case .name = field.kind else {
                return self.error("E062", .type, "`.partition_by` takes the name of a field", at: field)
            }
        case .within(let duration):
            if context.hasPattern {
                self.error(
                    "E020",
                    .order,
                    "a pattern has its own `within`, so `.within` stands only in a sequence",
                    at: name
                )
            } else if !context.hasSequence, !context.hasNegation {
                self.error("E020", .order, "`.within` stands only in a stream with a sequence", at: name)
            }
            self.checkDuration(duration, allowsInteger: true, of: ".within")
        case .not(let type, let condition):
            context.hasNegation = true
            self.checkIsNoPattern(type)
            if let condition {
                var scope = context.scope
                scope.qualifiers = nil
                self.check(condition, in: scope)
            }
        case .on(let expression), .distinct(.some(let expression)): self.check(expression, in: context.scope)
        case .process(let expression):
            self.check(expression, in: context.scope)
            context.leaveSequence()
        case .distinct(.none), .first: break
        case .limit(let count):
            if count.isLiteral, !count.isInteger { self.error("E062", .type, "`.limit` takes an int", at: count) }
            self.check(count, in: context.scope)
        case .to(let connector, let parameters): self.checkConnector(connector, parameters)
        case .print(let values):
            for value in values { self.check(value, in: context.scope) }
        case .log(let arguments):
            self.checkParameters(arguments, of: name, among: ["level", "message", "data"], context)
        case .tap(let items):
            for item in items { self.check(item.value, in: context.scope) }
        case .context(let target): self.checkContext(target)
        case .watermark(let arguments): self.checkParameters(arguments, of: name, among: ["out_of_order"], context)
        case .allowedLateness(let duration):
            self.checkDuration(duration, allowsInteger: false, of: ".allowed_lateness")
        case .trendAggregate(let items): self.checkTrends(items, in: &context)
        case .forecast(let arguments):
            let known = ["confidence", "horizon", "warmup", "max_depth", "hawkes", "conformal", "mode"]
            self.checkParameters(arguments, of: name, among: known, context)
        case .score(let arguments):
            self.checkParameters(arguments, of: name, among: ["model", "inputs", "outputs"], context)
        case .enrich(let connector, let arguments): self.checkEnrichment(connector, arguments, in: context)
        case .pattern(let items):
            var scope = context.scope
            scope.allowsMethods = true
            for item in items { self.check(item.value, in: scope) }
        case .unsupported: self.error("E090", .unsupported, "`.\(name.text)` is not implemented", at: name)
        }
    }

    mutating func checkCondition(_ condition: Expression, in scope: ExpressionScope) {
        if condition.isLiteral, !condition.isBool {
            self.error("E060", .type, "a condition is a bool, not a constant of another type", at: condition)
        } else if condition.isArithmetic {
            self.warn(
                "W060",
                .type,
                "this condition is a number, so nothing passes",
                at: condition.location,
                length: condition.length
            )
        }
        self.check(condition, in: scope)
    }

    /// After a projection only its fields exist, and each of them may hold a map.
    private mutating func checkProjection(_ fields: [NamedExpression], in context: inout StreamContext) {
        for field in fields { self.check(field.value, in: context.scope) }
        if !fields.isEmpty { context.leaveSequence() }
    }

    private mutating func checkContext(_ name: Name) {
        guard !self.declarations.contexts.contains(name.text) else { return }
        self.undefined("context", name, "E031", among: self.declarations.contexts)
    }

    private mutating func checkParameters(
        _ arguments: [NamedExpression],
        of operation: Name,
        among known: [String],
        _ context: StreamContext
    ) {
        for argument in arguments {
            if !known.contains(argument.name.text) {
                self.error(
                    "E080",
                    .parameter,
                    "`\(argument.name.text)` is no parameter of `.\(operation.text)`",
                    hint: self.hint(for: argument.name.text, among: known),
                    at: argument.name
                )
            }
            self.check(argument.value, in: context.scope)
        }
    }

    mutating func checkDuration(_ value: Expression, allowsInteger: Bool, of place: String) {
        guard value.isLiteral, !value.isDuration, !(allowsInteger && value.isInteger) else { return }
        self.error("E061", .type, "`\(place)` takes a duration, such as `5s`", at: value)
    }

    private mutating func checkEnrichment(_ name: Name, _ arguments: [NamedExpression], in context: StreamContext) {
        if let connector = self.declarations.connector(name.text) {
            if !["http", "database", "redis"].contains(connector.type) {
                let message = "`.enrich` needs http, database or redis; `\(name.text)` is \(connector.type)"
                self.error("E032", .type, message, at: name)
            }
        } else {
            self.undefined("connector", name, "E030", among: self.declarations.connectors.lazy.map(\.name))
        }
        if !arguments.contains(where: { $0.name.text == "fields" }) {
            self.warn("W032", .parameter, "`.enrich` without `fields` adds nothing to the events", at: name)
        }
        for argument in arguments { self.check(argument.value, in: context.scope) }
    }
}

extension Expression {
    var isLiteral: Bool {
        switch self.kind {
        case .null, .bool, .int, .float, .duration, .timestamp, .string: true
        default: false
        }
    }

    var isBool: Bool {
        if case .bool = self.kind { true } else { false }
    }

    var isInteger: Bool {
        if case .int = self.kind { true } else { false }
    }

    var isDuration: Bool {
        if case .duration = self.kind { true } else { false }
    }

    var isArithmetic: Bool {
        switch self.kind {
        case .binary(let symbol, _, _): symbol.isArithmetic
        case .unary(.negate, _), .unary(.complement, _): true
        default: false
        }
    }
}
