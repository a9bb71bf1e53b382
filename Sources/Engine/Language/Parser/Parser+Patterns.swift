/// Named patterns.
extension Parser {
    mutating func patternDeclaration() throws(SyntaxError) -> Statement.Kind {
        self.advance()
        let name = try self.name("a pattern name")
        try self.expect(.assign)
        let expression = try self.patternOr()
        var within: UInt64?
        if self.take(word: "within") {
            guard case .duration(let duration) = self.current.kind else { throw self.unexpected("a duration") }
            self.advance()
            within = duration
        }
        var partition: Name?
        if self.take(word: "partition") {
            try self.expect(word: "by")
            partition = try self.name("a field name")
        }
        return .pattern(
            PatternDeclaration(name: name, expression: expression, within: within, partition: partition)
        )
    }

    private mutating func patternOr() throws(SyntaxError) -> PatternExpression {
        try self.nested { (parser) throws(SyntaxError) in
            var operands = [try parser.patternAnd()]
            while parser.take(joint: "OR", rank: 0) { operands.append(try parser.patternAnd()) }
            return operands.count == 1 ? operands[0] : .or(operands)
        }
    }

    private mutating func patternAnd() throws(SyntaxError) -> PatternExpression {
        var operands = [try self.patternNot()]
        while self.take(joint: "AND", rank: 1) { operands.append(try self.patternNot()) }
        return operands.count == 1 ? operands[0] : .and(operands)
    }

    private mutating func take(joint word: String, rank: Int) -> Bool {
        let token = self.current
        guard self.take(word: word) else { return false }
        self.note(.binary(rank: rank), at: token)
        return true
    }

    private mutating func patternNot() throws(SyntaxError) -> PatternExpression {
        if self.current.isWord("NOT"), self.next.word != nil || self.next.isSymbol(.leftParenthesis) {
            self.advance()
            return .not(try self.patternPrimary())
        }
        return try self.patternPrimary()
    }

    private mutating func patternPrimary() throws(SyntaxError) -> PatternExpression {
        if self.current.isWord("SEQ"), self.next.isSymbol(.leftParenthesis) {
            self.note(.name)
            self.advance()
            self.advance()
            return .sequence(
                try self.bracketed(until: .rightParenthesis) { (parser) throws(SyntaxError) in
                    var items: [PatternItem] = []
                    repeat {
                        let isNegated = parser.current.isWord("NOT") && parser.next.word != nil
                        if isNegated { parser.advance() }
                        items.append(try parser.patternItem(isNegated: isNegated))
                    } while parser.take(.comma)
                    return items
                }
            )
        }
        if self.take(.leftParenthesis) {
            return try self.bracketed(until: .rightParenthesis) { (parser) throws(SyntaxError) in
                try parser.patternOr()
            }
        }
        return .event(try self.patternItem(isNegated: false))
    }

    private mutating func patternItem(isNegated: Bool) throws(SyntaxError) -> PatternItem {
        let type = try self.name("an event type")
        var repetition = PatternItem.Repetition.once
        if self.current.isSymbol(.plus) || self.current.isSymbol(.star) {
            self.note(.repetition)
        }
        if self.take(.plus) {
            repetition = .oneOrMore
        } else if self.take(.star) {
            repetition = .zeroOrMore
        } else if self.take(.question) {
            repetition = .zeroOrOne
        }
        let condition = self.take(word: "where") ? try self.expression() : nil
        return PatternItem(
            type: type,
            isNegated: isNegated,
            repetition: repetition,
            condition: condition,
            alias: try self.alias()
        )
    }
}
