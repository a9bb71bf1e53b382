/// A program with each declaration loop written out for one value, and the way back to the bytes the user wrote.
///
///     for i in 1..3:                      stream S1 = E1
///         stream S{i} = E{i}       ->
///
/// The formatter works on the text the user wrote, but only written out text can be parsed; here each token of the one
/// stands for one of the other, and the text of the token `S1` is `S{i}`.
struct LoopSample {
    /// The first line of a loop, which is not part of the sample.
    struct Header {
        let line: Int
        let column: Int
        /// How many loops are around it.
        let depth: Int
        let text: String
    }

    private(set) var source: ExpandedSource
    private(set) var headers: [Header] = []
    /// How many loops are around the line of a 1-based number.
    private var loopDepths: [Int: Int] = [:]
    /// Where the bytes of the sample begin and end in the original.
    private var starts: [Int] = []
    private var ends: [Int] = []
    private let original: [UInt8]
    private let lineStarts: [Int]

    private struct Line {
        var bytes: [UInt8] = []
        var starts: [Int] = []
        var ends: [Int] = []
        let origin: ExpandedSource.Origin
        let end: Int
    }

    init(_ original: [UInt8]) {
        self.original = original
        var lines: [Line] = []
        var position = 0
        for bytes in original.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            var line = Line(origin: .init(line: lines.count + 1, columnShift: 0), end: position + bytes.count)
            line.bytes = Array(bytes)
            line.starts = Array(position..<line.end)
            line.ends = line.starts.map { $0 + 1 }
            lines.append(line)
            position = line.end + 1
        }
        self.lineStarts = lines.map { $0.end - $0.bytes.count }
        self.source = ExpandedSource(bytes: original, origins: [])
        var inComments: Set<Int> = []
        for comment in Lexer.scan(self.source).comments {
            inComments.formUnion((self.line(at: comment.lowerBound)..<self.line(at: comment.upperBound)).map { $0 + 1 })
        }
        var sample: [Line] = []
        self.write(lines[...], loops: 0, headersAreText: inComments, to: &sample)
        let newline = UInt8(ascii: "\n")
        self.source = ExpandedSource(
            bytes: Array(sample.map(\.bytes).joined(separator: [newline])),
            origins: sample.map(\.origin)
        )
        self.starts = sample.flatMap { $0.starts + [$0.end] }
        self.ends = sample.flatMap { $0.ends + [$0.end + 1] }
    }

    private mutating func write(
        _ lines: ArraySlice<Line>,
        loops: Int,
        headersAreText: Set<Int>,
        to sample: inout [Line]
    ) {
        var rest = lines
        while let line = rest.popFirst() {
            let number = line.origin.line
            self.loopDepths[number] = loops
            guard !headersAreText.contains(number), let loop = DeclarationLoop(header: line.bytes[...]) else {
                sample.append(line)
                continue
            }
            let body = rest.prefix(DeclarationLoop.bodyLength(of: rest.lazy.map { $0.bytes[...] }))
            guard let first = body.first(where: { !$0.bytes[...].isBlankOrComment }) else {
                sample.append(line)
                continue
            }
            rest = rest.dropFirst(body.count)
            self.headers.append(
                Header(
                    line: number,
                    column: 1 + line.origin.columnShift,
                    depth: loops,
                    text: Self.header(String(decoding: self.original[self.start(of: line)..<line.end], as: UTF8.self))
                )
            )
            let indentation = first.bytes[...].indentation
            let inner = body.map { line in
                Self.substitute(loop, in: Self.dedent(line, by: min(indentation, line.bytes[...].indentation)))
            }
            self.write(inner[...], loops: loops + 1, headersAreText: headersAreText, to: &sample)
        }
    }

    private func start(of line: Line) -> Int { line.starts.first ?? line.end }

    private static func dedent(_ line: Line, by columns: Int) -> Line {
        let shift = line.origin.columnShift + columns
        var result = Line(origin: .init(line: line.origin.line, columnShift: shift), end: line.end)
        result.bytes = Array(line.bytes.dropFirst(columns))
        result.starts = Array(line.starts.dropFirst(columns))
        result.ends = Array(line.ends.dropFirst(columns))
        return result
    }

    private static func substitute(_ loop: DeclarationLoop, in line: Line) -> Line {
        // A value without a sign is one token wherever it stands.
        let values = loop.values
        let value = values.contains(0) ? 0 : abs(values.lowerBound)
        let text = Array(String(value).utf8)
        var result = Line(origin: line.origin, end: line.end)
        var index = 0
        while index < line.bytes.count {
            if line.bytes[index...].starts(with: loop.placeholder) {
                let last = index + loop.placeholder.count - 1
                result.bytes += text
                result.starts += Array(repeating: line.starts[index], count: text.count)
                result.ends += Array(repeating: line.ends[last], count: text.count)
                index = last + 1
            } else {
                result.bytes.append(line.bytes[index])
                result.starts.append(line.starts[index])
                result.ends.append(line.ends[index])
                index += 1
            }
        }
        return result
    }

    /// `for v in A..B:` with single spaces, and the comment after it.
    private static func header(_ line: String) -> String {
        guard let colon = line.firstIndex(of: ":") else { return line }
        let words = line[..<colon].split(whereSeparator: \.isWhitespace)
        let comment = line[line.index(after: colon)...].drop(while: \.isWhitespace).trimmingSuffix(\.isWhitespace)
        let text = "for \(words[1]) in \(words[3...].joined()):"
        return comment.isEmpty ? text : "\(text)  \(comment)"
    }

    // MARK: - The way back

    /// The bytes of the original that a part of the sample stands for.
    func extent(of range: Range<Int>) -> Range<Int> {
        guard !range.isEmpty else { return self.original.count..<self.original.count }
        return self.starts[range.lowerBound]..<self.ends[range.upperBound - 1]
    }

    func text(of extent: Range<Int>) -> String { String(decoding: self.original[extent], as: UTF8.self) }

    /// The 1-based number of the line with the byte at `position`.
    func line(at position: Int) -> Int {
        var (low, high) = (0, self.lineStarts.count)
        while low + 1 < high {
            let middle = (low + high) / 2
            if self.lineStarts[middle] <= position { low = middle } else { high = middle }
        }
        return low + 1
    }

    /// The 1-based column of the byte at `position`, in scalars.
    func column(at position: Int) -> Int {
        let start = self.lineStarts[self.line(at: position) - 1]
        return 1 + self.original[start..<position].count { $0 & 0xC0 != 0x80 }
    }

    func loopDepth(ofLine line: Int) -> Int { self.loopDepths[line] ?? 0 }

    /// Where the loop's header stands in the original.
    func position(of header: Header) -> Int { self.lineStarts[header.line - 1] }
}

extension Substring {
    fileprivate func trimmingSuffix(_ isTrimmed: (Character) -> Bool) -> Substring {
        var result = self
        while let last = result.last, isTrimmed(last) { result.removeLast() }
        return result
    }
}
