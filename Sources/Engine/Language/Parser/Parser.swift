/// Reads a program by recursive descent, one token ahead.
///
/// Blocks and statements come from the columns in which lines begin. Inside brackets lines mean nothing; outside, a line
/// that begins in the block's column (or left of it) ends the statement before it, unless its first token can only
/// continue one. After a syntax error reading goes on at the next line that begins a top-level statement.
struct Parser {
    private var tokens: [Token]
    private(set) var index = 0
    private(set) var diagnostics: [Diagnostic] = []
    /// The column of the statements of the innermost open block.
    var blockColumn = 1
    /// How many brackets are open since the innermost block began.
    var bracketDepth = 0
    /// True while a step's condition is read: there `.name(` begins the stream's next operation.
    var stopsAtOperation = false
    /// The token after the last minus sign read: an integer there may be 2^63.
    var negatedIndex = -1
    /// What is noted about tokens, only when somebody asks for it.
    var outline: Outline?
    private var nesting = 0

    /// How deep brackets, prefix operators and the like may be nested.
    private static let nestingMax = 100
    /// How high an expression's tree may grow, which is how long a chain of operators may be.
    private static let heightMax = 1000
    /// After so many errors the rest of the program is not read.
    private static let diagnosticsMax = 100

    /// - Parameter file: The number of the text among the program's files.
    static func parse(_ source: String, file: Int = 0) -> (program: Program, diagnostics: [Diagnostic]) {
        let expanded = ExpandedSource(source, file: file)
        guard expanded.diagnostics.isEmpty else { return (Program(statements: []), expanded.diagnostics) }
        var parser = Parser(tokens: Lexer.tokens(of: expanded))
        let program = parser.program()
        return (program, parser.diagnostics)
    }

    /// Reads tokens for those who care about their layout more than about the tree.
    static func outline(of tokens: [Token]) -> (outline: Outline, diagnostics: [Diagnostic]) {
        var parser = Parser(tokens: tokens)
        parser.outline = Outline()
        _ = parser.program()
        return (parser.outline ?? Outline(), parser.diagnostics)
    }

    private init(tokens: [Token]) {
        self.tokens = tokens
    }

    // MARK: - Program

    private mutating func program() -> Program {
        var statements: [Statement] = []
        self.blockColumn = self.current.layoutColumn
        while self.current.kind != .end, self.diagnostics.count < Self.diagnosticsMax {
            let start = self.index
            do throws(SyntaxError) {
                guard self.current.layoutColumn == self.blockColumn else {
                    throw self.error("the line is indented like no statement before it")
                }
                let statement = try self.statement()
                try self.endStatement()
                statements.append(statement)
            } catch {
                self.diagnostics.append(error.diagnostic)
                self.recover(from: start)
            }
        }
        return Program(statements: statements)
    }

    /// Moves to where reading can go on: the line of the error if it looks like the beginning of a declaration that
    /// the broken statement swallowed, otherwise a later line at the margin.
    private mutating func recover(from start: Int) {
        let margin = self.tokens[0].layoutColumn
        self.blockColumn = margin
        self.bracketDepth = 0
        self.stopsAtOperation = false
        self.nesting = 0
        var lineStart = self.index
        while !self.tokens[lineStart].isFirstOnLine { lineStart -= 1 }
        if lineStart > start, self.isDeclaration(at: lineStart) {
            self.index = lineStart
            return
        }
        self.index = max(self.index, start + 1)
        while self.current.kind != .end {
            if self.current.isFirstOnLine, self.current.layoutColumn <= margin, self.current.word != nil,
                !self.continuesStatement(at: self.index)
            {
                return
            }
            self.index += 1
        }
    }

    private func isDeclaration(at index: Int) -> Bool {
        guard let word = self.tokens[index].word, self.tokens[index].layoutColumn <= self.tokens[0].layoutColumn else {
            return false
        }
        let following = self.tokens[min(index + 1, self.tokens.count - 1)]
        return Self.declarationWords.contains(word) && following.word != nil && !following.isFirstOnLine
    }

    private static let declarationWords: Set<String> = [
        "stream", "event", "type", "let", "var", "const", "fn", "config", "connector", "context", "pattern",
    ]

    // MARK: - Tokens

    var current: Token { self.tokens[self.index] }
    var next: Token { self.tokens[min(self.index + 1, self.tokens.count - 1)] }

    func token(at index: Int) -> Token { self.tokens[min(index, self.tokens.count - 1)] }

    mutating func advance() {
        if self.index < self.tokens.count - 1 { self.index += 1 }
    }

    /// Consumes the symbol if it comes next.
    mutating func take(_ symbol: Symbol) -> Bool {
        guard self.current.isSymbol(symbol) else { return false }
        self.advance()
        return true
    }

    /// Consumes the word if it comes next and does not begin a new statement.
    mutating func take(word: String) -> Bool {
        guard self.current.isWord(word), !self.startsStatement else { return false }
        self.advance()
        return true
    }

    mutating func expect(_ symbol: Symbol) throws(SyntaxError) {
        guard self.take(symbol) else { throw self.unexpected("`\(symbol.rawValue)`") }
    }

    mutating func expect(word: String) throws(SyntaxError) {
        guard self.current.isWord(word) else { throw self.unexpected("`\(word)`") }
        self.advance()
    }

    mutating func name(_ what: String) throws(SyntaxError) -> Name {
        let token = self.current
        guard let word = token.word else { throw self.unexpected(what) }
        self.note(.name, at: token)
        self.advance()
        return Name(text: word, location: token.location)
    }

    /// Consumes a `>`, or the first half of a `>>` that closes two type arguments.
    mutating func expectGreater() throws(SyntaxError) {
        let token = self.current
        guard token.isSymbol(.shiftRight) else { return try self.expect(.greater) }
        self.tokens[self.index] = Token(
            kind: .symbol(.greater),
            location: SourceLocation(
                file: token.location.file,
                line: token.location.line,
                column: token.location.column + 1
            ),
            length: 1,
            layoutColumn: token.layoutColumn + 1,
            isFirstOnLine: false
        )
    }

    // MARK: - Lines

    /// Whether the current token begins a line that cannot belong to the statement before it.
    var startsStatement: Bool {
        let token = self.current
        if token.kind == .end { return true }
        return self.bracketDepth == 0 && token.isFirstOnLine && token.layoutColumn <= self.blockColumn
            && !self.continuesStatement(at: self.index)
    }

    /// Whether the token can only continue a statement, in whatever column it stands.
    private func continuesStatement(at index: Int) -> Bool {
        switch self.tokens[index].kind {
        case .symbol(let symbol):
            switch symbol {
            case .leftParenthesis, .leftBracket, .leftBrace, .minus, .tilde: false
            case .rightParenthesis, .rightBracket, .rightBrace, .comma, .colon, .assign, .colonAssign, .fatArrow,
                .question:
                false
            default: true
            }
        case .identifier("and"), .identifier("or"), .identifier("in"), .identifier("is"): true
        case .identifier("not"): self.token(at: index + 1).isWord("in")
        default: false
        }
    }

    /// A complete statement must be followed by the beginning of another, or by the end of its block.
    mutating func endStatement() throws(SyntaxError) {
        guard self.startsStatement else {
            let isCondition = self.current.isWord("where")
            throw self.unexpected("the end of the statement", hint: isCondition ? Self.conditionHint : nil)
        }
    }

    /// For `A where …` and `-> B as b where …`, which read well and are not how it is written.
    private static let conditionHint = "a stream's condition is `.where(…)`; that of a step stands before its `as`"

    // MARK: - Limits and errors

    mutating func nested<Result>(
        _ body: (inout Parser) throws(SyntaxError) -> Result
    ) throws(SyntaxError) -> Result {
        guard self.nesting < Self.nestingMax else {
            throw self.error("this is nested more than \(Self.nestingMax) deep")
        }
        self.nesting += 1
        let result = try body(&self)
        self.nesting -= 1
        return result
    }

    /// Reads what stands between brackets; the opening one is already consumed.
    mutating func bracketed<Result>(
        until close: Symbol,
        _ body: (inout Parser) throws(SyntaxError) -> Result
    ) throws(SyntaxError) -> Result {
        let stops = self.stopsAtOperation
        self.stopsAtOperation = false
        self.bracketDepth += 1
        let result = try self.nested(body)
        try self.expect(close)
        self.bracketDepth -= 1
        self.stopsAtOperation = stops
        return result
    }

    /// `item, item, …` up to the closing bracket, which may follow at once but not after a comma.
    mutating func list<Item>(
        until close: Symbol,
        _ item: (inout Parser) throws(SyntaxError) -> Item
    ) throws(SyntaxError) -> [Item] {
        try self.bracketed(until: close) { (parser) throws(SyntaxError) in
            var items: [Item] = []
            if parser.current.isSymbol(close) { return items }
            repeat { items.append(try item(&parser)) } while parser.take(.comma)
            return items
        }
    }

    func expression(_ kind: Expression.Kind, at token: Token, height: Int = 1) throws(SyntaxError) -> Expression {
        guard height <= Self.heightMax else { throw self.error("this expression is too long") }
        return Expression(kind: kind, location: token.location, length: token.length, height: height)
    }

    func expression(_ kind: Expression.Kind, from first: Expression, height: Int) throws(SyntaxError) -> Expression {
        guard height <= Self.heightMax else { throw self.error("this expression is too long") }
        return Expression(kind: kind, location: first.location, length: first.length, height: height)
    }

    /// An error at the current token.
    func error(_ message: String, hint: String? = nil) -> SyntaxError {
        self.error(message, hint: hint, at: self.current)
    }

    func error(_ message: String, hint: String? = nil, at token: Token) -> SyntaxError {
        SyntaxError(
            diagnostic: Diagnostic(
                kind: .syntax,
                message: message,
                hint: hint,
                location: token.location,
                length: token.length
            )
        )
    }

    func unexpected(_ expected: String, hint: String? = nil) -> SyntaxError {
        switch self.current.kind {
        case .invalid(let reason): self.error(reason)
        case .identifier(let word): self.error("expected \(expected), found `\(word)`", hint: hint)
        case .symbol(let symbol): self.error("expected \(expected), found `\(symbol.rawValue)`", hint: hint)
        case .end: self.error("expected \(expected), found the end of the program", hint: hint)
        case .string: self.error("expected \(expected), found a string", hint: hint)
        case .integer, .float: self.error("expected \(expected), found a number", hint: hint)
        case .duration: self.error("expected \(expected), found a duration", hint: hint)
        case .timestamp: self.error("expected \(expected), found a timestamp", hint: hint)
        }
    }
}

/// The first token that cannot continue the program, and why.
struct SyntaxError: Error {
    let diagnostic: Diagnostic
}
