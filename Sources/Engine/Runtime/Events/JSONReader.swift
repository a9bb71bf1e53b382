/// Reads JSON from bytes, within the limits on events. Strict in syntax, bounded in depth, no recursion beyond it.
struct JSONReader {
    private var position = 0
    private(set) var cuts = EventCuts()

    /// The members of the one object the bytes hold.
    mutating func topLevelObject(_ bytes: Span<UInt8>) throws(EventDecodingError) -> Fields {
        self.skipSpace(bytes)
        guard self.peek(bytes) == UInt8(ascii: "{") else {
            throw self.error("expected an object", bytes, code: .wrongShape)
        }
        let members = try self.object(bytes, depth: EventLimits.depthMax, isTopLevel: true)
        self.skipSpace(bytes)
        guard self.position == bytes.count else { throw self.error("there is text after the object", bytes) }
        return members
    }

    // MARK: - Values

    /// - Parameter depth: How many levels of arrays and objects may still be kept.
    private mutating func value(_ bytes: Span<UInt8>, depth: Int) throws(EventDecodingError) -> Value {
        switch self.peek(bytes) {
        case UInt8(ascii: "{"):
            if depth == 0 { return try self.skipContainer(bytes) }
            return .map(try self.object(bytes, depth: depth - 1, isTopLevel: false))
        case UInt8(ascii: "["):
            if depth == 0 { return try self.skipContainer(bytes) }
            return .array(try self.array(bytes, depth: depth - 1))
        case UInt8(ascii: "\""): return .string(try self.string(bytes))
        case UInt8(ascii: "t"): return try self.literal("true", .bool(true), bytes)
        case UInt8(ascii: "f"): return try self.literal("false", .bool(false), bytes)
        case UInt8(ascii: "n"): return try self.literal("null", .null, bytes)
        default: return try self.number(bytes)
        }
    }

    private mutating func object(
        _ bytes: Span<UInt8>,
        depth: Int,
        isTopLevel: Bool
    ) throws(EventDecodingError) -> Fields {
        var fields = Fields()
        self.position += 1
        self.skipSpace(bytes)
        if self.take(UInt8(ascii: "}"), bytes) { return fields }
        repeat {
            self.skipSpace(bytes)
            guard self.peek(bytes) == UInt8(ascii: "\"") else { throw self.error("expected a member's name", bytes) }
            let name = try self.string(bytes)
            self.skipSpace(bytes)
            guard self.take(UInt8(ascii: ":"), bytes) else { throw self.error("expected `:`", bytes) }
            self.skipSpace(bytes)
            // The envelope of the fields is no level of a field.
            let isEnvelope = isTopLevel && (name == "data" || name == "fields")
            fields[name] = try self.value(bytes, depth: isEnvelope ? depth + 1 : depth)
            self.skipSpace(bytes)
        } while self.take(UInt8(ascii: ","), bytes)
        guard self.take(UInt8(ascii: "}"), bytes) else { throw self.error("expected `,` or `}`", bytes) }
        return fields
    }

    private mutating func array(_ bytes: Span<UInt8>, depth: Int) throws(EventDecodingError) -> [Value] {
        var items: [Value] = []
        var count = 0
        self.position += 1
        self.skipSpace(bytes)
        if self.take(UInt8(ascii: "]"), bytes) { return items }
        repeat {
            self.skipSpace(bytes)
            let item = try self.value(bytes, depth: depth)
            if count < EventLimits.elementsMax { items.append(item) }
            count += 1
            self.skipSpace(bytes)
        } while self.take(UInt8(ascii: ","), bytes)
        guard self.take(UInt8(ascii: "]"), bytes) else { throw self.error("expected `,` or `]`", bytes) }
        if count > EventLimits.elementsMax { self.cuts.arrays += 1 }
        return items
    }

    /// Moves over an array or object that is too deep to be kept; it is null. Only its brackets and strings are looked at.
    private mutating func skipContainer(_ bytes: Span<UInt8>) throws(EventDecodingError) -> Value {
        var open: [UInt8] = []
        self.cuts.nested += 1
        repeat {
            guard let byte = self.peek(bytes) else { throw self.error("the array or object is not closed", bytes) }
            switch byte {
            case UInt8(ascii: "\""):
                _ = try self.string(bytes)
                continue
            case UInt8(ascii: "["): open.append(UInt8(ascii: "]"))
            case UInt8(ascii: "{"): open.append(UInt8(ascii: "}"))
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                guard open.popLast() == byte else { throw self.error("the brackets do not match", bytes) }
            default: break
            }
            self.position += 1
        } while !open.isEmpty
        return .null
    }

    private mutating func literal(
        _ spelling: StaticString,
        _ value: Value,
        _ bytes: Span<UInt8>
    ) throws(EventDecodingError) -> Value {
        for offset in 0..<spelling.utf8CodeUnitCount {
            guard self.peek(bytes, at: offset) == spelling.utf8Start[offset] else {
                let endsHere = self.position + offset >= bytes.count
                throw self.error("expected a value", bytes, code: endsHere ? .truncated : .malformed)
            }
        }
        self.position += spelling.utf8CodeUnitCount
        return value
    }

    // MARK: - Numbers

    /// Integers beyond 64 bits become floats.
    private mutating func number(_ bytes: Span<UInt8>) throws(EventDecodingError) -> Value {
        let start = self.position
        let isNegative = self.take(UInt8(ascii: "-"), bytes)
        var magnitude: UInt64 = 0
        var fits = true
        let digits = self.position
        while let byte = self.peek(bytes), byte.isDigit {
            let (product, tooBig) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = product.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
            fits = fits && !tooBig && !overflow
            magnitude = sum
            self.position += 1
        }
        guard self.position > digits else { throw self.error("expected a value", bytes) }
        guard self.position == digits + 1 || bytes[digits] != UInt8(ascii: "0") else {
            throw self.error("a number does not begin with 0", bytes)
        }
        if try self.skipFraction(bytes) == false, fits {
            if !isNegative, let int = Int64(exactly: magnitude) { return .int(int) }
            if isNegative, magnitude <= UInt64(Int64.max) + 1 { return .int(0 &- Int64(bitPattern: magnitude)) }
        }
        var text = ""
        for index in start..<self.position { text.unicodeScalars.append(Unicode.Scalar(bytes[index])) }
        guard let float = Double(text) else { throw self.error("the number cannot be read", bytes) }
        return .float(float)
    }

    private mutating func skipFraction(_ bytes: Span<UInt8>) throws(EventDecodingError) -> Bool {
        var found = false
        if self.take(UInt8(ascii: "."), bytes) {
            try self.skipDigits(bytes)
            found = true
        }
        if self.take(UInt8(ascii: "e"), bytes) || self.take(UInt8(ascii: "E"), bytes) {
            if !self.take(UInt8(ascii: "+"), bytes) { _ = self.take(UInt8(ascii: "-"), bytes) }
            try self.skipDigits(bytes)
            found = true
        }
        return found
    }

    private mutating func skipDigits(_ bytes: Span<UInt8>) throws(EventDecodingError) {
        let start = self.position
        while let byte = self.peek(bytes), byte.isDigit { self.position += 1 }
        guard self.position > start else { throw self.error("expected a digit", bytes) }
    }

    // MARK: - Strings

    private mutating func string(_ bytes: Span<UInt8>) throws(EventDecodingError) -> String {
        self.position += 1
        let start = self.position
        while let byte = self.peek(bytes), byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 {
            self.position += 1
        }
        guard self.peek(bytes) == UInt8(ascii: "\"") else { return try self.escapedString(bytes, from: start) }
        let end = start + EventLimits.cut(self.position - start, &self.cuts) { bytes[start + $0] }
        let text = try self.text(bytes.extracting(start..<end))
        self.position += 1
        return text
    }

    private func text(_ bytes: Span<UInt8>) throws(EventDecodingError) -> String {
        do {
            return String(copying: try UTF8Span(validating: bytes))
        } catch {
            throw self.error("the text is not UTF-8", bytes, code: .notUTF8)
        }
    }

    private mutating func escapedString(
        _ bytes: Span<UInt8>,
        from start: Int
    ) throws(EventDecodingError) -> String {
        var text: [UInt8] = []
        for index in start..<self.position { text.append(bytes[index]) }
        while let byte = self.peek(bytes), byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { throw self.error("a control character stands in a string", bytes) }
            self.position += 1
            if byte == UInt8(ascii: "\\") {
                try self.escape(bytes, into: &text)
            } else {
                text.append(byte)
            }
        }
        guard self.take(UInt8(ascii: "\""), bytes) else { throw self.error("the string is not closed", bytes) }
        let length = EventLimits.cut(text.count, &self.cuts) { text[$0] }
        return try self.text(text.span.extracting(0..<length))
    }

    private mutating func escape(_ bytes: Span<UInt8>, into text: inout [UInt8]) throws(EventDecodingError) {
        guard let byte = self.peek(bytes) else { throw self.error("the string is not closed", bytes) }
        self.position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "n"): text.append(UInt8(ascii: "\n"))
        case UInt8(ascii: "t"): text.append(UInt8(ascii: "\t"))
        case UInt8(ascii: "r"): text.append(UInt8(ascii: "\r"))
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "u"):
            let scalar = try self.escapedScalar(bytes)
            text.append(contentsOf: String(scalar).utf8)
        default: throw self.error("unknown escape", bytes)
        }
    }

    /// The scalar of `\uXXXX`, or of two of them that form a surrogate pair. A lone surrogate is U+FFFD.
    private mutating func escapedScalar(_ bytes: Span<UInt8>) throws(EventDecodingError) -> Unicode.Scalar {
        let first = try self.hexadecimal(bytes)
        if (0xD800..<0xDC00).contains(first), self.peek(bytes) == UInt8(ascii: "\\"),
            self.peek(bytes, at: 1) == UInt8(ascii: "u")
        {
            let afterFirst = self.position
            self.position += 2
            let second = try self.hexadecimal(bytes)
            if (0xDC00..<0xE000).contains(second) {
                let scalar = 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
                return Unicode.Scalar(scalar) ?? "\u{FFFD}"
            }
            self.position = afterFirst
        }
        return Unicode.Scalar(first) ?? "\u{FFFD}"
    }

    private mutating func hexadecimal(_ bytes: Span<UInt8>) throws(EventDecodingError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = self.peek(bytes), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw self.error("expected four hexadecimal digits", bytes)
            }
            value = value << 4 | UInt32(digit)
            self.position += 1
        }
        return value
    }

    // MARK: - Bytes

    private func peek(_ bytes: Span<UInt8>, at offset: Int = 0) -> UInt8? {
        let index = self.position + offset
        return index < bytes.count ? bytes[index] : nil
    }

    private mutating func take(_ byte: UInt8, _ bytes: Span<UInt8>) -> Bool {
        guard self.peek(bytes) == byte else { return false }
        self.position += 1
        return true
    }

    private mutating func skipSpace(_ bytes: Span<UInt8>) {
        while let byte = self.peek(bytes), byte.isSpace || byte == UInt8(ascii: "\n") { self.position += 1 }
    }

    private func error(
        _ message: String,
        _ bytes: Span<UInt8>,
        code: EventDecodingError.Code = .malformed
    ) -> EventDecodingError {
        let endsHere = code == .malformed && self.position >= bytes.count
        return EventDecodingError(code: endsHere ? .truncated : code, message: message, offset: self.position)
    }
}

extension UInt8 {
    var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }

    /// Blank, tab or carriage return: what separates tokens within a line.
    var isSpace: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") || self == UInt8(ascii: "\r") }
}
