/// Strings with their escapes and interpolations.
extension Lexer {
    mutating func lexString(from start: Mark) {
        self.advance()
        var parts = StringParts()
        while let byte = self.byte(at: 0), byte != UInt8(ascii: "\n") {
            if byte == UInt8(ascii: "\"") {
                self.advance()
                return self.append(.string(parts.literal()), from: start)
            }
            if byte == UInt8(ascii: "\\") {
                self.lexEscape(into: &parts)
            } else if byte == UInt8(ascii: "{"), let path = self.interpolation() {
                self.advance(by: path.utf8.count + 2)
                parts.append(path: path)
            } else {
                parts.append(byte)
                self.advance()
            }
        }
        self.append(.invalid("the string is not closed on its line"), from: start)
    }

    /// The content of a `{name.name}` that begins here, or nil when the brace is only a brace.
    private func interpolation() -> String? {
        var offset = 1
        repeat {
            guard let first = self.byte(at: offset), first.isIdentifierStart else { return nil }
            while let next = self.byte(at: offset), next.isIdentifierPart { offset += 1 }
            guard let end = self.byte(at: offset) else { return nil }
            if end == UInt8(ascii: "}") {
                return String(decoding: self.bytes[self.position + 1..<self.position + offset], as: UTF8.self)
            }
            guard end == UInt8(ascii: ".") else { return nil }
            offset += 1
        } while true
    }

    /// An unknown escape keeps both characters.
    private mutating func lexEscape(into parts: inout StringParts) {
        self.advance()
        guard let byte = self.byte(at: 0), byte != UInt8(ascii: "\n") else { return parts.append(UInt8(ascii: "\\")) }
        let escaped: UInt8? =
            switch byte {
            case UInt8(ascii: "n"): UInt8(ascii: "\n")
            case UInt8(ascii: "t"): UInt8(ascii: "\t")
            case UInt8(ascii: "r"): UInt8(ascii: "\r")
            case UInt8(ascii: "0"): 0
            case UInt8(ascii: "\\"), UInt8(ascii: "\""): byte
            default: nil
            }
        if let escaped {
            parts.append(escaped)
            self.advance()
        } else if byte == UInt8(ascii: "u"), let (scalar, length) = self.unicodeEscape() {
            parts.append(scalar)
            self.advance(by: length)
        } else {
            parts.append(UInt8(ascii: "\\"))
            parts.append(byte)
            self.advance()
        }
    }

    /// The scalar of a `u{hex}` that begins here, and how many bytes it takes.
    private func unicodeEscape() -> (scalar: Unicode.Scalar, length: Int)? {
        guard self.byte(at: 1) == UInt8(ascii: "{") else { return nil }
        var value: UInt32 = 0
        var offset = 2
        while let byte = self.byte(at: offset), byte != UInt8(ascii: "}") {
            guard offset < 10, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
            value = value << 4 | UInt32(digit)
            offset += 1
        }
        guard offset > 2, self.byte(at: offset) != nil, let scalar = Unicode.Scalar(value) else { return nil }
        return (scalar, offset + 1)
    }
}

/// A string literal while it is read.
private struct StringParts {
    private var text: [UInt8] = []
    private var pending: [UInt8] = []
    private var segments: [StringLiteral.Segment] = []
    private var isInterpolated = false

    mutating func append(_ byte: UInt8) {
        self.text.append(byte)
        self.pending.append(byte)
    }

    mutating func append(_ scalar: Unicode.Scalar) {
        for byte in String(scalar).utf8 { self.append(byte) }
    }

    mutating func append(path: String) {
        self.flush()
        self.isInterpolated = true
        self.segments.append(.path(path.split(separator: ".").map(String.init)))
        self.text.append(UInt8(ascii: "{"))
        self.text.append(contentsOf: path.utf8)
        self.text.append(UInt8(ascii: "}"))
    }

    mutating func literal() -> StringLiteral {
        self.flush()
        return StringLiteral(
            text: String(decoding: self.text, as: UTF8.self),
            segments: self.isInterpolated ? self.segments : []
        )
    }

    private mutating func flush() {
        guard !self.pending.isEmpty else { return }
        self.segments.append(.text(String(decoding: self.pending, as: UTF8.self)))
        self.pending.removeAll(keepingCapacity: true)
    }
}
