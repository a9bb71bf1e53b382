/// Reads what `StateWriter` wrote, and trusts none of it: whatever is no value, or announces more than there are bytes left,
/// is an error, and no more memory is taken than a small multiple of the bytes.
struct StateReader {
    private let bytes: ArraySlice<UInt8>
    private(set) var position: Int

    /// Values nest less deeply than that, see `Value.depthMax` and `EventLimits.depthMax`.
    private static let depthMax = 128

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        self.position = bytes.startIndex
    }

    init(_ bytes: [UInt8]) { self.init(bytes[...]) }

    var isAtEnd: Bool { self.position == self.bytes.endIndex }
    var left: Int { self.bytes.endIndex - self.position }

    /// After the last thing that there should be.
    func finish() throws(CheckpointError) {
        if !self.isAtEnd { throw .malformed("bytes are left over") }
    }

    mutating func byte() throws(CheckpointError) -> UInt8 {
        guard self.position < self.bytes.endIndex else { throw .malformed("it ends too early") }
        self.position += 1
        return self.bytes[self.position - 1]
    }

    mutating func number() throws(CheckpointError) -> UInt64 {
        var number: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            let byte = try self.byte()
            guard shift < 63 || byte <= 1 else { break }
            number |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return number }
        }
        throw .malformed("a number is too large")
    }

    mutating func signed() throws(CheckpointError) -> Int64 {
        let number = try self.number()
        return Int64(bitPattern: number >> 1) ^ -Int64(bitPattern: number & 1)
    }

    /// One that may grow by a program's work without ever being too large.
    mutating func tally() throws(CheckpointError) -> UInt64 {
        let number = try self.number()
        guard number <= 1 << 62 else { throw .malformed("a number is too large") }
        return number
    }

    /// How many things follow, each of at least so many bytes.
    mutating func count(ofSize size: Int = 1) throws(CheckpointError) -> Int {
        let count = try self.number()
        guard count <= UInt64(self.left / max(size, 1)) else { throw .malformed("it announces more than it has") }
        return Int(count)
    }

    mutating func fixed<Number: FixedWidthInteger>(_: Number.Type) throws(CheckpointError) -> Number {
        let size = MemoryLayout<Number>.size
        let bytes = try self.slice(size)
        var number: Number = 0
        for (place, byte) in bytes.enumerated() { number |= Number(truncatingIfNeeded: byte) << (8 * place) }
        return number
    }

    mutating func double() throws(CheckpointError) -> Double { Double(bitPattern: try self.fixed(UInt64.self)) }

    mutating func slice(_ count: Int) throws(CheckpointError) -> ArraySlice<UInt8> {
        guard count <= self.left else { throw .malformed("it ends too early") }
        self.position += count
        return self.bytes[self.position - count..<self.position]
    }

    /// As many bytes as are announced.
    mutating func sized() throws(CheckpointError) -> ArraySlice<UInt8> { try self.slice(try self.count()) }

    mutating func text() throws(CheckpointError) -> String {
        let bytes = try self.sized()
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .malformed("a text is not UTF-8") }
        return text
    }

    // MARK: - Values

    mutating func value() throws(CheckpointError) -> Value? { try self.value(depth: 0) }

    /// One that is there.
    mutating func presentValue() throws(CheckpointError) -> Value { try self.present(depth: 0) }

    private mutating func present(depth: Int) throws(CheckpointError) -> Value {
        guard let value = try self.value(depth: depth) else { throw .malformed("a value is missing") }
        return value
    }

    private mutating func value(depth: Int) throws(CheckpointError) -> Value? {
        guard depth <= Self.depthMax else { throw .malformed("values are nested too deep") }
        guard let tag = ValueTag(rawValue: try self.byte()) else { throw .malformed("a value is of no known kind") }
        switch tag {
        case .missing: return nil
        case .null: return .null
        case .no: return .bool(false)
        case .yes: return .bool(true)
        case .int: return .int(try self.signed())
        case .float: return .float(try self.double())
        case .string: return .string(try self.text())
        case .timestamp: return .timestamp(try self.signed())
        case .duration: return .duration(try self.number())
        case .array:
            var items: [Value] = []
            for _ in 0..<(try self.count()) { items.append(try self.present(depth: depth + 1)) }
            return .array(items)
        case .map: return .map(try self.fields(depth: depth + 1))
        }
    }

    mutating func fields() throws(CheckpointError) -> Fields { try self.fields(depth: 0) }

    private mutating func fields(depth: Int) throws(CheckpointError) -> Fields {
        var fields = Fields()
        for _ in 0..<(try self.count(ofSize: 2)) {
            let name = try self.text()
            fields[name] = try self.present(depth: depth)
        }
        return fields
    }

    mutating func event() throws(CheckpointError) -> Event {
        let type = try self.text()
        let time = try self.signed()
        var event = Event(type: type, timestamp: time, fields: try self.fields())
        for _ in 0..<(try self.count()) { event.captured.append(try self.value()) }
        return event
    }

    mutating func optionalTime() throws(CheckpointError) -> Int64? {
        switch try self.byte() {
        case 0: nil
        case 1: try self.signed()
        default: throw .malformed("a time is of no known kind")
        }
    }
}
