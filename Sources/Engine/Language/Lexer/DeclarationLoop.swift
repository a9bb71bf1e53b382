/// The first line of a declaration loop: `for v in A..B:` or `for v in A..=B:` with integer literals.
struct DeclarationLoop {
    /// What stands for the value in the body: `{v}`.
    let placeholder: [UInt8]
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

    /// How many of the lines after a header are its body: the indented ones. Blank ones and comments belong to them
    /// when another indented line comes after.
    static func bodyLength(of lines: some Sequence<ArraySlice<UInt8>>) -> Int {
        var length = 0
        for (index, line) in lines.enumerated() where !line.isBlankOrComment {
            guard line.indentation > 0 else { break }
            length = index + 1
        }
        return length
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
    var indentation: Int { self.prefix { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }.count }

    var isBlankOrComment: Bool {
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
