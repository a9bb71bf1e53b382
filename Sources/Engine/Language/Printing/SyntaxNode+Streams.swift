/// Streams, their operations, and named patterns.
extension SyntaxNode {
    init(_ stream: StreamDeclaration, at place: SourceLocation) {
        let text = stream.name.text + (stream.type.map { ": \($0.text)" } ?? "")
        self.init("stream", text, at: place, [SyntaxNode(stream.source)] + stream.stages.map(SyntaxNode.init(_:)))
    }

    private init(_ source: StreamSource) {
        switch source {
        case .type(let type, let alias, let isKleene):
            self.init("from", Self.words(isKleene ? "all" : nil, type.text, alias: alias), at: type.location)
        case .connector(let type, let connector, let parameters):
            let text = "\(type.text) of \(connector.text)"
            self.init("from", text, at: type.location, parameters.map(SyntaxNode.init(parameter:)))
        case .merge(let word, let branches):
            self.init(
                "merge",
                at: word.location,
                branches.map { Self.branch($0.label, $0.type, "where", $0.condition) }
            )
        case .join(let word, let sources):
            self.init("join", at: word.location, sources.map { Self.branch($0.label, $0.type, "on", $0.condition) })
        case .sequence(let word, let steps): self.init("sequence", at: word.location, steps.map(SyntaxNode.init(_:)))
        case .timer(let word, let interval, let arguments):
            self.init("timer", interval.text, at: word.location, arguments.map(SyntaxNode.init(named:)))
        }
    }

    private static func branch(_ label: Name?, _ type: Name, _ word: String, _ condition: Expression?) -> SyntaxNode {
        let text = (label.map { "\($0.text) = " } ?? "") + type.text
        return SyntaxNode("branch", text, at: type.location, condition.map { [SyntaxNode(word, $0)] } ?? [])
    }

    private static func words(_ first: String?, _ second: String, alias: Name?) -> String {
        (first.map { "\($0) " } ?? "") + second + (alias.map { " as \($0.text)" } ?? "")
    }

    private init(_ step: SequenceStep) {
        var children = step.condition.map { [SyntaxNode("where", $0)] } ?? []
        if let within = step.within { children.append(SyntaxNode("within", within)) }
        let text = Self.words(step.isKleene ? "all" : nil, step.type.text, alias: step.alias)
        self.init("then", text, at: step.location, children)
    }

    private init(_ stage: StreamStage) {
        switch stage {
        case .follow(let step): self.init(step)
        case .operation(let operation): self.init(operation)
        }
    }

    private init(_ operation: StreamOperation) {
        let (word, place) = (operation.name.text, operation.name.location)
        switch operation.kind {
        case .filter(let value), .having(let value), .partition(let value), .within(let value), .on(let value),
            .process(let value), .limit(let value), .allowedLateness(let value):
            self.init(word, value.text, at: place, value.blocks)
        case .distinct(let value): self.init(word, value?.text ?? "", at: place, value?.blocks ?? [])
        case .first, .unsupported: self.init(word, at: place)
        case .select(let fields), .aggregate(let fields), .log(let fields), .tap(let fields), .watermark(let fields),
            .trendAggregate(let fields), .forecast(let fields), .pattern(let fields), .score(let fields):
            self.init(word, at: place, fields.map(SyntaxNode.init(named:)))
        case .emit(let type, let fields, let context):
            var children = fields.map(SyntaxNode.init(named:))
            if let context { children.append(SyntaxNode("context", context.text, at: context.location)) }
            self.init(word, type.map { "as \($0.text)" } ?? "", at: place, children)
        case .window(let arguments): self.init(word, at: place, arguments.map(SyntaxNode.init(_:)))
        case .not(let type, let condition):
            self.init(word, type.text, at: place, condition.map { [SyntaxNode("where", $0)] } ?? [])
        case .to(let connector, let parameters):
            self.init(word, connector.text, at: place, parameters.map(SyntaxNode.init(parameter:)))
        case .print(let values): self.init(word, at: place, values.map { SyntaxNode("value", $0) })
        case .context(let name): self.init(word, name.text, at: place)
        case .enrich(let connector, let arguments):
            self.init(word, connector.text, at: place, arguments.map(SyntaxNode.init(named:)))
        }
    }

    private init(_ argument: CallArgument) {
        if let name = argument.name {
            self.init(named: NamedExpression(name: name, value: argument.value))
        } else {
            self.init("value", argument.value)
        }
    }

    // MARK: - Patterns

    init(_ pattern: PatternDeclaration, at place: SourceLocation) {
        var children = [SyntaxNode(pattern.expression)]
        if let within = pattern.within { children.append(SyntaxNode("within", within.durationText)) }
        if let field = pattern.partition { children.append(SyntaxNode("partition", field.text, at: field.location)) }
        self.init("pattern", pattern.name.text, at: place, children)
    }

    private init(_ expression: PatternExpression) {
        switch expression {
        case .sequence(let items): self.init("SEQ", "", items.map(SyntaxNode.init(_:)))
        case .event(let item): self.init(item)
        case .and(let operands): self.init("AND", "", operands.map(SyntaxNode.init(_:)))
        case .or(let operands): self.init("OR", "", operands.map(SyntaxNode.init(_:)))
        case .not(let operand): self.init("NOT", "", [SyntaxNode(operand)])
        }
    }

    private init(_ item: PatternItem) {
        let repetition =
            switch item.repetition {
            case .once: ""
            case .oneOrMore: "+"
            case .zeroOrMore: "*"
            case .zeroOrOne: "?"
            }
        let text = Self.words(item.isNegated ? "NOT" : nil, item.type.text + repetition, alias: item.alias)
        self.init("event", text, at: item.type.location, item.condition.map { [SyntaxNode("where", $0)] } ?? [])
    }
}
