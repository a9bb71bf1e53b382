/// A token as written, with the comments around it: what the formatter moves.
struct Lexeme {
    struct Comment {
        let text: String
        /// `#` or `//`: nothing may follow on its line.
        let endsLine: Bool
        let column: Int
        let isAfterBlankLine: Bool
    }

    /// What stands on lines of its own before a token.
    enum Lead {
        case comment(Comment)
        case loop(LoopSample.Header, isAfterBlankLine: Bool)

        var isAfterBlankLine: Bool {
            switch self {
            case .comment(let comment): comment.isAfterBlankLine
            case .loop(_, let isAfterBlankLine): isAfterBlankLine
            }
        }
    }

    let text: String
    let kind: Token.Kind
    let location: SourceLocation
    let isFirstOnLine: Bool
    let loopDepth: Int
    var role: Outline.Role?
    let line: Outline.Line?
    let isAfterBlankLine: Bool
    /// Comments on lines of their own above it, and the loops that begin there.
    var leads: [Lead] = []
    /// Block comments before it on its line.
    var before: [Comment] = []
    /// Comments after it on its line.
    var after: [Comment] = []

    /// The loops that begin above it.
    var loops: [LoopSample.Header] {
        self.leads.compactMap { lead in if case .loop(let header, _) = lead { header } else { nil } }
    }

    var symbol: Symbol? { if case .symbol(let symbol) = self.kind { symbol } else { nil } }

    var isOpening: Bool {
        switch self.symbol {
        case .leftParenthesis, .leftBracket, .leftBrace: true
        default: false
        }
    }

    var isClosing: Bool {
        switch self.symbol {
        case .rightParenthesis, .rightBracket, .rightBrace: true
        default: false
        }
    }
}
