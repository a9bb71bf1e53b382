/// Streams: a source, then operations and steps in the order written.
extension Parser {
    mutating func streamDeclaration() throws(SyntaxError) -> Statement.Kind {
        self.advance()
        let name = try self.name("a stream name")
        let type = self.take(.colon) ? try self.type() : nil
        try self.expect(.assign)
        let source = try self.source()
        var stages: [StreamStage] = []
        while true {
            let start = self.current
            if start.isSymbol(.dot) || start.isSymbol(.arrow) { self.begin(.stage, deeper: 1) }
            if start.isSymbol(.dot) {
                stages.append(.operation(try self.operation()))
            } else if start.isSymbol(.arrow) {
                stages.append(.follow(try self.step()))
            } else {
                break
            }
        }
        return .stream(StreamDeclaration(name: name, type: type, source: source, stages: stages))
    }

    // MARK: - Sources

    private mutating func source() throws(SyntaxError) -> StreamSource {
        let name = try self.name("an event type, a stream, or another source")
        if self.current.isSymbol(.leftParenthesis), !self.startsStatement {
            return try self.combinedSource(name)
        }
        if self.current.isSymbol(.dot), self.next.isWord("from") {
            return try self.connectorSource(name)
        }
        if name.text == "all", self.current.word != nil, !self.current.isWord("as"), !self.startsStatement {
            let type = try self.name("an event type")
            return .type(type, alias: try self.alias(), isKleene: true)
        }
        return .type(name, alias: try self.alias(), isKleene: false)
    }

    mutating func alias() throws(SyntaxError) -> Name? {
        self.take(word: "as") ? try self.name("an alias") : nil
    }

    private mutating func connectorSource(_ type: Name) throws(SyntaxError) -> StreamSource {
        self.advance()
        self.advance()
        try self.expect(.leftParenthesis)
        let (connector, parameters) = try self.connectorArguments()
        return .connector(type: type, connector: connector, parameters: parameters)
    }

    /// `Connector, name: value, …)`
    mutating func connectorArguments() throws(SyntaxError) -> (Name, [ParameterSyntax]) {
        try self.bracketed(until: .rightParenthesis) { (parser) throws(SyntaxError) in
            let connector = try parser.name("a connector")
            var parameters: [ParameterSyntax] = []
            while parser.take(.comma) { parameters.append(try parser.connectorParameter()) }
            return (connector, parameters)
        }
    }

    private mutating func combinedSource(_ name: Name) throws(SyntaxError) -> StreamSource {
        switch name.text {
        case "merge":
            self.advance()
            return .merge(
                name,
                try self.nonEmptyList { (parser) throws(SyntaxError) in
                    let branch = try parser.branch(condition: "where")
                    return MergeBranch(label: branch.label, type: branch.type, condition: branch.condition)
                }
            )
        case "join":
            self.advance()
            return .join(
                name,
                try self.nonEmptyList { (parser) throws(SyntaxError) in
                    let branch = try parser.branch(condition: "on")
                    return JoinSource(label: branch.label, type: branch.type, condition: branch.condition)
                }
            )
        case "sequence":
            self.advance()
            return .sequence(
                name,
                try self.nonEmptyList { (parser) throws(SyntaxError) in try parser.namedStep() }
            )
        case "timer":
            self.advance()
            return try self.bracketed(until: .rightParenthesis) { (parser) throws(SyntaxError) in
                let interval = try parser.expression()
                let arguments = parser.take(.comma) ? [try parser.namedExpression()] : []
                return .timer(name, interval: interval, arguments: arguments)
            }
        default:
            throw self.error(
                "`\(name.text)` is no source that takes arguments",
                hint: Suggestion.hint(for: name.text, among: ["merge", "join", "sequence", "timer"])
            )
        }
    }

    private mutating func nonEmptyList<Item>(
        _ item: (inout Parser) throws(SyntaxError) -> Item
    ) throws(SyntaxError) -> [Item] {
        try self.bracketed(until: .rightParenthesis) { (parser) throws(SyntaxError) in
            var items: [Item] = []
            repeat { items.append(try item(&parser)) } while parser.take(.comma)
            return items
        }
    }

    /// `stream Label = Type.where(condition)` or `Type`
    private mutating func branch(
        condition word: String
    ) throws(SyntaxError) -> (label: Name?, type: Name, condition: Expression?) {
        guard self.current.isWord("stream"), self.next.word != nil else {
            return (nil, try self.name("an event type or a stream"), nil)
        }
        self.advance()
        let label = try self.name("a name")
        try self.expect(.assign)
        let type = try self.name("an event type or a stream")
        self.noteInnerOperation()
        guard self.take(.dot) else { return (label, type, nil) }
        try self.expect(word: word)
        try self.expect(.leftParenthesis)
        let condition = try self.bracketed(until: .rightParenthesis) { (parser) throws(SyntaxError) in
            try parser.expression()
        }
        return (label, type, condition)
    }

    private mutating func noteInnerOperation() {
        if self.current.isSymbol(.dot) { self.note(.innerOperation) }
    }

    // MARK: - Steps

    /// `-> all Type where condition as alias`
    private mutating func step() throws(SyntaxError) -> SequenceStep {
        let location = self.current.location
        self.advance()
        var type = try self.name("an event type")
        var isKleene = false
        if type.text == "all", self.current.word != nil, !self.current.isWord("as"), !self.current.isWord("where"),
            !self.startsStatement
        {
            type = try self.name("an event type")
            isKleene = true
        }
        let condition = self.take(word: "where") ? try self.stepCondition() : nil
        let alias = try self.alias()
        return SequenceStep(
            type: type,
            alias: alias,
            isKleene: isKleene,
            condition: condition,
            within: nil,
            location: location
        )
    }

    /// `alias: Type where condition.within(duration)`
    private mutating func namedStep() throws(SyntaxError) -> SequenceStep {
        let alias = try self.name("an alias")
        try self.expect(.colon)
        let type = try self.name("an event type")
        let condition = self.take(word: "where") ? try self.stepCondition() : nil
        var within: Expression?
        self.noteInnerOperation()
        if self.take(.dot) {
            try self.expect(word: "within")
            try self.expect(.leftParenthesis)
            within = try self.bracketed(until: .rightParenthesis) { (parser) throws(SyntaxError) in
                try parser.expression()
            }
        }
        return SequenceStep(
            type: type,
            alias: alias,
            isKleene: false,
            condition: condition,
            within: within,
            location: alias.location
        )
    }
}
