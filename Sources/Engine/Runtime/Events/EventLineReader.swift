/// One line of an event file.
struct EventLineReader {
    let line: Int
    private(set) var position = 0
    private(set) var cuts = EventCuts()

    init(line: Int) {
        self.line = line
    }

    // MARK: - Directives

    /// `BATCH n`: nanoseconds from the start.
    mutating func batch(_ bytes: Span<UInt8>) throws(EventFileError) -> Int64? {
        guard self.sees("BATCH", bytes), self.peek(bytes, at: 5)?.isSpace ?? false else { return nil }
        self.position += 5
        self.skipSpace(bytes)
        let text = self.bareText(bytes)
        guard let milliseconds = Int64(text), let offset = Self.nanoseconds(milliseconds, times: 1_000_000) else {
            throw self.error("`BATCH` takes a number of milliseconds", bytes)
        }
        try self.expectEnd(bytes)
        return offset
    }

    /// `@10s`, `@250ms`, `@500`: nanoseconds from the start, for this line alone.
    mutating func lineOffset(_ bytes: Span<UInt8>) throws(EventFileError) -> Int64? {
        guard self.take("@", bytes) else { return nil }
        let start = self.position
        while let byte = self.peek(bytes), byte.isDigit { self.position += 1 }
        let number = Int64(self.text(bytes, start..<self.position))
        let unitStart = self.position
        while let byte = self.peek(bytes), !byte.isSpace { self.position += 1 }
        let units: [String: Int64] = [
            "": 1_000_000, "ms": 1_000_000, "s": 1_000_000_000, "m": 60_000_000_000, "h": 3_600_000_000_000,
        ]
        guard let number, let unit = units[self.text(bytes, unitStart..<self.position)],
            let offset = Self.nanoseconds(number, times: unit)
        else { throw self.error("expected a time such as `@10s`", bytes) }
        self.skipSpace(bytes)
        return offset
    }

    private static func nanoseconds(_ number: Int64, times unit: Int64) -> Int64? {
        let (product, overflow) = number.multipliedReportingOverflow(by: unit)
        return overflow ? nil : product
    }

    // MARK: - Events

    /// `Type { name: value, … }` or `Type(value, …)`, and possibly a semicolon.
    mutating func event(_ bytes: Span<UInt8>, at timestamp: Int64) throws(EventFileError) -> Event {
        let start = self.position
        while let byte = self.peek(bytes), byte.isNamePart { self.position += 1 }
        let type = self.text(bytes, start..<self.position)
        guard !type.isEmpty else { throw self.error("expected an event type", bytes) }
        self.skipSpace(bytes)
        var fields = Fields()
        if self.take("{", bytes) {
            fields = try self.members(bytes, depth: EventLimits.depthMax)
        } else if self.take("(", bytes) {
            for (number, value) in try self.items(bytes, until: ")", depth: EventLimits.depthMax).enumerated() {
                fields["field_\(number)"] = value
            }
        } else {
            throw self.error("expected `{` or `(` after the event type", bytes)
        }
        self.skipSpace(bytes)
        _ = self.take(";", bytes)
        try self.expectEnd(bytes)
        guard fields.count <= EventLimits.fieldsMax else {
            throw self.error("the event has more than \(EventLimits.fieldsMax) fields", bytes, code: .tooLarge)
        }
        return Event(type: type, timestamp: timestamp, fields: fields)
    }

    private mutating func members(_ bytes: Span<UInt8>, depth: Int) throws(EventFileError) -> Fields {
        var fields = Fields()
        self.skipSpace(bytes)
        if self.take("}", bytes) { return fields }
        repeat {
            self.skipSpace(bytes)
            let name = try self.name(bytes)
            self.skipSpace(bytes)
            guard self.take(":", bytes) else { throw self.error("expected `:` after `\(name)`", bytes) }
            fields[name] = try self.value(bytes, depth: depth)
            self.skipSpace(bytes)
        } while self.take(",", bytes)
        guard self.take("}", bytes) else { throw self.error("expected `,` or `}`", bytes) }
        return fields
    }

    private mutating func name(_ bytes: Span<UInt8>) throws(EventFileError) -> String {
        if let quote = self.peek(bytes), quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
            return try self.quoted(quote, bytes)
        }
        let start = self.position
        while let byte = self.peek(bytes), byte.isNamePart { self.position += 1 }
        guard self.position > start else { throw self.error("expected a field name", bytes) }
        return self.text(bytes, start..<self.position)
    }

    private mutating func items(
        _ bytes: Span<UInt8>,
        until close: Unicode.Scalar,
        depth: Int
    ) throws(EventFileError) -> [Value] {
        var items: [Value] = []
        var count = 0
        self.skipSpace(bytes)
        if self.take(close, bytes) { return items }
        repeat {
            let item = try self.value(bytes, depth: depth)
            if count < EventLimits.elementsMax { items.append(item) }
            count += 1
            self.skipSpace(bytes)
        } while self.take(",", bytes)
        guard self.take(close, bytes) else { throw self.error("expected `,` or `\(close)`", bytes) }
        if count > EventLimits.elementsMax { self.cuts.arrays += 1 }
        return items
    }

    private mutating func value(_ bytes: Span<UInt8>, depth: Int) throws(EventFileError) -> Value {
        self.skipSpace(bytes)
        switch self.peek(bytes) {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            guard depth > 0 else {
                throw self.error("the value is nested more than \(EventLimits.depthMax) deep", bytes, code: .tooDeep)
            }
            if self.take("{", bytes) { return .map(try self.members(bytes, depth: depth - 1)) }
            self.position += 1
            return .array(try self.items(bytes, until: "]", depth: depth - 1))
        case UInt8(ascii: "\""): return .string(try self.quoted(UInt8(ascii: "\""), bytes))
        case UInt8(ascii: "'"): return .string(try self.quoted(UInt8(ascii: "'"), bytes))
        default:
            let text = self.bareText(bytes)
            guard !text.isEmpty else { throw self.error("a value is missing", bytes) }
            return self.bareValue(text)
        }
    }

    /// A string in quotes; an unknown escape keeps both characters.
    private mutating func quoted(_ quote: UInt8, _ bytes: Span<UInt8>) throws(EventFileError) -> String {
        self.position += 1
        var text: [UInt8] = []
        while let byte = self.peek(bytes), byte != quote {
            self.position += 1
            guard byte == UInt8(ascii: "\\"), let escaped = self.peek(bytes) else {
                text.append(byte)
                continue
            }
            self.position += 1
            switch escaped {
            case UInt8(ascii: "n"): text.append(UInt8(ascii: "\n"))
            case UInt8(ascii: "t"): text.append(UInt8(ascii: "\t"))
            case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "\\"): text.append(escaped)
            default: text += [byte, escaped]
            }
        }
        guard self.peek(bytes) == quote else { throw self.error("the string is not closed", bytes) }
        self.position += 1
        let length = EventLimits.cut(text.count, &self.cuts) { text[$0] }
        return String(decoding: text[..<length], as: UTF8.self)
    }

    /// The text up to the next comma or closing bracket, without the blanks around it.
    private mutating func bareText(_ bytes: Span<UInt8>) -> String {
        let start = self.position
        while let byte = self.peek(bytes), !byte.endsBareText { self.position += 1 }
        var end = self.position
        while end > start, bytes[end - 1].isSpace { end -= 1 }
        return self.text(bytes, start..<end)
    }

    /// A word or number; whatever is neither is a string.
    private mutating func bareValue(_ text: String) -> Value {
        switch text {
        case "true": return .bool(true)
        case "false": return .bool(false)
        case "null", "nil": return .null
        default:
            guard text.isNumber else {
                let length = EventLimits.cut(text.utf8.count, &self.cuts) {
                    text.utf8[text.utf8.index(text.startIndex, offsetBy: $0)]
                }
                return .string(String(decoding: text.utf8.prefix(length), as: UTF8.self))
            }
            if let int = Int64(text) { return .int(int) }
            return Double(text).map { .float($0) } ?? .string(text)
        }
    }

    // MARK: - Bytes

    func isAtEnd(_ bytes: Span<UInt8>) -> Bool { self.position >= bytes.count }

    func sees(_ spelling: StaticString, _ bytes: Span<UInt8>) -> Bool {
        for offset in 0..<spelling.utf8CodeUnitCount {
            guard self.peek(bytes, at: offset) == spelling.utf8Start[offset] else { return false }
        }
        return true
    }

    mutating func skipSpace(_ bytes: Span<UInt8>) {
        while let byte = self.peek(bytes), byte.isSpace { self.position += 1 }
    }

    private func peek(_ bytes: Span<UInt8>, at offset: Int = 0) -> UInt8? {
        let index = self.position + offset
        return index < bytes.count ? bytes[index] : nil
    }

    private mutating func take(_ character: Unicode.Scalar, _ bytes: Span<UInt8>) -> Bool {
        guard self.peek(bytes) == UInt8(ascii: character) else { return false }
        self.position += 1
        return true
    }

    private func text(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
        bytes.extracting(range).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }

    private mutating func expectEnd(_ bytes: Span<UInt8>) throws(EventFileError) {
        self.skipSpace(bytes)
        guard self.isAtEnd(bytes) else { throw self.error("there is text after the event", bytes) }
    }

    private func error(
        _ message: String,
        _ bytes: Span<UInt8>,
        code: EventDecodingError.Code = .malformed
    ) -> EventFileError {
        let endsHere = code == .malformed && self.isAtEnd(bytes)
        return EventFileError(line: self.line, code: endsHere ? .truncated : code, message: message)
    }
}

extension UInt8 {
    fileprivate var isNamePart: Bool {
        self.isDigit || (self >= UInt8(ascii: "a") && self <= UInt8(ascii: "z"))
            || (self >= UInt8(ascii: "A") && self <= UInt8(ascii: "Z")) || self == UInt8(ascii: "_") || self >= 0x80
    }

    fileprivate var endsBareText: Bool {
        switch self {
        case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ")"): true
        default: false
        }
    }
}
