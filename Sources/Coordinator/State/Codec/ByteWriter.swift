/// Appends the parts of an encoding. Formats are described in `docs/formats.md`, section "Cluster state".
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    /// `capacity`: what most values fit in.
    init(capacity: Int = 64) { self.bytes.reserveCapacity(capacity) }

    mutating func byte(_ byte: UInt8) { self.bytes.append(byte) }

    /// Seven bits to a byte, lowest first; the top bit says that more follow. 300 is `AC 02`.
    mutating func number(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            self.bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        self.bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func flag(_ value: Bool) { self.byte(value ? 1 : 0) }

    mutating func number(_ value: UInt32) { self.number(UInt64(value)) }

    /// Eight bytes, most significant first: for what is random in all its bits.
    mutating func word(_ value: UInt64) {
        withUnsafeBytes(of: value.bigEndian) { self.bytes.append(contentsOf: $0) }
    }

    mutating func blob(_ blob: some Collection<UInt8>) {
        self.number(UInt64(blob.count))
        self.bytes.append(contentsOf: blob)
    }

    /// Bytes that are an encoding already.
    mutating func raw(_ bytes: some Collection<UInt8>) { self.bytes.append(contentsOf: bytes) }

    /// The bytes in no more memory than they need.
    var exactBytes: [UInt8] { self.bytes.withUnsafeBytes { [UInt8]($0) } }

    /// What has been written since the last time; the memory is kept for what follows.
    mutating func take() -> [UInt8] {
        let bytes = self.bytes
        self.bytes = []
        self.bytes.reserveCapacity(bytes.capacity)
        return bytes
    }

    mutating func text(_ text: String) { self.blob(text.utf8) }

    mutating func value(_ value: some BinaryCoded) { value.encode(into: &self) }

    mutating func list(_ values: some Collection<some BinaryCoded>) {
        self.number(UInt64(values.count))
        for value in values { value.encode(into: &self) }
    }

    /// 0 for nothing, or 1 and the value.
    mutating func optional<Value>(_ value: Value?, _ write: (inout ByteWriter, Value) -> Void) {
        guard let value else { return self.byte(0) }
        self.byte(1)
        write(&self, value)
    }
}
