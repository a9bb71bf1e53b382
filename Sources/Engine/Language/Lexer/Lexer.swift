/// Cuts a program into tokens, in one pass over its bytes.
///
/// The lexer knows nothing of blocks: each token says in which column it stands and whether it is the first of its line,
/// and the parser derives statement starts and blocks from that, because only it knows when a statement is complete.
struct Lexer {
    let bytes: [UInt8]
    private let origins: [ExpandedSource.Origin]
    private let file: Int
    var position = 0
    /// The physical line, 0-based, and the number of scalars before the current one on it.
    private var line = 0
    private var scalarsOnLine = 0
    private var lineHasToken = false
    private var tokens: [Token] = []
    private var extents: [Range<Int>] = []
    private var comments: [Range<Int>] = []

    static func tokens(of source: ExpandedSource) -> [Token] { Self.scan(source).tokens }

    /// The tokens, and where in the bytes they and the comments between them stand.
    struct Scan {
        let tokens: [Token]
        /// One for each token.
        let extents: [Range<Int>]
        let comments: [Range<Int>]
    }

    static func scan(_ source: ExpandedSource) -> Scan {
        var lexer = Lexer(source)
        lexer.run()
        return Scan(tokens: lexer.tokens, extents: lexer.extents, comments: lexer.comments)
    }

    private init(_ source: ExpandedSource) {
        self.bytes = source.bytes
        self.origins = source.origins
        self.file = source.file
    }

    private mutating func run() {
        while let byte = self.byte(at: 0) {
            if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
                || byte == UInt8(ascii: "\n")
            {
                self.advance()
            } else if byte == UInt8(ascii: "#") || self.sees("//") {
                self.skipLine()
            } else if self.sees("/*") {
                self.skipBlockComment()
            } else {
                self.lexToken(byte)
            }
        }
        self.append(.end, from: self.mark())
    }

    // MARK: - Walking

    /// Where a token begins.
    struct Mark {
        let position: Int
        let line: Int
        let column: Int
    }

    func mark() -> Mark { Mark(position: self.position, line: self.line, column: self.scalarsOnLine + 1) }

    func byte(at offset: Int) -> UInt8? {
        let index = self.position + offset
        return index < self.bytes.count ? self.bytes[index] : nil
    }

    func sees(_ spelling: StaticString) -> Bool {
        for offset in 0..<spelling.utf8CodeUnitCount where self.byte(at: offset) != spelling.utf8Start[offset] {
            return false
        }
        return true
    }

    /// Moves over one byte and keeps line and column: only the first byte of a scalar counts.
    mutating func advance(by count: Int = 1) {
        for _ in 0..<count {
            let byte = self.bytes[self.position]
            self.position += 1
            if byte == UInt8(ascii: "\n") {
                self.line += 1
                self.scalarsOnLine = 0
                self.lineHasToken = false
            } else if byte & 0xC0 != 0x80 {
                self.scalarsOnLine += 1
            }
        }
    }

    mutating func append(_ kind: Token.Kind, from start: Mark) {
        let location: SourceLocation
        if start.line < self.origins.count {
            let origin = self.origins[start.line]
            location = SourceLocation(file: self.file, line: origin.line, column: start.column + origin.columnShift)
        } else {
            location = SourceLocation(file: self.file, line: start.line + 1, column: start.column)
        }
        let length = self.line == start.line ? self.scalarsOnLine + 1 - start.column : 1
        self.tokens.append(
            Token(
                kind: kind,
                location: location,
                length: max(1, length),
                layoutColumn: start.column,
                isFirstOnLine: !self.lineHasToken
            )
        )
        self.extents.append(start.position..<self.position)
        self.lineHasToken = true
    }

    private mutating func skipLine() {
        let start = self.position
        while let byte = self.byte(at: 0), byte != UInt8(ascii: "\n") { self.advance() }
        self.comments.append(start..<self.position)
    }

    private mutating func skipBlockComment() {
        let start = self.mark()
        self.advance(by: 2)
        while !self.sees("*/") {
            guard self.byte(at: 0) != nil else {
                self.append(.invalid("the comment is not closed"), from: start)
                return
            }
            self.advance()
        }
        self.advance(by: 2)
        self.comments.append(start.position..<self.position)
    }

    // MARK: - Tokens

    private mutating func lexToken(_ byte: UInt8) {
        let start = self.mark()
        if byte.isIdentifierStart {
            while let next = self.byte(at: 0), next.isIdentifierPart { self.advance() }
            self.append(.identifier(self.text(from: start)), from: start)
        } else if byte.isDigit {
            self.lexNumber(from: start)
        } else if byte == UInt8(ascii: "\"") {
            self.lexString(from: start)
        } else if byte == UInt8(ascii: "@") {
            self.lexTimestamp(from: start)
        } else if let (spelling, symbol) = Symbol.byLength.first(where: { self.starts(with: $0.spelling) }) {
            self.advance(by: spelling.count)
            self.append(.symbol(symbol), from: start)
        } else {
            self.advance()
            while let next = self.byte(at: 0), next & 0xC0 == 0x80 { self.advance() }
            self.append(.invalid("`\(self.text(from: start))` has no meaning here"), from: start)
        }
    }

    private func starts(with spelling: [UInt8]) -> Bool {
        for (offset, expected) in spelling.enumerated() where self.byte(at: offset) != expected { return false }
        return true
    }

    func text(from start: Mark) -> String {
        String(decoding: self.bytes[start.position..<self.position], as: UTF8.self)
    }
}

extension UInt8 {
    var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }

    var isIdentifierStart: Bool {
        (self >= UInt8(ascii: "a") && self <= UInt8(ascii: "z"))
            || (self >= UInt8(ascii: "A") && self <= UInt8(ascii: "Z")) || self == UInt8(ascii: "_")
    }

    var isIdentifierPart: Bool { self.isIdentifierStart || self.isDigit }
}
