/// Reads what the core itself writes as bytes. Total: nil instead of a trap, whatever the bytes are.
struct ByteReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: some Sequence<UInt8>) { self.rest = Array(bytes)[...] }

    var isAtEnd: Bool { self.rest.isEmpty }

    /// Most significant byte first.
    mutating func read<Value: FixedWidthInteger>(_ type: Value.Type) -> Value? {
        guard let bytes = self.read(count: Value.bitWidth / 8) else { return nil }
        return bytes.reduce(Value.zero) { Value.bitWidth == 8 ? Value($1) : $0 << 8 | Value($1) }
    }

    mutating func read(count: Int) -> ArraySlice<UInt8>? {
        guard self.rest.count >= count else { return nil }
        defer { self.rest = self.rest.dropFirst(count) }
        return self.rest.prefix(count)
    }

    mutating func readRest() -> ArraySlice<UInt8> {
        defer { self.rest = [] }
        return self.rest
    }
}

extension [UInt8] {
    mutating func appendBigEndian(_ value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.bigEndian) { self.append(contentsOf: $0) }
    }
}
