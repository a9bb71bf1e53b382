/// Reads JSON that has nothing but objects and strings without escapes, and says nil to everything else. Blanks before
/// a token are skipped. A string is a part of the bytes.
struct PlainJSONReader {
    private let bytes: [UInt8]
    private var offset = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Whether all of the bytes are: then each string is valid UTF-8, and equal to no other but its own bytes.
    var isASCII: Bool { self.bytes.withUnsafeBufferPointer { $0.reduce(0, |) } < 0x80 }

    var isAtEnd: Bool {
        mutating get {
            self.skipBlanks()
            return self.offset == self.bytes.count
        }
    }

    mutating func accept(_ byte: Unicode.Scalar) -> Bool {
        self.skipBlanks()
        guard self.offset < self.bytes.count, self.bytes[self.offset] == UInt8(ascii: byte) else { return false }
        self.offset += 1
        return true
    }

    mutating func string() -> ArraySlice<UInt8>? {
        guard self.accept("\"") else { return nil }
        let start = self.offset
        let end = self.bytes.withUnsafeBufferPointer { JSONText.runEnd(in: $0, from: start) }
        guard end < self.bytes.count, self.bytes[end] == UInt8(ascii: "\"") else { return nil }
        self.offset = end + 1
        return self.bytes[start..<end]
    }

    /// An object whose values are strings.
    mutating func strings() -> [ConnectorForm.Param]? {
        guard self.accept("{") else { return nil }
        var members: [ConnectorForm.Param] = []
        if self.accept("}") { return members }
        members.reserveCapacity(8)
        repeat {
            guard let key = self.string(), self.accept(":"), let value = self.string() else { return nil }
            members.append((key, value))
        } while self.accept(",")
        return self.accept("}") ? members : nil
    }

    private mutating func skipBlanks() {
        while self.offset < self.bytes.count {
            switch self.bytes[self.offset] {
            case 0x20, 0x09, 0x0A, 0x0D: self.offset += 1
            default: return
            }
        }
    }
}
