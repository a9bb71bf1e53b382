/// Finds members of JSON objects without reading what is of no interest, and without allocating.
///
/// It relies on well-formed text only for what it finds, never for where it looks: text that is no JSON gives nothing, or
/// a value that its reader will refuse.
struct MemberScan {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var place: Int

    private init(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) {
        self.bytes = bytes
        self.place = start
    }

    /// Calls `body` with each member of the object that begins at `start`: where its name is, without the quotes, and
    /// where its value is. False for anything but an object.
    @discardableResult
    static func members(
        of bytes: UnsafeBufferPointer<UInt8>,
        from start: Int = 0,
        _ body: (_ name: Range<Int>, _ value: Range<Int>) -> Void
    ) -> Bool {
        var scan = MemberScan(bytes, from: start)
        scan.skipBlanks()
        guard scan.accept(UInt8(ascii: "{")) else { return false }
        scan.skipBlanks()
        if scan.accept(UInt8(ascii: "}")) { return true }
        repeat {
            scan.skipBlanks()
            guard let name = scan.string() else { return false }
            scan.skipBlanks()
            guard scan.accept(UInt8(ascii: ":")) else { return false }
            scan.skipBlanks()
            guard let value = scan.value() else { return false }
            body(name.lowerBound + 1..<name.upperBound - 1, value)
            scan.skipBlanks()
        } while scan.accept(UInt8(ascii: ","))
        return scan.accept(UInt8(ascii: "}"))
    }

    /// The byte ahead; 0, which no token begins with, at the end.
    private var next: UInt8 { self.place < self.bytes.count ? self.bytes[self.place] : 0 }

    private mutating func skipBlanks() {
        while true {
            switch self.next {
            case 0x20, 0x09, 0x0A, 0x0D: self.place += 1
            default: return
            }
        }
    }

    private mutating func accept(_ byte: UInt8) -> Bool {
        guard self.next == byte else { return false }
        self.place += 1
        return true
    }

    /// With its quotes.
    private mutating func string() -> Range<Int>? {
        let start = self.place
        guard self.accept(UInt8(ascii: "\"")) else { return nil }
        while self.place < self.bytes.count {
            let byte = self.bytes[self.place]
            self.place += byte == UInt8(ascii: "\\") ? 2 : 1
            if byte == UInt8(ascii: "\"") { return start..<self.place }
        }
        return nil
    }

    private mutating func value() -> Range<Int>? {
        switch self.next {
        case UInt8(ascii: "\""): return self.string()
        case UInt8(ascii: "{"), UInt8(ascii: "["): return self.container()
        default:
            let start = self.place
            while !Self.endsWord(self.next) { self.place += 1 }
            return start < self.place ? start..<self.place : nil
        }
    }

    /// Up to the bracket that closes the one ahead. Which kind closes which is left to those who read it.
    private mutating func container() -> Range<Int>? {
        let start = self.place
        var depth = 0
        while self.place < self.bytes.count {
            switch self.bytes[self.place] {
            case UInt8(ascii: "\""):
                guard self.string() != nil else { return nil }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
            self.place += 1
            if depth == 0 { return start..<self.place }
        }
        return nil
    }

    private static func endsWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0, 0x20, 0x09, 0x0A, 0x0D, UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"): true
        default: false
        }
    }
}
