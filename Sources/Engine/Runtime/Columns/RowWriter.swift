import VPL

/// Writes rows as lines of the program's output, as `EventEncoder.outputLine` writes events.
struct RowWriter {
    private let batch: Batch
    private var writer = JSONWriter()
    private var dates = DateCache()
    /// What the lines of a frame have in common, by the place of its list.
    private var forms: [Int: LineForm] = [:]

    private struct LineForm {
        /// `{"event_type":…,"timestamp":"`, for frames whose events are of one type.
        var head: [UInt8]?
        /// `"name":` of each field.
        var names: [[UInt8]] = []
    }

    init(_ batch: Batch, _ bytes: [UInt8]) {
        self.batch = batch
        self.writer.bytes = bytes
    }

    var bytes: [UInt8] { self.writer.bytes }

    /// - Parameter list: A number of the frame, the same for all of its rows.
    mutating func write(_ row: Int, _ frame: Frame, list: Int) {
        if self.forms[list] == nil { self.forms[list] = self.form(of: frame) }
        guard let form = self.forms[list] else { return }
        self.writer.bytes.append(contentsOf: form.head ?? Self.head(self.batch.typeName(row)))
        self.dates.append(frame.times[row], to: &self.writer.bytes)
        self.writer.raw("\",\"fields\":{")
        var isFirst = true
        for (place, field) in (frame.fields ?? []).enumerated() where field.column.tags[row] != Cell.missing {
            if !isFirst { self.writer.bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            self.writer.bytes.append(contentsOf: form.names[place])
            self.write(field.column, row)
        }
        self.writer.raw("}}\n")
    }

    private func form(of frame: Frame) -> LineForm {
        var form = LineForm(head: frame.type.map(Self.head))
        for field in frame.fields ?? [] {
            var name = JSONWriter()
            name.write(field.name)
            form.names.append(name.bytes + [UInt8(ascii: ":")])
        }
        return form
    }

    private static func head(_ type: String) -> [UInt8] {
        var head = JSONWriter()
        head.raw("{\"event_type\":")
        head.write(type)
        head.raw(",\"timestamp\":\"")
        return head.bytes
    }

    private mutating func write(_ column: Column, _ row: Int) {
        let word = column.words[row]
        switch column.tags[row] {
        case Cell.int: self.writer.raw(String(Int64(bitPattern: word)))
        case Cell.float: self.writer.write(Double(bitPattern: word))
        case Cell.string:
            let place = TextPlace(rawValue: word)
            if place.isInHeap {
                self.writer.write(String(decoding: self.batch.bytes(place), as: UTF8.self))
            } else {
                // As it came, which was without anything to escape.
                self.writer.bytes.append(UInt8(ascii: "\""))
                self.writer.bytes.append(contentsOf: self.batch.bytes(place))
                self.writer.bytes.append(UInt8(ascii: "\""))
            }
        default: self.writer.write(self.batch.value(column, row) ?? .null)
        }
    }
}

/// Writes times in RFC 3339. The date of a day is made once: events follow each other closely.
private struct DateCache {
    private var day = Int64.min
    /// `YYYY-MM-DDT`
    private var date: [UInt8] = []

    private static let secondsPerDay: Int64 = 86_400

    mutating func append(_ nanoseconds: Int64, to bytes: inout [UInt8]) {
        let (second, fraction) = Self.divide(nanoseconds, by: 1_000_000_000)
        let (day, rest) = Self.divide(second, by: Self.secondsPerDay)
        if day != self.day {
            self.day = day
            self.date = Array(CalendarTime(nanosecondsSinceEpoch: nanoseconds).date.utf8) + [UInt8(ascii: "T")]
        }
        bytes.append(contentsOf: self.date)
        Self.append(rest / 3600, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        Self.append(rest / 60 % 60, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        Self.append(rest % 60, digits: 2, to: &bytes)
        if fraction != 0 {
            bytes.append(UInt8(ascii: "."))
            var (digits, value) = (9, fraction)
            while value % 10 == 0 {
                value /= 10
                digits -= 1
            }
            Self.append(value, digits: digits, to: &bytes)
        }
        bytes.append(UInt8(ascii: "Z"))
    }

    /// Rounded down, so that the remainder is not negative.
    private static func divide(_ number: Int64, by divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = number.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    private static func append(_ number: Int64, digits: Int, to bytes: inout [UInt8]) {
        var divisor: Int64 = 1
        for _ in 1..<digits { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(truncatingIfNeeded: number / divisor % 10) + UInt8(ascii: "0"))
            divisor /= 10
        }
    }
}
