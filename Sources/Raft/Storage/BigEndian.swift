// Numbers on disk have their most significant byte first.

extension [UInt8] {
    mutating func append(bigEndian number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.bigEndian) { self.append(contentsOf: $0) }
    }
}

extension RawSpan {
    /// The number at `offset`, or nil if the bytes end before it does.
    func bigEndian<Number: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as type: Number.Type) -> Number? {
        guard offset >= 0, offset <= self.byteCount - MemoryLayout<Number>.size else { return nil }
        return self.withUnsafeBytes { Number(bigEndian: $0.loadUnaligned(fromByteOffset: offset, as: Number.self)) }
    }

    /// A copy of the bytes from `offset` on.
    func bytes(from offset: Int = 0) -> [UInt8] {
        self.withUnsafeBytes { [UInt8]($0.dropFirst(offset)) }
    }
}
