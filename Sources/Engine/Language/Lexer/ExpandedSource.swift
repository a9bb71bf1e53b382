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
    /// One for each line, or empty when nothing was expanded and lines stand for themselves.
    private(set) var origins: [Origin] = []
    /// What is wrong with the loops themselves.
    private(set) var diagnostics: [Diagnostic] = []

    private static let passesMax = 10
    private static let iterationsMax = 10_000
    private static let bytesMax = 4 * 1024 * 1024
    private static let linesMax = 200_000

    init(_ source: String) {
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
                location: SourceLocation(line: line.origin.line, column: 1 + line.origin.columnShift),
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

    /// The indented lines that follow; blank ones and comments belong to them when another indented line comes after.
    private static func body(of lines: ArraySlice<Line>) -> ArraySlice<Line> {
        var end = lines.startIndex
        for index in lines.indices {
            let bytes = lines[index].bytes
            if bytes.isBlankOrComment { continue }
            guard bytes.indentation > 0 else { break }
            end = index + 1
        }
        return lines[lines.startIndex..<end]
    }
}

/// The first line of a declaration loop: `for v in A..B:` or `for v in A..=B:` with integer literals.
private struct DeclarationLoop {
    private let placeholder: [UInt8]
    let values: Range<Int>

    init?(header: ArraySlice<UInt8>) {
        guard header.starts(with: "for".utf8) else { return nil }
        var rest = header.dropFirst(3)
        guard rest.skipSpaces(), let first = rest.first, first.isIdentifierStart else { return nil }
        let name = rest.prefix { $0.isIdentifierPart }
        rest = rest.dropFirst(name.count)
        guard rest.skipSpaces(), rest.starts(with: "in".utf8) else { return nil }
        rest = rest.dropFirst(2)
        guard rest.skipSpaces(), let lower = rest.integer() else { return nil }
        rest.skipSpaces()
        guard rest.starts(with: "..".utf8) else { return nil }
        rest = rest.dropFirst(2)
        let isClosed = rest.first == UInt8(ascii: "=")
        if isClosed { rest = rest.dropFirst() }
        rest.skipSpaces()
        guard let upper = rest.integer() else { return nil }
        rest.skipSpaces()
        guard rest.first == UInt8(ascii: ":"), rest.dropFirst().isBlankOrComment else { return nil }
        self.values = lower..<Swift.max(lower, isClosed ? upper + 1 : upper)
        self.placeholder = [UInt8(ascii: "{")] + name + [UInt8(ascii: "}")]
    }

    func substitute(_ value: Int, in line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var result: [UInt8] = []
        var rest = line
        while let brace = rest.firstIndex(of: UInt8(ascii: "{")) {
            result += rest[rest.startIndex..<brace]
            if rest[brace...].starts(with: self.placeholder) {
                result += String(value).utf8
                rest = rest[(brace + self.placeholder.count)...]
            } else {
                result.append(rest[brace])
                rest = rest[(brace + 1)...]
            }
        }
        result += rest
        return result[...]
    }
}

extension ArraySlice<UInt8> {
    /// Spaces and tabs before the text, each counting one.
    fileprivate var indentation: Int { self.prefix { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }.count }

    fileprivate var isBlankOrComment: Bool {
        let text = self.dropFirst(self.indentation)
        guard let first = text.first, first != UInt8(ascii: "\r") else { return true }
        return first == UInt8(ascii: "#") || text.starts(with: "//".utf8)
    }

    @discardableResult
    fileprivate mutating func skipSpaces() -> Bool {
        let spaces = self.indentation
        self = self.dropFirst(spaces)
        return spaces > 0
    }

    /// An integer literal of at most 15 digits, with an optional minus sign.
    fileprivate mutating func integer() -> Int? {
        let isNegative = self.first == UInt8(ascii: "-")
        let digits = self.dropFirst(isNegative ? 1 : 0).prefix { $0.isDigit }
        guard !digits.isEmpty, digits.count <= 15 else { return nil }
        self = self.dropFirst(digits.count + (isNegative ? 1 : 0))
        let value = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        return isNegative ? -value : value
    }
}
