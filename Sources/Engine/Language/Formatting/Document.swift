/// Text with the places where it may be broken into lines, after Wadler's "A prettier printer".
///
/// A group is written on one line if that fits; otherwise its soft lines become line breaks, and the groups in it are
/// looked at one by one.
indirect enum Document {
    case text(String)
    /// A line break, or the text in its stead where the group fits on a line.
    case softLine(flat: String)
    case hardLine
    /// Lines that begin in here are indented by one level more.
    case nested(Document)
    case group(Document, isBroken: Bool)
    case list([Document])

    /// A group, which is broken in any case if a line break in it must be.
    static func group(_ content: Document) -> Document { .group(content, isBroken: content.mustBreak) }

    var mustBreak: Bool {
        switch self {
        case .text, .softLine: false
        case .hardLine: true
        case .nested(let content): content.mustBreak
        case .group(_, let isBroken): isBroken
        case .list(let parts): parts.contains(where: \.mustBreak)
        }
    }

    func nested(times: Int) -> Document { times > 0 ? .nested(self.nested(times: times - 1)) : self }
}

/// Writes a document within a width.
struct DocumentPrinter {
    static let indentationWidth = 4
    static let widthMax = 100

    private struct Piece {
        let document: Document
        let indentation: Int
        let isFlat: Bool
    }

    private var result = ""
    private var column: Int
    /// What is still to be written, the next piece last.
    private var rest: [Piece]

    /// The text, whose first line is indented by `indentation`, without a line break at its end.
    static func text(of document: Document, indentation: Int) -> String {
        var printer = DocumentPrinter(document, indentation: indentation)
        printer.run()
        return printer.result
    }

    private init(_ document: Document, indentation: Int) {
        self.result = String(repeating: " ", count: indentation)
        self.column = indentation
        self.rest = [Piece(document: document, indentation: indentation, isFlat: false)]
    }

    private mutating func run() {
        while let piece = self.rest.popLast() {
            switch piece.document {
            case .text(let text): self.append(text)
            case .softLine(let flat):
                if piece.isFlat { self.append(flat) } else { self.breakLine(indentation: piece.indentation) }
            case .hardLine: self.breakLine(indentation: piece.indentation)
            case .nested(let content):
                self.rest.append(
                    Piece(
                        document: content,
                        indentation: piece.indentation + Self.indentationWidth,
                        isFlat: piece.isFlat
                    )
                )
            case .group(let content, let isBroken):
                let flat = Piece(document: content, indentation: piece.indentation, isFlat: true)
                let fits = piece.isFlat || (!isBroken && self.fits(flat))
                self.rest.append(Piece(document: content, indentation: piece.indentation, isFlat: fits))
            case .list(let parts):
                for part in parts.reversed() {
                    self.rest.append(Piece(document: part, indentation: piece.indentation, isFlat: piece.isFlat))
                }
            }
        }
    }

    private mutating func append(_ text: String) {
        self.result += text
        self.column = Self.column(after: text, from: self.column)
    }

    private static func column(after text: String, from column: Int) -> Int {
        text.utf8.reduce(column) { column, byte in
            byte == UInt8(ascii: "\n") ? 0 : byte & 0xC0 == 0x80 ? column : column + 1
        }
    }

    private mutating func breakLine(indentation: Int) {
        while self.result.utf8.last == UInt8(ascii: " ") { self.result.unicodeScalars.removeLast() }
        self.result += "\n" + String(repeating: " ", count: indentation)
        self.column = indentation
    }

    /// Whether the piece, and what follows it up to the next possible line break, fits on the line.
    private func fits(_ piece: Piece) -> Bool {
        var column = self.column
        var pieces = [piece]
        var following = self.rest[...]
        while column <= Self.widthMax {
            guard let piece = pieces.popLast() ?? following.popLast() else { return true }
            switch piece.document {
            case .text(let text):
                column = Self.column(after: text, from: column)
            case .softLine(let flat):
                guard piece.isFlat else { return true }
                column += flat.utf8.count
            case .hardLine: return true
            case .nested(let content), .group(let content, _):
                pieces.append(Piece(document: content, indentation: 0, isFlat: piece.isFlat))
            case .list(let parts):
                for part in parts.reversed() {
                    pieces.append(Piece(document: part, indentation: 0, isFlat: piece.isFlat))
                }
            }
        }
        return false
    }
}
