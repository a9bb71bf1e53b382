/// A value with its tag, of any kind: what fields with values of several kinds, and arrays and maps, are made of.
///
/// The tag is that of a cell; arrays and maps have one of their own. A bool has a byte, numbers and times eight, a text its
/// length in four and its bytes, an array the number of its elements in four and the elements, a map the number of its
/// entries in four and for each a text and a value.
enum FrameValue {
    static let array: UInt8 = 8
    static let map: UInt8 = 9

    // MARK: - Writing

    static func tag(_ value: Value) -> UInt8 {
        switch value {
        case .null: Cell.null
        case .bool: Cell.bool
        case .int: Cell.int
        case .float: Cell.float
        case .string: Cell.string
        case .timestamp: Cell.timestamp
        case .duration: Cell.duration
        case .array: Self.array
        case .map: Self.map
        }
    }

    /// How many bytes `write` appends.
    static func size(_ value: Value) -> Int {
        switch value {
        case .null: 1
        case .bool: 2
        case .int, .float, .timestamp, .duration: 9
        case .string(let text): 5 + text.utf8.count
        case .array(let items): items.reduce(5) { $0 + Self.size($1) }
        case .map(let fields): fields.entries.reduce(5) { $0 + 4 + $1.name.utf8.count + Self.size($1.value) }
        }
    }

    static func write(_ value: Value, to bytes: inout [UInt8]) {
        bytes.append(Self.tag(value))
        switch value {
        case .null: break
        case .string(let text): Self.write(text, to: &bytes)
        case .array(let items):
            bytes.append(number: UInt32(items.count))
            for item in items { Self.write(item, to: &bytes) }
        case .map(let fields):
            bytes.append(number: UInt32(fields.count))
            for entry in fields.entries {
                Self.write(entry.name, to: &bytes)
                Self.write(entry.value, to: &bytes)
            }
        case .bool, .int, .float, .timestamp, .duration: Self.writeWord(value, to: &bytes)
        }
    }

    static func write(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(number: UInt32(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    /// A value of fixed size, without its tag.
    static func writeWord(_ value: Value, to bytes: inout [UInt8]) {
        switch value {
        case .bool(let bool): bytes.append(bool ? 1 : 0)
        case .int(let int): bytes.append(number: int)
        case .float(let float): bytes.append(number: float.bitPattern)
        case .timestamp(let time): bytes.append(number: time)
        case .duration(let duration): bytes.append(number: duration)
        case .null, .string, .array, .map: break
        }
    }

    // MARK: - Reading

    /// Moves over a value that is as it should be.
    ///
    /// - Parameter depth: How many levels of arrays and maps there may still be.
    static func check(_ cursor: inout FrameCursor, depth: Int) throws(EventDecodingError) {
        let start = cursor.position
        switch UInt8(try cursor.number(UInt8.self)) {
        case Cell.null: break
        case Cell.bool:
            guard try cursor.number(UInt8.self) <= 1 else { throw cursor.error("a bool is neither 0 nor 1", at: start) }
        case Cell.int, Cell.float, Cell.timestamp, Cell.duration: _ = try cursor.take(8)
        case Cell.string: _ = try cursor.text()
        case Self.array:
            guard depth > 0 else { throw cursor.error("an array or map lies too deep", .tooDeep, at: start) }
            let count = try cursor.number(UInt32.self)
            guard count <= EventLimits.elementsMax else {
                throw cursor.error("an array has more than 10,000 elements", .tooLarge, at: start)
            }
            for _ in 0..<count { try Self.check(&cursor, depth: depth - 1) }
        case Self.map:
            guard depth > 0 else { throw cursor.error("an array or map lies too deep", .tooDeep, at: start) }
            for _ in 0..<(try cursor.number(UInt32.self)) {
                _ = try cursor.text()
                try Self.check(&cursor, depth: depth - 1)
            }
        default: throw cursor.error("a value is of no known kind", at: start)
        }
    }

    /// The value at a place where one was checked; moves the place behind it.
    static func read(_ place: inout UnsafePointer<UInt8>) -> Value {
        let tag = place.pointee
        place += 1
        switch tag {
        case Cell.string: return .string(Self.readText(&place))
        case Self.array:
            let count = Self.readCount(&place)
            return .array((0..<count).map { _ in Self.read(&place) })
        case Self.map:
            var fields = Fields()
            for _ in 0..<Self.readCount(&place) {
                let name = Self.readText(&place)
                fields[name] = Self.read(&place)
            }
            return .map(fields)
        default: return Self.readWord(tag, &place)
        }
    }

    /// The value of a fixed size with this tag.
    static func readWord(_ tag: UInt8, _ place: inout UnsafePointer<UInt8>) -> Value {
        switch tag {
        case Cell.null: return .null
        case Cell.bool:
            defer { place += 1 }
            return .bool(place.pointee != 0)
        default:
            defer { place += 8 }
            let word = FrameCursor.number(place, as: UInt64.self)
            switch tag {
            case Cell.int: return .int(Int64(bitPattern: word))
            case Cell.float: return .float(Double(bitPattern: word))
            case Cell.timestamp: return .timestamp(Int64(bitPattern: word))
            default: return .duration(word)
            }
        }
    }

    static func readCount(_ place: inout UnsafePointer<UInt8>) -> Int {
        defer { place += 4 }
        return Int(FrameCursor.number(place, as: UInt32.self))
    }

    private static func readText(_ place: inout UnsafePointer<UInt8>) -> String {
        let count = Self.readCount(&place)
        defer { place += count }
        return String(decoding: UnsafeBufferPointer(start: place, count: count), as: UTF8.self)
    }
}

extension [UInt8] {
    /// Appends the bytes of a number, the least significant first.
    mutating func append<Number: FixedWidthInteger>(number: Number) {
        Swift.withUnsafeBytes(of: number.littleEndian) { self.append(contentsOf: $0) }
    }
}
