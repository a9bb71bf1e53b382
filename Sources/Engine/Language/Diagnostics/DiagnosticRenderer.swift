/// Draws findings the way people read them: the place, the sentence, the line of the program and a mark under it.
///
///     pump.vpl:3:10: error[E030]: the connector `Brokr` is not declared
///       |
///     3 |     .to(Brokr, topic: "out")
///       |         ^^^^^
///       = hint: did you mean `Broker`?
public struct DiagnosticRenderer: Sendable {
    private let files: [(path: String, lines: [Substring])]
    private let isColored: Bool

    /// Longer lines are not drawn: nobody sees a mark in them, and a line may have very many findings.
    private static let lineBytesMax = 1000

    /// - Parameters:
    ///   - files: Those of the program, in the order in which locations number them.
    ///   - isColored: For a terminal: with its control sequences.
    public init(_ files: [SourceFile], isColored: Bool = false) {
        self.isColored = isColored
        self.files = files.map { file in
            let lines = file.text.split(separator: "\n", omittingEmptySubsequences: false).map {
                $0.last == "\r" ? $0.dropLast() : $0
            }
            return (file.path, lines)
        }
    }

    public func text(of diagnostic: Diagnostic) -> String {
        let code = diagnostic.code.map { "[\($0)]" } ?? ""
        let (path, lines) = self.files[diagnostic.location.file]
        let colour: Colour = diagnostic.isError ? .error : .warning
        var text = self.paint("\(path):\(diagnostic.line):\(diagnostic.column): ", .place)
        text += self.paint("\(diagnostic.severity.rawValue)\(code): ", colour)
        text += self.paint(diagnostic.message, .place) + "\n"
        let number = String(diagnostic.line)
        let margin = String(repeating: " ", count: number.count)
        if diagnostic.line <= lines.count, case let line = lines[diagnostic.line - 1],
            line.utf8.count <= Self.lineBytesMax
        {
            text += self.paint("\(margin) |", .margin) + "\n"
            text += self.paint("\(number) |", .margin) + " \(line)\n"
            text += self.paint("\(margin) |", .margin) + " "
            text += self.paint(Self.mark(diagnostic, under: line), colour) + "\n"
        }
        if let hint = diagnostic.hint { text += self.paint("\(margin) = hint:", .margin) + " \(hint)\n" }
        return text
    }

    /// Parameters of the control sequence that selects graphic rendition (ECMA-48).
    private enum Colour: String {
        case place = "1"
        case error = "1;31"
        case warning = "1;33"
        case margin = "1;34"
    }

    private func paint(_ text: String, _ colour: Colour) -> String {
        self.isColored ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// Tabs before the mark stay tabs, so that it stands under its text however wide they are drawn.
    private static func mark(_ diagnostic: Diagnostic, under line: Substring) -> String {
        let before = line.unicodeScalars.prefix(diagnostic.column - 1).map { $0 == "\t" ? "\t" : " " }
        let padding = String(repeating: " ", count: max(0, diagnostic.column - 1 - before.count))
        return before.joined() + padding + String(repeating: "^", count: diagnostic.length)
    }
}
