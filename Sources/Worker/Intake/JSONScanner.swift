/// Walks over JSON and checks its grammar, making nothing of it. Whether the bytes are UTF-8 is for the caller to know.
struct JSONScanner {
    typealias Refusal = EventArrayReader.Refusal

    private(set) var position = 0
    private var depth = 0

    /// Deeper than this nobody nests what is meant to be read.
    private static let depthMax = 128

    // MARK: - Values

    /// Passes over a value.
    mutating func value(_ bytes: Span<UInt8>) throws(Refusal) {
        self.skipSpace(bytes)
        switch self.peek(bytes) {
        case UInt8(ascii: "{"):
            try self.members(bytes) { scanner, _, bytes throws(Refusal) in try scanner.value(bytes) }
        case UInt8(ascii: "["):
            try self.items(bytes) { scanner, _, bytes throws(Refusal) in try scanner.value(bytes) }
        case UInt8(ascii: "\""): _ = try self.string(bytes)
        case UInt8(ascii: "t"): try self.word("true", bytes)
        case UInt8(ascii: "f"): try self.word("false", bytes)
        case UInt8(ascii: "n"): try self.word("null", bytes)
        default: try self.number(bytes)
        }
    }

    /// Passes over an object; `body` passes over the value of each member, given where its name is.
    mutating func members(
        _ bytes: Span<UInt8>,
        _ body: (inout JSONScanner, Range<Int>, Span<UInt8>) throws(Refusal) -> Void
    ) throws(Refusal) {
        try self.enter(UInt8(ascii: "{"), "an object", bytes)
        defer { self.depth -= 1 }
        if self.take(UInt8(ascii: "}"), bytes) { return }
        repeat {
            self.skipSpace(bytes)
            let name = try self.string(bytes)
            self.skipSpace(bytes)
            guard self.take(UInt8(ascii: ":"), bytes) else { throw self.refusal("expected `:`") }
            self.skipSpace(bytes)
            try body(&self, name, bytes)
            self.skipSpace(bytes)
        } while self.take(UInt8(ascii: ","), bytes)
        guard self.take(UInt8(ascii: "}"), bytes) else { throw self.refusal("expected `,` or `}`") }
    }

    /// Passes over an array; `body` passes over each item, given its number.
    mutating func items(
        _ bytes: Span<UInt8>,
        _ body: (inout JSONScanner, Int, Span<UInt8>) throws(Refusal) -> Void
    ) throws(Refusal) {
        try self.enter(UInt8(ascii: "["), "an array", bytes)
        defer { self.depth -= 1 }
        if self.take(UInt8(ascii: "]"), bytes) { return }
        var number = 0
        repeat {
            self.skipSpace(bytes)
            try body(&self, number, bytes)
            number += 1
            self.skipSpace(bytes)
        } while self.take(UInt8(ascii: ","), bytes)
        guard self.take(UInt8(ascii: "]"), bytes) else { throw self.refusal("expected `,` or `]`") }
    }

    /// Nothing but blanks may follow.
    mutating func end(_ bytes: Span<UInt8>) throws(Refusal) {
        self.skipSpace(bytes)
        guard self.position == bytes.count else { throw self.refusal("there is text after the object") }
    }

    func sees(_ byte: UInt8, _ bytes: Span<UInt8>) -> Bool { self.peek(bytes) == byte }

    /// A name that is written plainly; one with escapes is none that is looked for.
    func text(_ range: Range<Int>, _ bytes: Span<UInt8>) -> String {
        bytes.extracting(range).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }

    // MARK: - Tokens

    private mutating func enter(_ bracket: UInt8, _ expected: String, _ bytes: Span<UInt8>) throws(Refusal) {
        self.skipSpace(bytes)
        guard self.take(bracket, bytes) else { throw self.refusal("expected \(expected)") }
        guard self.depth < Self.depthMax else { throw self.refusal("nested more than \(Self.depthMax) deep") }
        self.depth += 1
        self.skipSpace(bytes)
    }

    /// Passes over a string; where its text is, without the quotes.
    private mutating func string(_ bytes: Span<UInt8>) throws(Refusal) -> Range<Int> {
        guard self.take(UInt8(ascii: "\""), bytes) else { throw self.refusal("expected a string") }
        let start = self.position
        while let byte = self.peek(bytes), byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { throw self.refusal("a control character in a string") }
            self.position += 1
            if byte == UInt8(ascii: "\\") { try self.escape(bytes) }
        }
        let end = self.position
        guard self.take(UInt8(ascii: "\""), bytes) else { throw self.refusal("the string is not closed") }
        return start..<end
    }

    private mutating func escape(_ bytes: Span<UInt8>) throws(Refusal) {
        let byte = self.peek(bytes)
        self.position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return
        case UInt8(ascii: "u"):
            for _ in 0..<4 {
                guard let digit = self.peek(bytes), digit.isHexadecimal else { throw self.refusal("a bad escape") }
                self.position += 1
            }
        default: throw self.refusal("a bad escape")
        }
    }

    private mutating func word(_ word: StaticString, _ bytes: Span<UInt8>) throws(Refusal) {
        for offset in 0..<word.utf8CodeUnitCount {
            guard self.take(word.utf8Start[offset], bytes) else { throw self.refusal("expected a value") }
        }
    }

    private mutating func number(_ bytes: Span<UInt8>) throws(Refusal) {
        _ = self.take(UInt8(ascii: "-"), bytes)
        if !self.take(UInt8(ascii: "0"), bytes) { try self.digits(bytes) }
        if self.take(UInt8(ascii: "."), bytes) { try self.digits(bytes) }
        if self.take(UInt8(ascii: "e"), bytes) || self.take(UInt8(ascii: "E"), bytes) {
            if !self.take(UInt8(ascii: "+"), bytes) { _ = self.take(UInt8(ascii: "-"), bytes) }
            try self.digits(bytes)
        }
    }

    private mutating func digits(_ bytes: Span<UInt8>) throws(Refusal) {
        let start = self.position
        while let byte = self.peek(bytes), byte.isDigit { self.position += 1 }
        guard self.position > start else { throw self.refusal("expected a value") }
    }

    mutating func skipSpace(_ bytes: Span<UInt8>) {
        while let byte = self.peek(bytes), byte.isSpace { self.position += 1 }
    }

    private func peek(_ bytes: Span<UInt8>) -> UInt8? {
        self.position < bytes.count ? bytes[self.position] : nil
    }

    private mutating func take(_ byte: UInt8, _ bytes: Span<UInt8>) -> Bool {
        guard self.peek(bytes) == byte else { return false }
        self.position += 1
        return true
    }

    private func refusal(_ message: String) -> Refusal { Refusal(message: message, offset: self.position) }
}

extension UInt8 {
    fileprivate var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }

    fileprivate var isSpace: Bool { self == 0x20 || self == 0x0A || self == 0x0D || self == 0x09 }

    fileprivate var isHexadecimal: Bool {
        self.isDigit || (self | 0x20 >= UInt8(ascii: "a") && self | 0x20 <= UInt8(ascii: "f"))
    }
}
