/// A program's text after its declaration loops are written out, with the way back to the user's lines.
///
///     for i in 1..3:                      stream S1 = E1      (from line 2, shifted by 4 columns)
///         stream S{i} = E{i}       ->     stream S2 = E2      (from line 2, shifted by 4 columns)
struct ExpandedSource {
    /// Where a line comes from: its 1-based number, and how many columns its indentation was cut by.
    struct Origin {
        let line: Int
        let columnShift: Int
    }

    private(set) var bytes: [UInt8]
    /// The number of the text among the program's files.
    let file: Int
    /// One for each line, or empty when nothing was expanded and lines stand for themselves.
    private(set) var origins: [Origin] = []
    /// What is wrong with the loops themselves.
    private(set) var diagnostics: [Diagnostic] = []

    private static let passesMax = 10
    private static let iterationsMax = 10_000
    private static let bytesMax = 4 * 1024 * 1024
    private static let linesMax = 200_000

    /// Text whose loops were written out elsewhere.
    init(bytes: [UInt8], origins: [Origin]) {
        self.bytes = bytes
        self.origins = origins
        self.file = 0
    }

    init(_ source: String, file: Int = 0) {
        self.file = file
        self.bytes = Array(source.utf8)
        if self.bytes.starts(with: [0xEF, 0xBB, 0xBF]) { self.bytes.removeFirst(3) }
        var lines = self.bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .enumerated().map { Line(bytes: $1, origin: Origin(line: $0 + 1, columnShift: 0)) }
        guard lines.contains(where: { DeclarationLoop(header: $0.bytes) != nil }) else { return }
        for pass in 0...Self.passesMax {
            guard let first = lines.firstIndex(where: { DeclarationLoop(header: $0.bytes) != nil }) else { break }
            guard pass < Self.passesMax else {
                self.report("declaration loops are nested more than \(Self.passesMax) deep", at: lines[first])
                return
            }
            guard let expanded = self.expand(lines) else { return }
            lines = expanded
        }
        self.bytes = Array(lines.lazy.map(\.bytes).joined(separator: [UInt8(ascii: "\n")]))
        self.origins = lines.map(\.origin)
    }

    private struct Line {
        let bytes: ArraySlice<UInt8>
        let origin: Origin
    }

    private mutating func report(_ message: String, at line: Line) {
        self.diagnostics.append(
            Diagnostic(
                kind: .syntax,
                message: message,
                location: SourceLocation(file: self.file, line: line.origin.line, column: 1 + line.origin.columnShift),
                length: 3
            )
        )
    }

    /// One pass over all loops at the left margin; nil after an error.
    private mutating func expand(_ lines: [Line]) -> [Line]? {
        var result: [Line] = []
        var bytes = 0
        var index = 0
        while index < lines.count {
            let header = lines[index]
            index += 1
            guard let loop = DeclarationLoop(header: header.bytes) else {
                result.append(header)
                bytes += header.bytes.count
                continue
            }
            let body = Self.body(of: lines[index...])
            guard let indentation = body.first(where: { !$0.bytes.isBlankOrComment })?.bytes.indentation else {
                result.append(header)
                continue
            }
            guard loop.values.count <= Self.iterationsMax else {
                self.report("a declaration loop has more than \(Self.iterationsMax) iterations", at: header)
                return nil
            }
            index += body.count
            for value in loop.values {
                for line in body {
                    let dedent = min(indentation, line.bytes.indentation)
                    let text = loop.substitute(value, in: line.bytes.dropFirst(dedent))
                    bytes += text.count + 1
                    let origin = Origin(line: line.origin.line, columnShift: line.origin.columnShift + dedent)
                    result.append(Line(bytes: text, origin: origin))
                }
                guard bytes <= Self.bytesMax else {
                    self.report("declaration loops write out more than \(Self.bytesMax) bytes", at: header)
                    return nil
                }
                guard result.count <= Self.linesMax else {
                    self.report("declaration loops write out more than \(Self.linesMax) lines", at: header)
                    return nil
                }
            }
        }
        return result
    }

    private static func body(of lines: ArraySlice<Line>) -> ArraySlice<Line> {
        lines.prefix(DeclarationLoop.bodyLength(of: lines.lazy.map(\.bytes)))
    }
}
