/// A program's tree as people and tools read it, one node for each statement, operation and the like.
///
///     stream Alerts
///       from Trades
///       where (price > 10)
///
/// Expressions are text with a parenthesis around each operator and its operands, so that precedence can be seen.
public struct SyntaxNode: Equatable, Sendable {
    /// What it is, in one word.
    public let kind: String
    /// The rest of its line.
    public let text: String
    /// Nil for what has no place of its own.
    public let location: SourceLocation?
    public let children: [SyntaxNode]

    init(_ kind: String, _ text: String = "", at location: SourceLocation? = nil, _ children: [SyntaxNode] = []) {
        self.kind = kind
        self.text = text
        self.location = location
        self.children = children
    }

    /// Reads a program and gives its tree, or what is wrong with its syntax. Declaration loops are written out.
    public static func tree(of source: String) -> (tree: SyntaxNode?, diagnostics: [Diagnostic]) {
        let (program, diagnostics) = Parser.parse(source)
        guard diagnostics.isEmpty else { return (nil, diagnostics) }
        return (SyntaxNode("program", "", program.statements.map(SyntaxNode.init(_:))), [])
    }

    /// The same tree, wherever it stands.
    var withoutPlaces: SyntaxNode { SyntaxNode(self.kind, self.text, self.children.map(\.withoutPlaces)) }

    /// The node and those under it, each on a line, two columns deeper than the one it belongs to.
    public var lines: String { self.lines(indentedBy: 0) }

    private func lines(indentedBy columns: Int) -> String {
        let line = self.text.isEmpty ? self.kind : "\(self.kind) \(self.text)"
        return self.children.reduce(String(repeating: " ", count: columns) + line + "\n") {
            $0 + $1.lines(indentedBy: columns + 2)
        }
    }
}
