/// What operators join: literals, names, and what may be attached to them.
extension Parser {
    mutating func postfix() throws(SyntaxError) -> Expression {
        var base = try self.primary()
        while !self.startsStatement {
            switch self.current.kind {
            case .symbol(.dot), .symbol(.questionDot):
                let isOptional = self.current.isSymbol(.questionDot)
                if self.stopsAtOperation, !isOptional, self.token(at: self.index + 2).isSymbol(.leftParenthesis) {
                    return base
                }
                self.advance()
                let member = try self.name("a field name")
                base = try self.grown(.member(base, member, isOptional: isOptional), from: base)
            case .symbol(.leftBracket):
                self.advance()
                base = try self.subscripted(base)
            case .symbol(.leftParenthesis):
                self.advance()
                let arguments = try self.list(until: .rightParenthesis) { (parser) throws(SyntaxError) in
                    try parser.argument()
                }
                let height = arguments.reduce(base.height) { max($0, $1.value.height) } + 1
                base = try self.expression(.call(base, arguments), from: base, height: height)
            default:
                return base
            }
        }
        return base
    }

    private func grown(_ kind: Expression.Kind, from base: Expression) throws(SyntaxError) -> Expression {
        try self.expression(kind, from: base, height: base.height + 1)
    }

    mutating func argument() throws(SyntaxError) -> CallArgument {
        guard self.current.word != nil, self.next.isSymbol(.colon) else {
            return CallArgument(name: nil, value: try self.expression())
        }
        let named = try self.namedExpression()
        return CallArgument(name: named.name, value: named.value)
    }

    mutating func namedExpression() throws(SyntaxError) -> NamedExpression {
        let name = try self.name("a name followed by `:`")
        try self.expect(.colon)
        return NamedExpression(name: name, value: try self.expression())
    }

    /// `[index]`, `[from:to]`; the opening bracket is consumed.
    private mutating func subscripted(_ base: Expression) throws(SyntaxError) -> Expression {
        try self.bracketed(until: .rightBracket) { (parser) throws(SyntaxError) in
            var from: Expression?
            if !parser.current.isSymbol(.colon) {
                let index = try parser.expression()
                guard parser.current.isSymbol(.colon) else {
                    let height = max(base.height, index.height) + 1
                    return try parser.expression(.index(base, index), from: base, height: height)
                }
                from = index
            }
            parser.note(.sliceColon)
            parser.advance()
            let to = parser.current.isSymbol(.rightBracket) ? nil : try parser.expression()
            let height = max(base.height, from?.height ?? 0, to?.height ?? 0) + 1
            return try parser.expression(.slice(base, from: from, to: to), from: base, height: height)
        }
    }

    // MARK: - Primary

    private mutating func primary() throws(SyntaxError) -> Expression {
        let token = self.current
        switch token.kind {
        case .integer(let value):
            guard value <= UInt64(Int64.max) || self.negatedIndex == self.index else {
                throw self.invalidInteger(value)
            }
            return try self.leaf(.int(Int64(bitPattern: value)))
        case .float(let value): return try self.leaf(.float(value))
        case .duration(let value): return try self.leaf(.duration(value))
        case .timestamp(let value): return try self.leaf(.timestamp(value))
        case .string(let literal): return try self.leaf(.string(literal))
        case .symbol(.leftBracket):
            self.advance()
            let items = try self.list(until: .rightBracket) { (parser) throws(SyntaxError) in
                try parser.expression()
            }
            let height = items.reduce(0) { max($0, $1.height) } + 1
            return try self.expression(.array(items), at: token, height: height)
        case .symbol(.leftBrace):
            self.advance()
            let entries = try self.list(until: .rightBrace) { (parser) throws(SyntaxError) in try parser.mapEntry() }
            let height = entries.reduce(0) { max($0, $1.value.height) } + 1
            return try self.expression(.map(entries), at: token, height: height)
        case .symbol(.leftParenthesis):
            self.advance()
            let inner = try self.bracketed(until: .rightParenthesis) { (parser) throws(SyntaxError) in
                try parser.expression()
            }
            return Expression(kind: inner.kind, location: token.location, length: 1, height: inner.height)
        case .identifier(let word): return try self.word(word)
        case .symbol, .invalid, .end: throw self.unexpected("an expression")
        }
    }

    private mutating func leaf(_ kind: Expression.Kind) throws(SyntaxError) -> Expression {
        let token = self.current
        self.advance()
        return try self.expression(kind, at: token)
    }

    private mutating func mapEntry() throws(SyntaxError) -> MapEntry {
        let key: String
        if case .string(let literal) = self.current.kind {
            key = literal.text
            self.advance()
        } else {
            key = try self.name("a key").text
        }
        try self.expect(.colon)
        return MapEntry(key: key, value: try self.expression())
    }

    private mutating func word(_ word: String) throws(SyntaxError) -> Expression {
        let token = self.current
        guard !self.isName(at: self.index) else {
            self.note(.name, at: token)
            return try self.leaf(.name(word))
        }
        switch word {
        case "true": return try self.leaf(.bool(true))
        case "false": return try self.leaf(.bool(false))
        case "null": return try self.leaf(.null)
        case "if":
            self.advance()
            return try self.conditional(try self.expression(), from: token)
        default: throw self.unexpected("an expression")
        }
    }

    /// `then … else …` after `if condition`.
    mutating func conditional(_ condition: Expression, from start: Token) throws(SyntaxError) -> Expression {
        self.note(.binary(rank: -1))
        try self.expect(word: "then")
        let consequence = try self.expression()
        self.note(.binary(rank: -1))
        try self.expect(word: "else")
        let alternative = try self.expression()
        return try self.expression(
            .conditional(condition, then: consequence, else: alternative),
            at: start,
            height: max(condition.height, consequence.height, alternative.height) + 1
        )
    }

    /// Whether the word at `index`, where an operand is expected, is a plain name.
    ///
    /// Words with a meaning in expressions are names too where what follows leaves no other reading:
    /// `.where(in > 5)`, but not `.where(v > and x)`.
    func isName(at index: Int) -> Bool {
        switch self.token(at: index).word {
        case nil, "true", "false", "null": false
        case "and", "or", "in", "is", "if", "then", "else", "not": !self.startsOperand(at: index + 1)
        default: true
        }
    }

    /// Whether an expression can begin with the token at `index`, on the same line as the one before it.
    func startsOperand(at index: Int) -> Bool {
        let token = self.token(at: index)
        switch token.kind {
        case .integer, .float, .string, .duration, .timestamp, .invalid: return true
        case .symbol(let symbol):
            switch symbol {
            case .leftParenthesis, .leftBracket, .leftBrace, .minus, .tilde: return true
            default: return false
            }
        case .identifier("and"), .identifier("or"), .identifier("in"), .identifier("is"): return false
        case .identifier("then"), .identifier("else"), .identifier("as"): return false
        case .identifier: return !token.isFirstOnLine || self.bracketDepth > 0
        case .end: return false
        }
    }
}
