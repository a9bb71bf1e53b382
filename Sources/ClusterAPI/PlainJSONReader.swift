/// Reads JSON that has nothing but objects and strings without escapes, and says nil to everything else. Blanks before
/// a token are skipped.
struct PlainJSONReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var offset = 0

    /// `bytes` must outlive the reader.
    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

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

    mutating func string() -> String? {
        guard self.accept("\"") else { return nil }
        let start = self.offset
        let end = JSONText.runEnd(in: self.bytes, from: start)
        guard end < self.bytes.count, self.bytes[end] == UInt8(ascii: "\"") else { return nil }
        self.offset = end + 1
        let text = Span(_unsafeElements: UnsafeBufferPointer(rebasing: self.bytes[start..<end]))
        do { return String(copying: try UTF8Span(validating: text)) } catch { return nil }
    }

    /// An object whose values are strings, each under a name of its own.
    mutating func strings() -> [String: String]? {
        guard self.accept("{") else { return nil }
        var members: [String: String] = Dictionary(minimumCapacity: 6)
        if self.accept("}") { return members }
        repeat {
            guard let name = self.string(), self.accept(":"), let value = self.string(),
                members.updateValue(value, forKey: name) == nil
            else { return nil }
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
