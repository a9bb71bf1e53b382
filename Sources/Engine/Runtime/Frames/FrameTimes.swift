/// The times of a frame's rows: eight bytes each, or a start, a unit and how many units after the start each is.
///
/// Events that come one after the other mostly have whole milliseconds and few seconds between them: two bytes do then.
struct FrameTimes {
    /// The first byte of them. The others have a start, a unit in nanoseconds, and numbers of so many bytes.
    static let plain: UInt8 = 0
    static let short: UInt8 = 2
    static let long: UInt8 = 4

    let form: UInt8
    /// Of the first row.
    let place: Int
    let start: Int64
    let unit: UInt64

    // MARK: - Writing

    static func write(_ times: [Int64], to frame: inout [UInt8]) {
        let start = times.min() ?? 0
        var (unit, longest): (UInt64, UInt64) = (0, 0)
        for time in times {
            // The distance may have 64 bits.
            let distance = UInt64(bitPattern: time &- start)
            unit = Self.commonDivisor(distance, unit)
            longest = max(longest, distance)
        }
        unit = max(unit, 1)
        let form = longest / unit <= UInt16.max ? Self.short : longest / unit <= UInt32.max ? Self.long : Self.plain
        frame.append(form)
        guard form != Self.plain else {
            for time in times { frame.append(number: time) }
            return
        }
        frame.append(number: start)
        frame.append(number: unit)
        for time in times {
            let units = UInt64(bitPattern: time &- start) / unit
            if form == Self.short { frame.append(number: UInt16(units)) } else { frame.append(number: UInt32(units)) }
        }
    }

    private static func commonDivisor(_ first: UInt64, _ second: UInt64) -> UInt64 {
        var (larger, smaller) = (first, second)
        while smaller > 0 { (larger, smaller) = (smaller, larger % smaller) }
        return larger
    }

    // MARK: - Reading

    init(_ cursor: inout FrameCursor, rows: Int) throws(EventDecodingError) {
        self.form = UInt8(try cursor.number(UInt8.self))
        guard self.form != Self.plain else {
            (self.start, self.unit) = (0, 1)
            self.place = try cursor.take(rows * 8)
            return
        }
        guard self.form == Self.short || self.form == Self.long else {
            throw cursor.error("the times are of no known form", at: cursor.position - 1)
        }
        let head = try cursor.take(16)
        self.start = FrameCursor.number(cursor.bytes + head, as: Int64.self)
        self.unit = FrameCursor.number(cursor.bytes + head + 8, as: UInt64.self)
        self.place = try cursor.take(rows * Int(self.form))
    }

    /// Sets the times of so many rows; sums are modulo 2^64.
    func read(_ bytes: UnsafePointer<UInt8>, rows: Int, into times: UnsafeMutablePointer<Int64>) {
        let bytes = UnsafeRawPointer(bytes + self.place)
        switch self.form {
        case Self.short:
            for row in 0..<rows {
                let units = UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: row * 2, as: UInt16.self))
                times[row] = self.start &+ Int64(bitPattern: UInt64(units) &* self.unit)
            }
        case Self.long:
            for row in 0..<rows {
                let units = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: row * 4, as: UInt32.self))
                times[row] = self.start &+ Int64(bitPattern: UInt64(units) &* self.unit)
            }
        default:
            for row in 0..<rows {
                times[row] = Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: row * 8, as: Int64.self))
            }
        }
    }
}
