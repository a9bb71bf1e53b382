/// Writes what a program remembers as bytes; `StateReader` reads them.
///
/// Whole numbers are varints of 7 bits a byte, the lowest first, with the highest bit set where more follow; signed ones are
/// folded so that small ones of both signs are short: 0, -1, 1, -2 are 0, 1, 2, 3. Floats are their eight bytes, lowest
/// first. Texts are a length and UTF-8. So 300 is `AC 02`, -2 is `03`, and "ab" is `02 61 62`.
struct StateWriter: Sendable {
    private(set) var bytes: [UInt8] = []

    mutating func reserve(_ more: Int) { self.bytes.reserveCapacity(self.bytes.count + more) }

    mutating func write(byte: UInt8) { self.bytes.append(byte) }

    mutating func write(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            self.bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        self.bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func write(count: Int) { self.write(UInt64(count)) }

    mutating func write(_ number: Int64) { self.write(UInt64(bitPattern: number << 1 ^ number >> 63)) }

    mutating func write(_ number: Double) { self.write(fixed: number.bitPattern) }

    /// In as many bytes as the number has, lowest first.
    mutating func write(fixed number: some FixedWidthInteger) {
        withUnsafeBytes(of: number.littleEndian) { self.bytes.append(contentsOf: $0) }
    }

    mutating func write(_ text: String) {
        self.write(count: text.utf8.count)
        self.bytes.append(contentsOf: text.utf8)
    }

    mutating func write(bytes: some Collection<UInt8>) {
        self.write(count: bytes.count)
        self.bytes.append(contentsOf: bytes)
    }

    /// Without their number.
    mutating func append(_ bytes: some Collection<UInt8>) { self.bytes.append(contentsOf: bytes) }

    // MARK: - Values

    /// Nil is missing.
    mutating func write(_ value: Value?) {
        guard let value else { return self.write(byte: ValueTag.missing.rawValue) }
        switch value {
        case .null: self.write(byte: ValueTag.null.rawValue)
        case .bool(let bool): self.write(byte: (bool ? ValueTag.yes : ValueTag.no).rawValue)
        case .int(let int):
            self.write(byte: ValueTag.int.rawValue)
            self.write(int)
        case .float(let float):
            self.write(byte: ValueTag.float.rawValue)
            self.write(float)
        case .string(let text):
            self.write(byte: ValueTag.string.rawValue)
            self.write(text)
        case .timestamp(let time):
            self.write(byte: ValueTag.timestamp.rawValue)
            self.write(time)
        case .duration(let span):
            self.write(byte: ValueTag.duration.rawValue)
            self.write(span)
        case .array(let items):
            self.write(byte: ValueTag.array.rawValue)
            self.write(count: items.count)
            for item in items { self.write(Optional(item)) }
        case .map(let fields):
            self.write(byte: ValueTag.map.rawValue)
            self.write(fields)
        }
    }

    mutating func write(_ fields: Fields) {
        self.write(count: fields.count)
        for entry in fields.entries {
            self.write(entry.name)
            self.write(Optional(entry.value))
        }
    }

    mutating func write(_ event: Event) {
        self.write(event.type)
        self.write(event.timestamp)
        self.write(event.fields)
        self.write(count: event.captured.count)
        for value in event.captured { self.write(value) }
    }

    mutating func write(_ time: Int64?) {
        self.write(byte: time == nil ? 0 : 1)
        if let time { self.write(time) }
    }

    // MARK: - Entries

    /// Writes a number of bytes and then as many as `body` writes. The number takes five bytes whatever it is, since it is
    /// not known before: 3 is `83 80 80 80 00`.
    mutating func writeSized(_ body: (inout StateWriter) -> Void) {
        let start = self.bytes.count
        for _ in 0..<5 { self.bytes.append(0) }
        body(&self)
        var rest = self.bytes.count - start - 5
        for place in 0..<5 {
            self.bytes[start + place] = UInt8(rest & 0x7F) | (place < 4 ? 0x80 : 0)
            rest >>= 7
        }
    }
}

/// What kind of value follows.
enum ValueTag: UInt8 {
    case missing, null, no, yes, int, float, string, timestamp, duration, array, map
}
