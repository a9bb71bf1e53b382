/// Statements and blocks.
extension Parser {
    mutating func statement() throws(SyntaxError) -> Statement {
        let token = self.current
        self.begin(.statement)
        let kind = try self.nested { (parser) throws(SyntaxError) in try parser.statementKind() }
        return Statement(kind: kind, location: token.location, length: token.length)
    }

    /// A word is a keyword here only when what follows it fits; otherwise the statement is an expression.
    private mutating func statementKind() throws(SyntaxError) -> Statement.Kind {
        if let word = self.current.word {
            if self.next.isSymbol(.colonAssign) {
                let target = try self.name("a name")
                self.advance()
                return .assign(target, try self.expression())
            }
            if self.next.word != nil, let declaration = try self.declaration(word) { return declaration }
            switch word {
            case "config" where self.next.isSymbol(.colon): return try self.config()
            case "import":
                if case .string(let path) = self.next.kind { return try self.importFile(path) }
            case "if": return try self.ifStatement()
            case "while": return try self.whileStatement()
            case "return": return try self.returnStatement()
            case "break", "continue":
                if self.isAloneOnLine {
                    self.advance()
                    return word == "break" ? .breakLoop : .continueLoop
                }
            default: break
            }
        }
        return .expression(try self.expression())
    }

    private mutating func declaration(_ word: String) throws(SyntaxError) -> Statement.Kind? {
        switch word {
        case "context": return try self.contextDeclaration()
        case "connector": return try self.connectorDeclaration()
        case "stream": return try self.streamDeclaration()
        case "pattern": return try self.patternDeclaration()
        case "event": return try self.eventDeclaration()
        case "type": return try self.typeAlias()
        case "let", "var", "const": return try self.variableDeclaration(word)
        case "fn": return try self.functionDeclaration()
        case "config": return try self.config()
        case "for": return try self.forStatement()
        case "emit": return try self.emitStatement()
        default: return nil
        }
    }

    /// `: INDENT statement+ DEDENT`
    mutating func block() throws(SyntaxError) -> [Statement] {
        try self.openBlock()
        let (outerColumn, outerDepth) = (self.blockColumn, self.bracketDepth)
        self.blockColumn = self.current.layoutColumn
        self.bracketDepth = 0
        self.outline?.depth += 1
        var statements: [Statement] = []
        repeat {
            statements.append(try self.statement())
            try self.endStatement()
        } while self.current.kind != .end && self.current.layoutColumn == self.blockColumn
        self.outline?.depth -= 1
        self.blockColumn = outerColumn
        self.bracketDepth = outerDepth
        return statements
    }

    /// Consumes the colon and requires a deeper line after it.
    mutating func openBlock() throws(SyntaxError) {
        try self.expect(.colon)
        guard self.current.kind != .end, self.current.isFirstOnLine, self.current.layoutColumn > self.blockColumn else {
            throw self.unexpected("an indented block on the line after `:`")
        }
    }

    private mutating func ifStatement() throws(SyntaxError) -> Statement.Kind {
        let start = self.current
        guard !self.isName(at: self.index) else { return .expression(try self.expression()) }
        self.advance()
        let condition = try self.expression()
        guard self.current.isSymbol(.colon) else {
            return .expression(try self.conditional(condition, from: start))
        }
        var branches = [ConditionalBlock(condition: condition, body: try self.block())]
        while self.takeBranch("elif", of: start) {
            let condition = try self.expression()
            branches.append(ConditionalBlock(condition: condition, body: try self.block()))
        }
        let otherwise = self.takeBranch("else", of: start) ? try self.block() : []
        return .ifElse(branches, otherwise: otherwise)
    }

    /// `elif` and `else` stand in the column of their `if`, or of the block, which differs inside a lambda.
    private mutating func takeBranch(_ word: String, of start: Token) -> Bool {
        guard self.current.isWord(word), self.current.isFirstOnLine else { return false }
        let column = self.current.layoutColumn
        guard column == self.blockColumn || start.isFirstOnLine && column == start.layoutColumn else { return false }
        self.begin(.part)
        self.advance()
        return true
    }

    private mutating func whileStatement() throws(SyntaxError) -> Statement.Kind {
        guard self.startsOperand(at: self.index + 1) else { return .expression(try self.expression()) }
        self.advance()
        let condition = try self.expression()
        return .whileTrue(condition, try self.block())
    }

    private mutating func forStatement() throws(SyntaxError) -> Statement.Kind {
        self.advance()
        let variable = try self.name("a loop variable")
        try self.expect(word: "in")
        let sequence = try self.expression()
        return .forEach(variable, in: sequence, try self.block())
    }

    private mutating func returnStatement() throws(SyntaxError) -> Statement.Kind {
        self.advance()
        return .returnValue(self.startsStatement || self.current.isSymbol(.rightBrace) ? nil : try self.expression())
    }

    private mutating func emitStatement() throws(SyntaxError) -> Statement.Kind {
        self.advance()
        let type = try self.name("an event type")
        try self.expect(.leftParenthesis)
        return .emit(
            type: type,
            try self.list(until: .rightParenthesis) { (parser) throws(SyntaxError) in try parser.namedExpression() }
        )
    }

    private var isAloneOnLine: Bool {
        let following = self.next
        return following.isFirstOnLine || following.kind == .end || following.isSymbol(.rightBrace)
    }
}
