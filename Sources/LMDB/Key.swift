/// A key: up to 511 bytes, ordered as bytes. Numbers are stored big-endian, so that their order is the numbers' order
/// and a file can be read on any machine.
public struct Key: Hashable, Sendable, ExpressibleByStringLiteral {
    private enum Storage: Hashable {
        case number(UInt64)
        case bytes([UInt8])
    }

    private let storage: Storage

    /// Eight bytes, most significant first.
    public init(_ number: UInt64) { self.storage = .number(number) }

    public init(_ bytes: [UInt8]) { self.storage = .bytes(bytes) }

    /// The text's UTF-8 bytes.
    public init(_ text: String) { self.storage = .bytes(Array(text.utf8)) }

    public init(stringLiteral text: String) { self.init(text) }

    func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        switch self.storage {
        case .number(let number):
            var bigEndian = number.bigEndian
            return try Swift.withUnsafeBytes(of: &bigEndian, body)
        case .bytes(let bytes):
            return try bytes.span.bytes.withUnsafeBytes(body)
        }
    }
}

extension UInt64 {
    /// Reads a key written as a number; nil if it is not eight bytes long.
    public init?(key: RawSpan) {
        guard key.byteCount == 8 else { return nil }
        self = key.withUnsafeBytes { UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)) }
    }
}

/// The keys from `lower` on, up to but not including `upper`; an absent bound bounds nothing.
public struct KeyRange: Hashable, Sendable {
    public var lower: Key?
    public var upper: Key?

    public init(from lower: Key? = nil, upTo upper: Key? = nil) {
        self.lower = lower
        self.upper = upper
    }

    /// Every key.
    public static let all = KeyRange()
}
