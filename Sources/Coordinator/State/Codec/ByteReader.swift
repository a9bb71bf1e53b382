/// Reads the parts of an encoding, and trusts none of them.
///
/// Every length is checked against what is left, so that a hostile one costs nothing. A value has one encoding only:
/// a longer form of a number, an unknown tag or a byte too many is refused.
struct ByteReader {
    let bytes: [UInt8]
    private(set) var offset: Int

    init(_ bytes: [UInt8], from offset: Int = 0) {
        self.bytes = bytes
        self.offset = offset
    }

    var remaining: Int { self.bytes.count - self.offset }

    func failure(_ code: DecodingFailure.Code, _ message: String) -> DecodingFailure {
        DecodingFailure(code: code, message: message, offset: self.offset)
    }

    mutating func byte() throws(DecodingFailure) -> UInt8 {
        guard self.remaining > 0 else { throw self.failure(.truncated, "the bytes end within a value") }
        defer { self.offset += 1 }
        return self.bytes[self.offset]
    }

    mutating func number() throws(DecodingFailure) -> UInt64 {
        // Most have one byte.
        if self.offset < self.bytes.count, self.bytes[self.offset] < 0x80 {
            defer { self.offset += 1 }
            return UInt64(self.bytes[self.offset])
        }
        return try self.longNumber()
    }

    private mutating func longNumber() throws(DecodingFailure) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = try self.byte()
            // The tenth byte has room for a single bit.
            if shift == 63, byte > 1 { throw self.failure(.invalid, "a number has more than 64 bits") }
            value |= UInt64(byte & 0x7F) << shift
            guard byte & 0x80 != 0 else {
                if byte == 0, shift > 0 { throw self.failure(.invalid, "a number is longer than it has to be") }
                return value
            }
            shift += 7
        }
    }

    mutating func number32() throws(DecodingFailure) -> UInt32 {
        guard let number = UInt32(exactly: try self.number()) else {
            throw self.failure(.invalid, "a number has more than 32 bits")
        }
        return number
    }

    mutating func flag() throws(DecodingFailure) -> Bool {
        let byte = try self.byte()
        guard byte <= 1 else { throw self.failure(.invalid, "a truth value is neither true nor false") }
        return byte == 1
    }

    mutating func word() throws(DecodingFailure) -> UInt64 {
        var value: UInt64 = 0
        for _ in 0..<8 { value = value << 8 | UInt64(try self.byte()) }
        return value
    }

    /// A length, and as many bytes.
    mutating func run() throws(DecodingFailure) -> ArraySlice<UInt8> { self.bytes[try self.range()] }

    /// Where a run is.
    private mutating func range() throws(DecodingFailure) -> Range<Int> {
        let length = try self.number()
        guard length <= UInt64(self.remaining) else {
            throw self.failure(.truncated, "a length of \(length) reaches beyond the end")
        }
        let end = self.offset + Int(length)
        defer { self.offset = end }
        return self.offset..<end
    }

    mutating func blob() throws(DecodingFailure) -> [UInt8] { Array(try self.run()) }

    mutating func text() throws(DecodingFailure) -> String {
        let range = try self.range()
        try self.check(range)
        return String(decoding: self.bytes[range], as: UTF8.self)
    }

    /// Passes over a text, which has to be valid too.
    @discardableResult
    mutating func skipText() throws(DecodingFailure) -> Range<Int> {
        let range = try self.range()
        try self.check(range)
        return range
    }

    /// A text has to be UTF-8. Most is ASCII, which is seen eight bytes at a time.
    private func check(_ text: Range<Int>) throws(DecodingFailure) {
        let isASCII = self.bytes.withUnsafeBytes { bytes in
            var place = text.lowerBound
            var all: UInt64 = 0
            while place + 8 <= text.upperBound {
                all |= bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)
                place += 8
            }
            while place < text.upperBound {
                all |= UInt64(bytes[place])
                place += 1
            }
            return all & 0x8080_8080_8080_8080 == 0
        }
        if isASCII { return }
        do {
            _ = try UTF8Span(validating: self.bytes.span.extracting(text))
        } catch {
            throw self.failure(.invalid, "a text is not valid UTF-8")
        }
    }

    mutating func skipRun() throws(DecodingFailure) { _ = try self.range() }

    /// Everything that was read since `start`.
    func bytes(from start: Int) -> [UInt8] { Array(self.bytes[start..<self.offset]) }

    mutating func value<Value: BinaryCoded>(_ type: Value.Type = Value.self) throws(DecodingFailure) -> Value {
        try Value(from: &self)
    }

    mutating func list<Value: BinaryCoded>(of type: Value.Type = Value.self) throws(DecodingFailure) -> [Value] {
        try self.list { reader throws(DecodingFailure) in try Value(from: &reader) }
    }

    mutating func list<Value>(
        _ read: (inout ByteReader) throws(DecodingFailure) -> Value
    ) throws(DecodingFailure) -> [Value] {
        let count = try self.number()
        // No value is shorter than one byte. Beyond a few, the list grows as values prove to be there, never ahead of
        // them.
        guard count <= UInt64(self.remaining) else {
            throw self.failure(.truncated, "a list of \(count) reaches beyond the end")
        }
        var values: [Value] = []
        values.reserveCapacity(Int(min(count, 8)))
        for _ in 0..<count { values.append(try read(&self)) }
        return values
    }

    mutating func optional<Value>(
        _ read: (inout ByteReader) throws(DecodingFailure) -> Value
    ) throws(DecodingFailure) -> Value? {
        switch try self.byte() {
        case 0: return nil
        case 1: return try read(&self)
        default: throw self.failure(.invalid, "an optional value is neither there nor absent")
        }
    }

    func end() throws(DecodingFailure) {
        guard self.remaining == 0 else { throw self.failure(.trailing, "\(self.remaining) bytes are left over") }
    }
}

/// Why bytes were refused, and where.
public struct DecodingFailure: Error, Hashable, Sendable, CustomStringConvertible {
    public struct Code: RawRepresentable, Hashable, Sendable {
        public var rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The bytes end too early.
        public static let truncated = Code(rawValue: "truncated")
        /// They go on too long.
        public static let trailing = Code(rawValue: "trailing")
        /// They are of a version or a kind that this build does not know.
        public static let unknown = Code(rawValue: "unknown")
        /// They say something that cannot be.
        public static let invalid = Code(rawValue: "invalid")
    }

    public var code: Code
    public var message: String
    public var offset: Int

    public var description: String { "\(self.message) (byte \(self.offset))" }
}
