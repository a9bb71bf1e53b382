/// The operations of a stream: each has its own form of arguments.
extension Parser {
    /// Every operation of the language, for suggestions.
    static let operationNames = [
        "where", "filter", "having", "select", "emit", "window", "aggregate", "partition_by", "within", "not", "on",
        "process", "distinct", "limit", "first", "to", "print", "log", "tap", "context", "watermark",
        "allowed_lateness", "trend_aggregate", "forecast", "enrich", "pattern", "score", "order_by", "map", "collect",
        "concurrent", "on_error", "fork", "any", "all",
    ]

    mutating func operation() throws(SyntaxError) -> StreamOperation {
        self.advance()
        guard self.current.word.map(Self.operationNames.contains) ?? true else {
            let word = self.current.word ?? ""
            let hint = Suggestion.hint(for: word, among: Self.operationNames)
            if word == "from" { throw self.error("`.from` stands only directly after a stream's event type") }
            throw self.error("there is no operation `\(word)`", hint: hint)
        }
        let name = try self.name("an operation")
        if name.text == "emit" { return StreamOperation(name: name, kind: try self.emitOperation()) }
        try self.expect(.leftParenthesis)
        let kind = try self.arguments(of: name.text)
        return StreamOperation(name: name, kind: kind)
    }

    private mutating func emitOperation() throws(SyntaxError) -> StreamOperation.Kind {
        let type = self.take(word: "as") ? try self.name("an event type") : nil
        if type != nil { self.note(.apartParenthesis) }
        try self.expect(.leftParenthesis)
        var context: Name?
        var fields: [NamedExpression] = []
        for field in try self.namedList() {
            if field.name.text == "context", case .name(let target) = field.value.kind {
                context = Name(text: target, location: field.value.location)
            } else {
                fields.append(field)
            }
        }
        return .emit(type: type, fields, context: context)
    }

    private mutating func arguments(of operation: String) throws(SyntaxError) -> StreamOperation.Kind {
        switch operation {
        case "where", "filter": return .filter(try self.single())
        case "having": return .having(try self.single())
        case "partition_by": return .partition(try self.single())
        case "within": return .within(try self.single())
        case "allowed_lateness": return .allowedLateness(try self.single())
        case "on": return .on(try self.single())
        case "process": return .process(try self.single())
        case "limit": return .limit(try self.single())
        case "distinct":
            if self.take(.rightParenthesis) { return .distinct(nil) }
            return .distinct(try self.single())
        case "first":
            try self.expect(.rightParenthesis)
            return .first
        case "print":
            return .print(
                try self.list(until: .rightParenthesis) { (parser) throws(SyntaxError) in try parser.expression() }
            )
        case "window":
            let arguments = try self.list(until: .rightParenthesis) { (parser) throws(SyntaxError) in
                try parser.argument()
            }
            return .window(arguments)
        case "select": return .select(try self.selection())
        case "aggregate": return .aggregate(try self.namedList())
        case "log": return .log(try self.namedList())
        case "tap": return .tap(try self.namedList())
        case "watermark": return .watermark(try self.namedList())
        case "trend_aggregate": return .trendAggregate(try self.namedList())
        case "forecast": return .forecast(try self.namedList())
        case "score": return .score(try self.namedList())
        case "pattern": return .pattern(try self.patternLambdas())
        default: return try self.specialArguments(of: operation)
        }
    }

    private mutating func specialArguments(of operation: String) throws(SyntaxError) -> StreamOperation.Kind {
        switch operation {
        case "context":
            let context = try self.name("a context")
            try self.expect(.rightParenthesis)
            return .context(context)
        case "to":
            let (connector, parameters) = try self.connectorArguments()
            return .to(connector: connector, parameters)
        case "enrich":
            return try self.bracketed(until: .rightParenthesis) { (parser) throws(SyntaxError) in
                let connector = try parser.name("a connector")
                var arguments: [NamedExpression] = []
                while parser.take(.comma) { arguments.append(try parser.namedExpression()) }
                return .enrich(connector: connector, arguments)
            }
        case "not":
            return try self.bracketed(until: .rightParenthesis) { (parser) throws(SyntaxError) in
                let type = try parser.name("an event type")
                return .not(type: type, condition: parser.take(word: "where") ? try parser.binary(from: .or) : nil)
            }
        default:
            try self.skipUnsupportedArguments(of: operation)
            return .unsupported
        }
    }

    /// One expression and the closing parenthesis.
    private mutating func single() throws(SyntaxError) -> Expression {
        try self.bracketed(until: .rightParenthesis) { (parser) throws(SyntaxError) in try parser.expression() }
    }

    private mutating func namedList() throws(SyntaxError) -> [NamedExpression] {
        try self.list(until: .rightParenthesis) { (parser) throws(SyntaxError) in try parser.namedExpression() }
    }

    /// `name` or `name: expression`
    private mutating func selection() throws(SyntaxError) -> [NamedExpression] {
        try self.list(until: .rightParenthesis) { (parser) throws(SyntaxError) in
            if parser.next.isSymbol(.colon) { return try parser.namedExpression() }
            let token = parser.current
            let name = try parser.name("a field")
            return NamedExpression(name: name, value: try parser.expression(.name(name.text), at: token))
        }
    }

    /// `name: events => expression`, or the arrow form `name: A -> B or not C`.
    private mutating func patternLambdas() throws(SyntaxError) -> [NamedExpression] {
        try self.list(until: .rightParenthesis) { (parser) throws(SyntaxError) in
            let first = try parser.namedExpression()
            var value = first.value
            while parser.current.isSymbol(.arrow) || parser.current.isWord("xor") {
                let joint: BinaryOperator = parser.current.isSymbol(.arrow) ? .followedBy : .xor
                parser.note(.binary(rank: joint.precedence.rawValue))
                parser.advance()
                let right = try parser.binary(from: .or)
                let height = max(value.height, right.height) + 1
                value = try parser.expression(.binary(joint, value, right), from: value, height: height)
            }
            return NamedExpression(name: first.name, value: value)
        }
    }

    /// Reads the arguments of an operation that is part of the grammar alone.
    private mutating func skipUnsupportedArguments(of operation: String) throws(SyntaxError) {
        switch operation {
        case "map", "on_error": _ = try self.single()
        case "concurrent": _ = try self.namedList()
        case "any":
            if !self.take(.rightParenthesis) { _ = try self.single() }
        case "order_by":
            _ = try self.list(until: .rightParenthesis) { (parser) throws(SyntaxError) in
                _ = try parser.expression()
                _ = parser.take(word: "asc") || parser.take(word: "desc")
            }
        case "fork":
            _ = try self.list(until: .rightParenthesis) { (parser) throws(SyntaxError) in
                _ = try parser.name("a name")
                try parser.expect(.colon)
                repeat {
                    guard parser.current.isSymbol(.dot) else { throw parser.unexpected("an operation") }
                    _ = try parser.nested { (parser) throws(SyntaxError) in try parser.operation() }
                } while parser.current.isSymbol(.dot)
            }
        default: try self.expect(.rightParenthesis)
        }
    }
}
