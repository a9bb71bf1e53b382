/// Lays a program out anew. Only white space changes, and the lines on which comments stand.
///
/// - A level of indentation is 4 spaces. A line has at most 100 columns where that can be had.
/// - Each statement begins a line, and so does each operation and each `->` of a stream, however short, one level deeper.
///   The fields of an event stand on lines of their own.
/// - Spaces stand around operators and after `,` and `:`, but not inside brackets, around `..`, around the `:` of a slice,
///   after a sign, or around the dot of a member. Braces have spaces inside, except those of types.
/// - Where a user broke a line is not kept. Brackets too long for their line are written with one item a line, an
///   expression too long for its line is broken before its weakest operators, and the outermost come first.
/// - A lambda's block stays on its line if it is one statement that fits; otherwise each statement has its own.
/// - A comment stays on the line of the token before it, two spaces away from it if it ends the line; one on a line of
///   its own goes with what follows it, or with the block before if it is indented like that.
/// - Of several blank lines one stays, none at the start of a block or inside a statement. One stands around each
///   top-level statement that takes several lines, and around declaration loops.
/// - Lines end with a line feed, the last one too.
///
/// The result of formatting a result is the same. Before it is returned it is read again: it has the tokens, the
/// comments and the tree of the source, or it is refused.
public func format(_ source: String) throws(FormatError) -> String {
    let original = FormatCheck(source)
    guard original.diagnostics.isEmpty else { throw FormatError(diagnostics: original.diagnostics) }
    let text = source.unicodeScalars.first == "\u{FEFF}" ? Array(source.utf8.dropFirst(3)) : Array(source.utf8)
    let sample = LoopSample(text)
    let scan = Lexer.scan(sample.source)
    let (outline, diagnostics) = Parser.outline(of: scan.tokens)
    guard diagnostics.isEmpty else { throw FormatError(diagnostics: diagnostics) }
    let lexemes = LexemeReader.lexemes(of: sample, scan, outline)
    if let misplaced = FormatCheck.loopInsideStatement(lexemes) { throw FormatError(diagnostics: [misplaced]) }
    let result = ProgramFormatter.text(of: lexemes)
    guard FormatCheck(result) == original else { throw FormatError(diagnostics: []) }
    return result
}

/// Why a program cannot be formatted.
public struct FormatError: Error {
    /// What is wrong with the program; nothing, if the fault is the formatter's.
    public let diagnostics: [Diagnostic]
}

/// What formatting may not change.
struct FormatCheck: Equatable {
    let tokens: [Token.Kind]
    let comments: [String]
    let tree: SyntaxNode?
    let diagnostics: [Diagnostic]

    init(_ source: String) {
        let raw = Lexer.scan(ExpandedSource(bytes: Array(source.utf8), origins: []))
        let bytes = Array(source.utf8)
        self.comments = raw.comments.map { LexemeReader.normalised(String(decoding: bytes[$0], as: UTF8.self)) }
        self.tokens = Lexer.tokens(of: ExpandedSource(source)).map(\.kind)
        let (tree, diagnostics) = SyntaxNode.tree(of: source)
        self.tree = tree?.withoutPlaces
        self.diagnostics = diagnostics
    }

    /// A loop over parts of a statement has no place of its own in the layout.
    static func loopInsideStatement(_ lexemes: [Lexeme]) -> Diagnostic? {
        var (loopDepth, brackets) = (0, 0)
        for lexeme in lexemes {
            let mayChange = brackets == 0 && lexeme.line == Outline.Line(kind: .statement, depth: 0)
            if lexeme.kind != .end, !mayChange, lexeme.loopDepth != loopDepth || !lexeme.loops.isEmpty {
                return Diagnostic(
                    kind: .syntax,
                    message: "a declaration loop that begins or ends inside a statement cannot be formatted",
                    location: lexeme.loops.first.map { SourceLocation(line: $0.line, column: $0.column) }
                        ?? lexeme.location
                )
            }
            loopDepth = lexeme.loopDepth
            if lexeme.isOpening { brackets += 1 }
            if lexeme.isClosing { brackets -= 1 }
        }
        return nil
    }
}
