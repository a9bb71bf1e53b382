/// Declarations other than streams and patterns.
extension Parser {
    mutating func contextDeclaration() throws(SyntaxError) -> Statement.Kind {
        self.advance()
        let name = try self.name("a context name")
        var cores: [Int64] = []
        if self.current.isSymbol(.leftParenthesis), !self.startsStatement {
            self.note(.apartParenthesis)
            self.advance()
            _ = try self.list(until: .rightParenthesis) { (parser) throws(SyntaxError) in
                try parser.expect(word: "cores")
                try parser.expect(.colon)
                try parser.expect(.leftBracket)
                cores += try parser.list(until: .rightBracket) { (parser) throws(SyntaxError) in
                    try parser.integer("a core number")
                }
            }
        }
        return .context(ContextDeclaration(name: name, cores: cores))
    }

    private mutating func integer(_ what: String) throws(SyntaxError) -> Int64 {
        guard case .integer(let value) = self.current.kind else { throw self.unexpected(what) }
        guard let number = Int64(exactly: value) else { throw self.invalidInteger(value) }
        self.advance()
        return number
    }

    func invalidInteger(_ value: UInt64) -> SyntaxError { self.error("invalid number `\(value)`") }

    mutating func connectorDeclaration() throws(SyntaxError) -> Statement.Kind {
        self.advance()
        let name = try self.name("a connector name")
        try self.expect(.assign)
        let type = try self.name("a connector type")
        self.note(.apartParenthesis)
        try self.expect(.leftParenthesis)
        let parameters = try self.list(until: .rightParenthesis) { (parser) throws(SyntaxError) in
            try parser.connectorParameter()
        }
        return .connector(ConnectorSyntax(name: name, type: type, parameters: parameters))
    }

    mutating func connectorParameter() throws(SyntaxError) -> ParameterSyntax {
        let name = try self.name("a parameter name")
        try self.expect(.colon)
        let location = self.current.location
        return ParameterSyntax(name: name, value: try self.connectorValue(), valueLocation: location)
    }

    private mutating func connectorValue() throws(SyntaxError) -> ConnectorParameter.Value {
        switch self.current.kind {
        case .symbol(.leftBracket):
            self.advance()
            return .array(
                try self.list(until: .rightBracket) { (parser) throws(SyntaxError) in try parser.connectorValue() }
            )
        case .integer: return .int(try self.integer("a number"))
        case .float(let value): return try self.accept(.float(value))
        case .duration(let value): return try self.accept(.duration(value))
        case .string(let value): return try self.accept(.string(value.text))
        case .identifier("true"): return try self.accept(.bool(true))
        case .identifier("false"): return try self.accept(.bool(false))
        case .identifier(let word): return try self.accept(.string(word))
        case .symbol, .timestamp, .invalid, .end: throw self.unexpected("a value")
        }
    }

    private mutating func accept(
        _ value: ConnectorParameter.Value
    ) throws(SyntaxError) -> ConnectorParameter.Value {
        self.advance()
        return value
    }

    mutating func eventDeclaration() throws(SyntaxError) -> Statement.Kind {
        self.advance()
        let name = try self.name("an event name")
        let base = self.take(word: "extends") ? try self.name("the event it extends") : nil
        guard self.current.isSymbol(.colon) else { throw self.unexpected("`:`") }
        let isInline = !self.next.isFirstOnLine && self.next.kind != .end
        if isInline { self.advance() } else { try self.openBlock() }
        let column = self.current.layoutColumn
        var fields: [EventDeclaration.Field] = []
        repeat {
            self.begin(.part, deeper: 1)
            let field = try self.name("a field name")
            try self.expect(.colon)
            fields.append(EventDeclaration.Field(name: field, type: try self.type()))
        } while self.hasAnotherField(inColumn: isInline ? nil : column)
        return .event(EventDeclaration(name: name, base: base, fields: fields))
    }

    /// Fields follow on the same line or, in a block, on lines in the block's column.
    private func hasAnotherField(inColumn column: Int?) -> Bool {
        guard self.current.kind != .end else { return false }
        guard self.current.isFirstOnLine else { return true }
        guard let column else { return self.current.layoutColumn > self.blockColumn }
        return self.current.layoutColumn == column
    }

    mutating func typeAlias() throws(SyntaxError) -> Statement.Kind {
        self.advance()
        let name = try self.name("a type name")
        try self.expect(.assign)
        return .typeAlias(name, try self.type())
    }

    mutating func variableDeclaration(_ word: String) throws(SyntaxError) -> Statement.Kind {
        self.advance()
        let name = try self.name("a variable name")
        let type = self.take(.colon) ? try self.type() : nil
        try self.expect(.assign)
        let keyword: VariableDeclaration.Keyword =
            switch word {
            case "let": .immutable
            case "const": .constant
            default: .mutable
            }
        return .variable(
            VariableDeclaration(keyword: keyword, name: name, type: type, value: try self.expression())
        )
    }

    mutating func functionDeclaration() throws(SyntaxError) -> Statement.Kind {
        self.advance()
        let name = try self.name("a function name")
        try self.expect(.leftParenthesis)
        let parameters = try self.list(until: .rightParenthesis) { (parser) throws(SyntaxError) in
            let name = try parser.name("a parameter name")
            try parser.expect(.colon)
            return FunctionDeclaration.Parameter(name: name, type: try parser.type())
        }
        let result = self.take(.arrow) ? try self.type() : nil
        return .function(
            FunctionDeclaration(name: name, parameters: parameters, result: result, body: try self.block())
        )
    }

    /// `config name { … }` or `config:` with an indented list.
    mutating func config() throws(SyntaxError) -> Statement.Kind {
        self.advance()
        if self.current.isSymbol(.colon) {
            try self.openBlock()
            let column = self.current.layoutColumn
            repeat {
                self.begin(.part, deeper: 1)
                _ = try self.connectorParameter()
                _ = self.take(.comma)
            } while self.hasAnotherField(inColumn: column)
            return .config(name: nil)
        }
        let name = try self.name("a name")
        try self.expect(.leftBrace)
        try self.bracketed(until: .rightBrace) { (parser) throws(SyntaxError) in
            while !parser.current.isSymbol(.rightBrace) {
                let start = parser.current
                _ = try parser.connectorParameter()
                parser.note(.entry, at: start)
                _ = parser.take(.comma)
            }
        }
        return .config(name: name)
    }

    mutating func importFile(_ path: StringLiteral) throws(SyntaxError) -> Statement.Kind {
        self.advance()
        self.advance()
        let alias = self.take(word: "as") ? try self.name("a name") : nil
        return .importFile(path: path.text, alias: alias)
    }

    // MARK: - Types

    mutating func type() throws(SyntaxError) -> TypeReference {
        let base = try self.nested { (parser) throws(SyntaxError) in try parser.baseType() }
        guard self.current.isSymbol(.question), !self.startsStatement else { return base }
        self.advance()
        return .optional(base)
    }

    private mutating func baseType() throws(SyntaxError) -> TypeReference {
        if self.current.word == nil { self.note(.typeBracket) }
        if self.take(.leftBracket) {
            let element = try self.bracketed(until: .rightBracket) { (parser) throws(SyntaxError) in try parser.type() }
            return .array(element)
        }
        if self.take(.leftBrace) {
            return try self.bracketed(until: .rightBrace) { (parser) throws(SyntaxError) in
                let key = try parser.type()
                try parser.expect(.colon)
                return .map(key, try parser.type())
            }
        }
        if self.take(.leftParenthesis) {
            return try self.bracketed(until: .rightParenthesis) { (parser) throws(SyntaxError) in
                var members = [try parser.type()]
                try parser.expect(.comma)
                repeat { members.append(try parser.type()) } while parser.take(.comma)
                return .tuple(members)
            }
        }
        let name = try self.name("a type")
        guard name.text == "Stream", self.current.isSymbol(.less) else { return .named(name) }
        self.note(.typeBracket)
        self.advance()
        let element = try self.type()
        self.note(.typeBracket)
        try self.expectGreater()
        return .stream(element)
    }
}
