/// Writes a `JSONValue` as compact JSON, keys sorted by their bytes.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []

    /// `capacity`: what most values fit in.
    init(capacity: Int = 64) { self.bytes.reserveCapacity(capacity) }

    mutating func write(_ value: JSONValue) {
        switch value {
        case .null: self.append("null")
        case .bool(let value): self.append(value ? "true" : "false")
        case .integer(let value): self.append(text: String(value))
        // Swift writes a whole double with its fraction, as 7.0. What JSON has no number for is null.
        case .double(let value): self.append(text: value.isFinite ? String(value) : "null")
        case .string(let value): self.write(value)
        case .array(let values):
            self.list("[", "]", values) { writer, value in writer.write(value) }
        case .object(let members):
            let sorted = members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            self.list("{", "}", sorted) { writer, member in
                writer.write(member.key)
                writer.append(":")
                writer.write(member.value)
            }
        }
    }

    private mutating func append(text: String) { self.bytes.append(contentsOf: text.utf8) }

    private mutating func list<Item>(
        _ opening: StaticString,
        _ closing: StaticString,
        _ items: [Item],
        _ write: (inout JSONWriter, Item) -> Void
    ) {
        self.append(opening)
        for (index, item) in items.enumerated() {
            if index > 0 { self.append(",") }
            write(&self, item)
        }
        self.append(closing)
    }

    private mutating func write(_ text: String) {
        var text = text
        text.withUTF8 { self.write(utf8: $0) }
    }

    private mutating func write(utf8 bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes.append(UInt8(ascii: "\""))
        var start = 0
        while true {
            let end = JSONText.runEnd(in: bytes, from: start)
            self.bytes.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[start..<end]))
            if end == bytes.count { break }
            self.escape(bytes[end])
            start = end + 1
        }
        self.bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): self.append("\\\"")
        case UInt8(ascii: "\\"): self.append("\\\\")
        case UInt8(ascii: "\n"): self.append("\\n")
        case UInt8(ascii: "\r"): self.append("\\r")
        case UInt8(ascii: "\t"): self.append("\\t")
        default:
            let digits = String(byte, radix: 16)
            self.append(text: "\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
        }
    }
}

// MARK: - Bodies of a known shape

extension JSONWriter {
    /// Text that is JSON already.
    mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { self.bytes.append(contentsOf: $0) }
    }

    /// Text that is JSON already, and a string behind it that is at hand as UTF-8.
    mutating func begin(_ text: StaticString, utf8: ArraySlice<UInt8>) {
        self.append(text)
        utf8.withUnsafeBufferPointer { self.write(utf8: $0) }
    }
}
