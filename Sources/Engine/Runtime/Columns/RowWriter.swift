import VPL

/// Writes rows as `EventEncoder` writes events.
final class RowWriter {
    private let batch: Batch
    private(set) var bytes = PlainBuffer<UInt8>()
    private var dates = DateCache()
    /// What the rows of an operation have in common, by its rank. Its fields and their names never change.
    private var forms: [Int: LineForm] = [:]

    private final class LineForm {
        /// `{"event_type":…,"timestamp":"`, for frames whose events are of one type.
        let head: [UInt8]?
        /// `"name":` of each field.
        let names: [[UInt8]]
        /// Whether a payload has the field: its other members have some of the names.
        let isInPayload: [Bool]

        init(_ frame: Frame) {
            let fields = frame.fields ?? []
            self.head = frame.type.map(RowWriter.head)
            self.names = fields.map { field in
                var name = JSONWriter()
                name.write(field.name)
                return name.bytes + [UInt8(ascii: ":")]
            }
            self.isInPayload = fields.map { $0.name != "timestamp" && $0.name != "event_type" }
        }
    }

    init(_ batch: Batch) { self.batch = batch }

    deinit { self.bytes.free() }

    func clear() { self.bytes.removeAll() }

    var written: [UInt8] { Array(UnsafeBufferPointer(start: self.bytes.base, count: self.bytes.count)) }

    /// A line of the program's output, with its newline.
    ///
    /// - Parameter rank: Of the operation that gives the row.
    func writeLine(_ row: Int, _ frame: Frame, rank: Int) {
        guard let fields = frame.fields else {
            self.append(EventEncoder.outputLine(self.batch.event(row, in: frame)))
            self.bytes.append(UInt8(ascii: "\n"))
            return
        }
        let form = self.form(of: frame, rank)
        self.append(form.head ?? Self.head(self.batch.typeName(row)))
        self.dates.append(frame.times[row], to: &self.bytes)
        self.append("\",\"fields\":{")
        var isFirst = true
        for place in 0..<form.names.count {
            let column = fields[place].column
            if column.tags[row] == Cell.missing { continue }
            if !isFirst { self.bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            self.append(form.names[place])
            self.write(column, row)
        }
        self.append("}}\n")
    }

    /// What goes to a sink.
    func writePayload(_ row: Int, _ frame: Frame, rank: Int) {
        guard let fields = frame.fields else {
            return self.append(EventEncoder.sinkPayload(self.batch.event(row, in: frame)))
        }
        let form = self.form(of: frame, rank)
        self.append(form.head ?? Self.head(self.batch.typeName(row)))
        self.dates.append(frame.times[row], to: &self.bytes)
        self.append("\"")
        for place in 0..<form.names.count where form.isInPayload[place] {
            let column = fields[place].column
            if column.tags[row] == Cell.missing { continue }
            self.bytes.append(UInt8(ascii: ","))
            self.append(form.names[place])
            self.write(column, row)
        }
        self.append("}")
    }

    private func form(of frame: Frame, _ rank: Int) -> LineForm {
        if let form = self.forms[rank] { return form }
        let form = LineForm(frame)
        self.forms[rank] = form
        return form
    }

    private static func head(_ type: String) -> [UInt8] {
        var head = JSONWriter()
        head.raw("{\"event_type\":")
        head.write(type)
        head.raw(",\"timestamp\":\"")
        return head.bytes
    }

    private func write(_ column: Column, _ row: Int) {
        let word = column.words[row]
        switch column.tags[row] {
        case Cell.int: self.bytes.append(decimal: Int64(bitPattern: word))
        case Cell.float:
            let float = Double(bitPattern: word)
            var text = float.isFinite ? float.description : "null"
            text.withUTF8 { self.bytes.append(contentsOf: $0) }
        case Cell.string where self.isPlain(TextPlace(rawValue: word)):
            self.bytes.append(UInt8(ascii: "\""))
            self.bytes.append(contentsOf: self.batch.bytes(TextPlace(rawValue: word)))
            self.bytes.append(UInt8(ascii: "\""))
        default:
            var writer = JSONWriter()
            writer.write(self.batch.value(column, row) ?? .null)
            self.append(writer.bytes)
        }
    }

    /// Nothing in the text needs an escape: what is in an input of JSON or of event files came without any.
    @inline(__always)
    private func isPlain(_ place: TextPlace) -> Bool {
        !place.isInHeap && !self.batch.hasRawInput
            || self.batch.bytes(place).allSatisfy { $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
    }

    @inline(__always)
    private func append(_ bytes: [UInt8]) { bytes.withUnsafeBufferPointer { self.bytes.append(contentsOf: $0) } }

    @inline(__always)
    private func append(_ text: StaticString) { text.withUTF8Buffer { self.bytes.append(contentsOf: $0) } }
}

extension PlainBuffer<UInt8> {
    /// The number's digits.
    mutating func append(decimal number: Int64) {
        if number < 0 { self.append(UInt8(ascii: "-")) }
        let magnitude = number.magnitude
        var digits = 1
        var divisor: UInt64 = 1
        while magnitude / divisor >= 10 {
            divisor *= 10
            digits += 1
        }
        self.append(decimal: magnitude, digits: digits)
    }

    /// So many digits, with zeros before the number where it has fewer.
    mutating func append(decimal number: UInt64, digits: Int) {
        self.append(UInt8(ascii: "0"), times: digits)
        var (rest, place) = (number, self.base + self.count)
        for _ in 0..<digits {
            place -= 1
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            place.pointee = UInt8(truncatingIfNeeded: digit) + UInt8(ascii: "0")
            rest = quotient
        }
    }
}

/// Writes times in RFC 3339. The date of a day is made once: events follow each other closely.
private struct DateCache {
    private var day = Int64.min
    /// `YYYY-MM-DDT`
    private var date: [UInt8] = []

    private static let secondsPerDay: Int64 = 86_400

    mutating func append(_ nanoseconds: Int64, to bytes: inout PlainBuffer<UInt8>) {
        let (second, fraction) = Self.divide(nanoseconds, by: 1_000_000_000)
        let (day, rest) = Self.divide(second, by: Self.secondsPerDay)
        if day != self.day {
            self.day = day
            self.date = Array(CalendarTime(nanosecondsSinceEpoch: nanoseconds).date.utf8) + [UInt8(ascii: "T")]
        }
        self.date.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
        let time = UInt64(rest)
        bytes.append(decimal: time / 3600, digits: 2)
        bytes.append(UInt8(ascii: ":"))
        bytes.append(decimal: time / 60 % 60, digits: 2)
        bytes.append(UInt8(ascii: ":"))
        bytes.append(decimal: time % 60, digits: 2)
        if fraction != 0 {
            bytes.append(UInt8(ascii: "."))
            var (digits, value) = (9, UInt64(fraction))
            while value % 10 == 0 {
                value /= 10
                digits -= 1
            }
            bytes.append(decimal: value, digits: digits)
        }
        bytes.append(UInt8(ascii: "Z"))
    }

    /// Rounded down, so that the remainder is not negative.
    private static func divide(_ number: Int64, by divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = number.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
