/// Appends fields of fixed width.
struct FieldWriter {
    private(set) var bytes: [UInt8] = []

    mutating func number(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.bigEndian) { self.bytes.append(contentsOf: $0) }
    }

    mutating func digest(_ digest: Digest128) {
        self.number(digest.high)
        self.number(digest.low)
    }

    mutating func replies(_ replies: Replies) {
        self.number(UInt16(replies.items.count))
        for (part, reply) in replies.items {
            self.number(part)
            self.number(UInt32(reply.count))
            self.bytes.append(contentsOf: reply)
        }
    }
}

/// Reads them back, and trusts none: a length is checked against what is left before anything is made of it.
struct FieldReader {
    private let bytes: [UInt8]
    private var offset = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { self.offset == self.bytes.count }

    func failure(_ message: String) -> SessionDecodingFailure {
        SessionDecodingFailure(message: message, offset: self.offset)
    }

    private mutating func run(_ length: Int) throws(SessionDecodingFailure) -> ArraySlice<UInt8> {
        guard length <= self.bytes.count - self.offset else { throw self.failure("the bytes end within a value") }
        defer { self.offset += length }
        return self.bytes[self.offset..<self.offset + length]
    }

    mutating func number<Number: FixedWidthInteger & UnsignedInteger>(
        _ type: Number.Type = Number.self
    ) throws(SessionDecodingFailure) -> Number {
        try self.run(Number.bitWidth / 8).reduce(0) { $0 << 8 | Number($1) }
    }

    mutating func digest() throws(SessionDecodingFailure) -> Digest128 {
        Digest128(high: try self.number(), low: try self.number())
    }

    /// One reply at least, their parts rising.
    mutating func replies() throws(SessionDecodingFailure) -> Replies {
        var replies = Replies()
        var last: UInt8?
        for _ in 0..<(try self.number(UInt16.self)) {
            let part: UInt8 = try self.number()
            if let last, part <= last { throw self.failure("the parts of a request are not in order") }
            last = part
            let length: UInt32 = try self.number()
            replies.keep(Array(try self.run(Int(length))), to: part)
        }
        guard last != nil else { throw self.failure("a request is kept without a reply") }
        return replies
    }
}

/// Why the bytes of a table were refused, and where.
public struct SessionDecodingFailure: Error, Hashable, Sendable, CustomStringConvertible {
    public var message: String
    /// How many bytes had been read.
    public var offset: Int
    public var description: String { "\(self.message) (byte \(self.offset))" }
}
