/// Gives each comment of a program to the token it stays with.
///
/// A comment on its own line goes with the token after it; one on the line of a token goes with that token, unless it is
/// a block comment with only an opening bracket or a comma before it and the next token on the same line. A block comment
/// of several lines, or before the first token of a line of the layout, gets a line of its own.
struct LexemeReader {
    private let sample: LoopSample
    private let outline: Outline
    private var lexemes: [Lexeme] = []
    private var leads: [Lexeme.Lead] = []
    private var pending: [Lexeme.Comment] = []
    /// The line on which the element before ended, and whether it was a token or a comment after one.
    private var lastLine = 0
    private var followsToken = false

    private enum Element {
        case token(Int)
        case comment(String)
        case header(LoopSample.Header)
    }

    static func lexemes(of sample: LoopSample, _ scan: Lexer.Scan, _ outline: Outline) -> [Lexeme] {
        var reader = LexemeReader(sample: sample, outline: outline)
        reader.read(scan)
        return reader.lexemes
    }

    private init(sample: LoopSample, outline: Outline) {
        self.sample = sample
        self.outline = outline
    }

    private mutating func read(_ scan: Lexer.Scan) {
        var elements = scan.extents.enumerated().map { (self.sample.extent(of: $1), Element.token($0)) }
        elements += scan.comments.map {
            let extent = self.sample.extent(of: $0)
            return (extent, Element.comment(self.sample.text(of: extent)))
        }
        elements += self.sample.headers.map {
            let position = self.sample.position(of: $0)
            return (position..<position, Element.header($0))
        }
        // The end comes last, also after a comment that ends where the text ends.
        elements.sort { ($0.0.lowerBound, $0.0.upperBound) < ($1.0.lowerBound, $1.0.upperBound) }
        for (index, (extent, element)) in elements.enumerated() {
            let line = self.sample.line(at: extent.lowerBound)
            let isAfterBlankLine = line > self.lastLine + 1
            let isOnNewLine = line > self.lastLine
            self.lastLine = self.sample.line(at: max(extent.lowerBound, extent.upperBound - 1))
            switch element {
            case .header(let header):
                self.flush()
                self.leads.append(.loop(header, isAfterBlankLine: isAfterBlankLine))
                self.followsToken = false
            case .comment(let text):
                let comment = Lexeme.Comment(
                    text: Self.normalised(text),
                    endsLine: !text.hasPrefix("/*"),
                    column: self.sample.column(at: extent.lowerBound),
                    isAfterBlankLine: isAfterBlankLine
                )
                let following = elements[index + 1]
                var touchesNext = false
                if case .token = following.1 {
                    touchesNext = self.sample.line(at: following.0.lowerBound) == self.lastLine
                }
                self.place(comment, isOnNewLine: isOnNewLine, touchesNext: touchesNext)
            case .token(let index):
                self.append(scan.tokens[index], extent: extent, isAfterBlankLine: isAfterBlankLine)
            }
        }
    }

    static func normalised(_ comment: String) -> String {
        var text = String(comment.unicodeScalars.filter { $0 != "\r" })
        while !text.hasPrefix("/*"), let last = text.last, last.isWhitespace { text.removeLast() }
        return text
    }

    private mutating func place(_ comment: Lexeme.Comment, isOnNewLine: Bool, touchesNext: Bool) {
        if isOnNewLine { self.followsToken = false }
        let isMultiline = comment.text.contains("\n")
        let last = self.lexemes.indices.last
        let opens = last.map { self.lexemes[$0].isOpening || self.lexemes[$0].symbol == .comma } ?? false
        let isFull = last.map { self.lexemes[$0].after.last?.endsLine == true } ?? false
        if let last, self.followsToken, !isMultiline, !isFull, !(opens && touchesNext && !comment.endsLine) {
            self.lexemes[last].after.append(comment)
        } else if touchesNext, !isMultiline, !comment.endsLine {
            self.pending.append(comment)
        } else {
            self.flush()
            self.leads.append(.comment(comment))
            self.followsToken = false
        }
    }

    /// Comments that were to stand before a token on its line stand above it.
    private mutating func flush() {
        self.leads += self.pending.map(Lexeme.Lead.comment)
        self.pending = []
    }

    private mutating func append(_ token: Token, extent: Range<Int>, isAfterBlankLine: Bool) {
        let line = self.outline.lines[token.location]
        var role = self.outline.roles[token.location]
        if role == nil, token.word != nil, self.lexemes.last?.symbol == .dot { role = .name }
        var lexeme = Lexeme(
            text: token.kind == .end ? "" : self.sample.text(of: extent),
            kind: token.kind,
            location: token.location,
            isFirstOnLine: token.isFirstOnLine,
            loopDepth: token.kind == .end ? 0 : self.sample.loopDepth(ofLine: token.location.line),
            role: role,
            line: line,
            isAfterBlankLine: isAfterBlankLine
        )
        if line != nil || token.kind == .end {
            self.flush()
        } else if lexeme.isClosing, self.leads.isEmpty, let last = self.lexemes.indices.last,
            self.lexemes[last].after.last?.endsLine != true
        {
            self.lexemes[last].after += self.pending
        } else if lexeme.isClosing {
            self.flush()
        } else {
            lexeme.before = self.pending
        }
        if lexeme.symbol == .comma, self.leads.isEmpty, let last = self.lexemes.indices.last,
            self.lexemes[last].after.last?.endsLine == true
        {
            // What is said about an item stands after its comma.
            swap(&lexeme.after, &self.lexemes[last].after)
        }
        lexeme.leads = self.leads
        self.leads = []
        self.pending = []
        self.lexemes.append(lexeme)
        self.followsToken = true
    }
}
