/// Reads JSON text (RFC 8259) into a `JSONValue`.
struct JSONReader {
    private let bytes: [UInt8]
    private var offset = 0
    private var depth = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func document() throws(BodyError) -> JSONValue {
        let value = try self.value()
        try self.end()
        return value
    }

    /// Nothing but blanks may follow.
    mutating func end() throws(BodyError) {
        self.skipBlanks()
        guard self.offset == self.bytes.count else { throw self.fault() }
    }

    /// Whether an array stands ahead.
    mutating func seesArray() -> Bool {
        self.skipBlanks()
        return self.next == UInt8(ascii: "[")
    }

    private func fault() -> BodyError {
        BodyError(message: "the body is not valid JSON (byte \(self.offset))")
    }

    /// The byte ahead; 0, which no token begins with, at the end.
    private var next: UInt8 { self.offset < self.bytes.count ? self.bytes[self.offset] : 0 }

    private mutating func skipBlanks() {
        while true {
            switch self.next {
            case 0x20, 0x09, 0x0A, 0x0D: self.offset += 1
            default: return
            }
        }
    }

    private mutating func accept(_ byte: Unicode.Scalar) -> Bool {
        guard self.next == UInt8(ascii: byte) else { return false }
        self.offset += 1
        return true
    }

    private mutating func expect(_ byte: Unicode.Scalar) throws(BodyError) {
        guard self.accept(byte) else { throw self.fault() }
    }

    mutating func value() throws(BodyError) -> JSONValue {
        self.skipBlanks()
        switch self.next {
        case UInt8(ascii: "{"): return try self.object()
        case UInt8(ascii: "["): return try self.array()
        case UInt8(ascii: "\""): return .string(try self.string())
        case UInt8(ascii: "t"): return try self.word("true", .bool(true))
        case UInt8(ascii: "f"): return try self.word("false", .bool(false))
        case UInt8(ascii: "n"): return try self.word("null", .null)
        default: return try self.number()
        }
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) throws(BodyError) -> JSONValue {
        let end = self.offset + word.utf8CodeUnitCount
        guard end <= self.bytes.count, self.bytes[self.offset..<end].elementsEqual("\(word)".utf8) else {
            throw self.fault()
        }
        self.offset = end
        return value
    }

    private mutating func descend() throws(BodyError) {
        self.depth += 1
        guard self.depth <= JSONValue.depthMax else {
            throw BodyError(message: "the body is nested more than \(JSONValue.depthMax) levels deep")
        }
    }

    private mutating func array() throws(BodyError) -> JSONValue {
        var values: [JSONValue] = []
        try self.elements { reader throws(BodyError) in values.append(try reader.value()) }
        return .array(values)
    }

    private mutating func object() throws(BodyError) -> JSONValue {
        var members: [String: JSONValue] = [:]
        try self.members { name, reader throws(BodyError) in members[name] = try reader.value() }
        return .object(members)
    }

    /// Goes through an array. `element` reads each value that stands ahead.
    mutating func elements(_ element: (inout JSONReader) throws(BodyError) -> Void) throws(BodyError) {
        self.skipBlanks()
        try self.descend()
        try self.expect("[")
        self.skipBlanks()
        if !self.accept("]") {
            repeat {
                try element(&self)
                self.skipBlanks()
            } while self.accept(",")
            try self.expect("]")
        }
        self.depth -= 1
    }

    /// Goes through an object. `member` reads the value that stands ahead of it.
    mutating func members(_ member: (String, inout JSONReader) throws(BodyError) -> Void) throws(BodyError) {
        self.skipBlanks()
        try self.descend()
        try self.expect("{")
        self.skipBlanks()
        if !self.accept("}") {
            repeat {
                self.skipBlanks()
                let name = try self.string()
                self.skipBlanks()
                try self.expect(":")
                try member(name, &self)
                self.skipBlanks()
            } while self.accept(",")
            try self.expect("}")
        }
        self.depth -= 1
    }

    private mutating func digits() throws(BodyError) {
        guard self.isDigit(self.next) else { throw self.fault() }
        while self.isDigit(self.next) { self.offset += 1 }
    }

    private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private mutating func number() throws(BodyError) -> JSONValue {
        let start = self.offset
        _ = self.accept("-")
        if !self.accept("0") { try self.digits() }
        var isWhole = true
        if self.accept(".") {
            isWhole = false
            try self.digits()
        }
        if self.accept("e") || self.accept("E") {
            isWhole = false
            if !self.accept("+") { _ = self.accept("-") }
            try self.digits()
        }
        let text = String(decoding: self.bytes[start..<self.offset], as: UTF8.self)
        if isWhole, let integer = Int64(text) { return .integer(integer) }
        guard let double = Double(text), double.isFinite else {
            throw BodyError(message: "the number \(text.prefix(40)) is out of range")
        }
        return .double(double)
    }

    private mutating func string() throws(BodyError) -> String {
        try self.expect("\"")
        var text: [UInt8] = []
        while true {
            guard self.offset < self.bytes.count else { throw self.fault() }
            let byte = self.next
            switch byte {
            case UInt8(ascii: "\""):
                self.offset += 1
                guard let string = String(validating: text, as: UTF8.self) else { throw self.fault() }
                return string
            case UInt8(ascii: "\\"):
                self.offset += 1
                text.append(contentsOf: try self.escape().utf8)
            case 0..<0x20:
                throw self.fault()
            default:
                self.offset += 1
                text.append(byte)
            }
        }
    }

    private mutating func escape() throws(BodyError) -> Unicode.Scalar {
        let byte = self.next
        if self.accept("u") { return try self.unicodeEscape() }
        let plain: Unicode.Scalar
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): plain = Unicode.Scalar(byte)
        case UInt8(ascii: "n"): plain = "\n"
        case UInt8(ascii: "t"): plain = "\t"
        case UInt8(ascii: "r"): plain = "\r"
        case UInt8(ascii: "b"): plain = "\u{8}"
        case UInt8(ascii: "f"): plain = "\u{c}"
        default: throw self.fault()
        }
        self.offset += 1
        return plain
    }

    /// Four hexadecimal digits, or twice four for a scalar beyond U+FFFF: `\uD83E\uDD8A` is 🦊. Half a pair becomes
    /// U+FFFD.
    private mutating func unicodeEscape() throws(BodyError) -> Unicode.Scalar {
        let unit = try self.hexadecimal()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        let start = self.offset
        if UTF16.isLeadSurrogate(unit), self.accept("\\"), self.accept("u") {
            let trail = try self.hexadecimal()
            if UTF16.isTrailSurrogate(trail) { return UTF16.decode(UTF16.EncodedScalar([unit, trail])) }
        }
        self.offset = start
        return "\u{FFFD}"
    }

    private mutating func hexadecimal() throws(BodyError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(self.next)).hexDigitValue else { throw self.fault() }
            unit = unit << 4 | UInt16(digit)
            self.offset += 1
        }
        return unit
    }
}
