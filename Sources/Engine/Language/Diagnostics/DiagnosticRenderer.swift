/// Draws findings the way people read them: the place, the sentence, the line of the program and a mark under it.
///
///     pump.vpl:3:10: error[E030]: the connector `Brokr` is not declared
///       |
///     3 |     .to(Brokr, topic: "out")
///       |         ^^^^^
///       = hint: did you mean `Broker`?
public struct DiagnosticRenderer: Sendable {
    private let lines: [Substring]
    private let file: String

    /// Longer lines are not drawn: nobody sees a mark in them, and a line may have very many findings.
    private static let lineBytesMax = 1000

    public init(source: String, file: String) {
        self.lines = source.split(separator: "\n", omittingEmptySubsequences: false).map {
            $0.last == "\r" ? $0.dropLast() : $0
        }
        self.file = file
    }

    public func text(of diagnostic: Diagnostic) -> String {
        let code = diagnostic.code.map { "[\($0)]" } ?? ""
        var text = "\(self.file):\(diagnostic.line):\(diagnostic.column): "
        text += "\(diagnostic.severity.rawValue)\(code): \(diagnostic.message)\n"
        let number = String(diagnostic.line)
        let margin = String(repeating: " ", count: number.count)
        if diagnostic.line <= self.lines.count, case let line = self.lines[diagnostic.line - 1],
            line.utf8.count <= Self.lineBytesMax
        {
            text += "\(margin) |\n\(number) | \(line)\n\(margin) | \(Self.mark(diagnostic, under: line))\n"
        }
        if let hint = diagnostic.hint { text += "\(margin) = hint: \(hint)\n" }
        return text
    }

    /// Tabs before the mark stay tabs, so that it stands under its text however wide they are drawn.
    private static func mark(_ diagnostic: Diagnostic, under line: Substring) -> String {
        let before = line.unicodeScalars.prefix(diagnostic.column - 1).map { $0 == "\t" ? "\t" : " " }
        let padding = String(repeating: " ", count: max(0, diagnostic.column - 1 - before.count))
        return before.joined() + padding + String(repeating: "^", count: diagnostic.length)
    }
}
