import ArgumentParser
import Foundation
import VPL

/// `varpulis parse FILE`
struct ParseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parse",
        abstract: "Prints the syntax tree of a program.",
        discussion: """
            Prints a line for each statement, operation and the like, indented under what it belongs to. Expressions \
            have a parenthesis around each operator and its operands. Declaration loops are written out, names are not \
            looked up. Syntax errors go to standard error, and then nothing is printed.

            With --json each node is an object {"kind", "text", "line", "column", "children"}; line and column are null \
            where a node has no place of its own.

            Exit codes: 0 no syntax errors, 1 syntax errors or an unreadable file, 2 wrong usage.
            """
    )

    @Argument(help: "The program.")
    var file: String

    @Flag(help: "Print the tree as one JSON object.")
    var json = false

    func run() throws {
        let source = try TextFile.read(self.file)
        let (tree, diagnostics) = SyntaxNode.tree(of: source)
        StandardStream.error.report(diagnostics, in: [SourceFile(path: self.file, text: source)])
        guard let tree else { throw ExitCode.failure }
        if self.json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
            StandardStream.output.write(Array(try encoder.encode(Node(node: tree))) + Array("\n".utf8))
        } else {
            StandardStream.output.write(tree.lines)
        }
    }
}

/// A node as `--json` prints it; what it has not is null, not left out.
private struct Node: Encodable {
    let node: SyntaxNode

    enum CodingKeys: CodingKey {
        case kind, text, line, column, children
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(self.node.kind, forKey: .kind)
        try container.encode(self.node.text, forKey: .text)
        try container.encode(self.node.location?.line, forKey: .line)
        try container.encode(self.node.location?.column, forKey: .column)
        try container.encode(self.node.children.map(Node.init), forKey: .children)
    }
}
