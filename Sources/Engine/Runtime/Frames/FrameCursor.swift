#if canImport(Glibc)
    import Glibc
#endif

/// A place in a frame that moves over what it has checked.
struct FrameCursor {
    let bytes: UnsafePointer<UInt8>
    let count: Int
    private(set) var position = 0

    init(_ bytes: UnsafePointer<UInt8>, count: Int) {
        self.bytes = bytes
        self.count = count
    }

    /// Moves over so many bytes; gives where they begin.
    @inline(__always)
    mutating func take(_ count: Int) throws(EventDecodingError) -> Int {
        guard count <= self.count - self.position else { throw self.error("a length goes beyond the frame") }
        defer { self.position += count }
        return self.position
    }

    @inline(__always)
    mutating func number<Number: FixedWidthInteger & BitwiseCopyable>(
        _: Number.Type
    ) throws(EventDecodingError) -> Int {
        Int(Self.number(self.bytes + (try self.take(MemoryLayout<Number>.size)), as: Number.self))
    }

    /// A length and so many bytes of UTF-8; gives where the bytes are.
    mutating func text() throws(EventDecodingError) -> Range<Int> {
        let count = try self.number(UInt32.self)
        guard count <= EventLimits.stringBytesMax else {
            throw self.error("a text is longer than 256 KiB", .tooLarge)
        }
        let start = try self.take(count)
        guard Self.isText(self.bytes + start, count) else { throw self.error("a text is not UTF-8", .notUTF8) }
        return start..<start + count
    }

    func buffer(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: self.bytes + range.lowerBound, count: range.count)
    }

    func error(
        _ message: String,
        _ code: EventDecodingError.Code = .malformed,
        at offset: Int? = nil
    ) -> EventDecodingError {
        EventDecodingError(code: code, message: message, offset: offset ?? self.position)
    }

    @inline(__always)
    static func number<Number: FixedWidthInteger & BitwiseCopyable>(
        _ bytes: UnsafePointer<UInt8>,
        as _: Number.Type
    ) -> Number {
        Number(littleEndian: UnsafeRawPointer(bytes).loadUnaligned(as: Number.self))
    }

    static func isText(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        Self.isASCII(bytes, count) || RowReader.isUTF8(UnsafeBufferPointer(start: bytes, count: count))
    }

    static func isASCII(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        var high: UInt64 = 0
        var place = 0
        while place + 8 <= count {
            high |= UnsafeRawPointer(bytes + place).loadUnaligned(as: UInt64.self)
            place += 8
        }
        while place < count {
            high |= UInt64(bytes[place])
            place += 1
        }
        return high & 0x8080_8080_8080_8080 == 0
    }
}
