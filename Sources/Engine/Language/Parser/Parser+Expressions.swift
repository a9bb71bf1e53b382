/// Operators, from the weakest to the strongest, by precedence climbing.
extension Parser {
    /// `lambda | range`
    mutating func expression() throws(SyntaxError) -> Expression {
        try self.nested { (parser) throws(SyntaxError) in
            if let lambda = try parser.lambda() { return lambda }
            let lower = try parser.binary(from: .coalesce)
            guard parser.current.isSymbol(.range) || parser.current.isSymbol(.closedRange), !parser.startsStatement
            else {
                return lower
            }
            let isClosed = parser.current.isSymbol(.closedRange)
            parser.advance()
            let upper = try parser.binary(from: .coalesce)
            let height = max(lower.height, upper.height) + 1
            return try parser.expression(.range(lower, upper, isClosed: isClosed), from: lower, height: height)
        }
    }

    /// The condition of a step: an `or` expression in which `.name(` is left to the stream.
    mutating func stepCondition() throws(SyntaxError) -> Expression {
        self.stopsAtOperation = true
        let condition = try self.binary(from: .or)
        self.stopsAtOperation = false
        return condition
    }

    enum Precedence: Int, Comparable {
        case coalesce, or, and, not, comparison, bitOr, bitXor, bitAnd, shift, sum, product, unary

        static func < (left: Precedence, right: Precedence) -> Bool { left.rawValue < right.rawValue }

        var next: Precedence { Precedence(rawValue: self.rawValue + 1) ?? .unary }
    }

    /// Operators of `level` and stronger. Comparisons do not chain: the second one is left to the caller, as an error.
    mutating func binary(from level: Precedence) throws(SyntaxError) -> Expression {
        var left: Expression
        var last: Precedence?
        if level <= .not, self.current.isWord("not"), !self.isName(at: self.index) {
            left = try self.prefix(.not) { (parser) throws(SyntaxError) in try parser.binary(from: .not) }
            last = .comparison
        } else {
            left = try self.unary()
        }
        while let (symbol, length) = self.binaryOperator(), symbol.precedence >= level {
            if symbol.precedence == .comparison, last == .comparison { break }
            self.note(.binary(rank: symbol.precedence.rawValue))
            for _ in 0..<length { self.advance() }
            let right: Expression
            if symbol == .coalesce {
                right = try self.nested { (parser) throws(SyntaxError) in try parser.binary(from: .coalesce) }
            } else {
                right = try self.binary(from: symbol.precedence.next)
            }
            let height = max(left.height, right.height) + 1
            left = try self.expression(.binary(symbol, left, right), from: left, height: height)
            last = symbol.precedence
        }
        return left
    }

    private mutating func unary() throws(SyntaxError) -> Expression {
        if self.current.isSymbol(.minus) {
            self.negatedIndex = self.index + 1
            return try self.prefix(.negate) { (parser) throws(SyntaxError) in try parser.unary() }
        }
        if self.current.isSymbol(.tilde) {
            return try self.prefix(.complement) { (parser) throws(SyntaxError) in try parser.unary() }
        }
        let base = try self.postfix()
        guard self.current.isSymbol(.doubleStar), !self.startsStatement else { return base }
        self.note(.binary(rank: Precedence.unary.rawValue))
        self.advance()
        let exponent = try self.nested { (parser) throws(SyntaxError) in try parser.unary() }
        let height = max(base.height, exponent.height) + 1
        return try self.expression(.binary(.power, base, exponent), from: base, height: height)
    }

    private mutating func prefix(
        _ symbol: UnaryOperator,
        _ operand: (inout Parser) throws(SyntaxError) -> Expression
    ) throws(SyntaxError) -> Expression {
        let token = self.current
        if symbol != .not { self.note(.prefix, at: token) }
        self.advance()
        let value = try self.nested(operand)
        return try self.expression(.unary(symbol, value), at: token, height: value.height + 1)
    }

    /// The operator that comes next, and of how many tokens it consists.
    private func binaryOperator() -> (BinaryOperator, length: Int)? {
        guard !self.startsStatement else { return nil }
        switch self.current.kind {
        case .symbol(let symbol): return BinaryOperator(symbol).map { ($0, 1) }
        case .identifier("and"): return (.and, 1)
        case .identifier("or"): return (.or, 1)
        case .identifier("in"): return (.contained, 1)
        case .identifier("is"): return (.identical, 1)
        case .identifier("not"): return self.next.isWord("in") ? (.notContained, 2) : nil
        default: return nil
        }
    }

    // MARK: - Lambdas

    /// `name => body` or `(name, name) => body`, when one comes next.
    private mutating func lambda() throws(SyntaxError) -> Expression? {
        let start = self.current
        var parameters: [Name] = []
        if start.word != nil, self.next.isSymbol(.fatArrow) {
            parameters = [try self.name("a parameter")]
        } else if start.isSymbol(.leftParenthesis), self.isLambdaList {
            self.advance()
            parameters = try self.list(until: .rightParenthesis) { (parser) throws(SyntaxError) in
                try parser.name("a parameter")
            }
        } else {
            return nil
        }
        try self.expect(.fatArrow)
        let brace = self.current
        guard self.take(.leftBrace) else {
            let body = try self.expression()
            return try self.expression(.lambda(parameters, .expression(body)), at: start, height: body.height + 1)
        }
        self.note(.lambdaBlock, at: brace)
        let statements = try self.bracketed(until: .rightBrace) { (parser) throws(SyntaxError) in
            var statements: [Statement] = []
            while !parser.current.isSymbol(.rightBrace), parser.current.kind != .end {
                statements.append(try parser.statement())
            }
            return statements
        }
        return try self.expression(.lambda(parameters, .block(statements)), at: start, height: statements.height + 1)
    }

    private var isLambdaList: Bool {
        var index = self.index + 1
        while self.token(at: index).word != nil {
            index += 1
            if self.token(at: index).isSymbol(.comma) { index += 1 } else { break }
        }
        return self.token(at: index).isSymbol(.rightParenthesis) && self.token(at: index + 1).isSymbol(.fatArrow)
    }
}

extension BinaryOperator {
    init?(_ symbol: Symbol) {
        switch symbol {
        case .plus: self = .add
        case .minus: self = .subtract
        case .star: self = .multiply
        case .slash: self = .divide
        case .percent: self = .remainder
        case .ampersand: self = .bitAnd
        case .bar: self = .bitOr
        case .caret: self = .bitXor
        case .shiftLeft: self = .shiftLeft
        case .shiftRight: self = .shiftRight
        case .equal: self = .equal
        case .notEqual: self = .notEqual
        case .less: self = .less
        case .lessOrEqual: self = .lessOrEqual
        case .greater: self = .greater
        case .greaterOrEqual: self = .greaterOrEqual
        case .doubleQuestion: self = .coalesce
        default: return nil
        }
    }

    var precedence: Parser.Precedence {
        switch self {
        case .coalesce, .followedBy: .coalesce
        case .or, .xor: .or
        case .and: .and
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: .comparison
        case .contained, .notContained, .identical: .comparison
        case .bitOr: .bitOr
        case .bitXor: .bitXor
        case .bitAnd: .bitAnd
        case .shiftLeft, .shiftRight: .shift
        case .add, .subtract: .sum
        case .multiply, .divide, .remainder: .product
        case .power: .unary
        }
    }
}
