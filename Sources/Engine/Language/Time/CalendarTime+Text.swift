/// The two spellings of a time: the literal of the language and RFC 3339.
extension CalendarTime {
    /// `YYYY-MM-DD` or `YYYY-MM-DDThh:mm:ss`, with `Z`, an offset or nothing (which means UTC).
    package static func nanoseconds(ofLiteral text: some Sequence<UInt8>) -> Int64? {
        var reader = DigitReader(bytes: Array(text))
        guard var time = reader.date() else { return nil }
        if reader.isAtEnd { return time.nanosecondsSinceEpoch }
        guard reader.skip("T"), reader.time(into: &time) else { return nil }
        return reader.isAtEnd ? time.nanosecondsSinceEpoch : reader.shifted(time)
    }

    /// An RFC 3339 date and time: `T`, `t` or a space between, any fraction (cut to nanoseconds), an offset that is
    /// not optional.
    package static func nanoseconds(ofRFC3339 text: some Sequence<UInt8>) -> Int64? {
        var reader = DigitReader(bytes: Array(text))
        guard var time = reader.date(), reader.skip("T") || reader.skip("t") || reader.skip(" "),
            reader.time(into: &time)
        else { return nil }
        if reader.skip(".") {
            guard let fraction = reader.fraction() else { return nil }
            time.nanosecond = fraction
        }
        return reader.shifted(time)
    }

    /// RFC 3339 in UTC, with as many digits of the second as are needed.
    package var rfc3339: String {
        var text = self.date + "T" + self.timeOfDay
        if self.nanosecond != 0 {
            var digits = String(1_000_000_000 + self.nanosecond).dropFirst()
            while digits.last == "0" { digits.removeLast() }
            text += "." + digits
        }
        return text + "Z"
    }

    /// `YYYY-MM-DD`.
    package var date: String { "\(Self.pad(self.year, to: 4))-\(Self.pad(self.month))-\(Self.pad(self.day))" }

    /// `hh:mm:ss`.
    package var timeOfDay: String { "\(Self.pad(self.hour)):\(Self.pad(self.minute)):\(Self.pad(self.second))" }

    package static func pad(_ number: Int, to width: Int = 2) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}

/// Reads the fixed-width numbers of a time.
private struct DigitReader {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { self.position == self.bytes.count }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard !self.isAtEnd, self.bytes[self.position] == UInt8(ascii: character) else { return false }
        self.position += 1
        return true
    }

    mutating func number(_ digits: Int) -> Int? {
        guard self.position + digits <= self.bytes.count else { return nil }
        var value = 0
        for byte in self.bytes[self.position..<self.position + digits] {
            guard byte.isDigit else { return nil }
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
        }
        self.position += digits
        return value
    }

    mutating func date() -> CalendarTime? {
        guard let year = self.number(4), self.skip("-"), let month = self.number(2), self.skip("-"),
            let day = self.number(2)
        else { return nil }
        return CalendarTime(year: year, month: month, day: day)
    }

    mutating func time(into time: inout CalendarTime) -> Bool {
        guard let hour = self.number(2), self.skip(":"), let minute = self.number(2), self.skip(":"),
            let second = self.number(2)
        else { return false }
        (time.hour, time.minute, time.second) = (hour, minute, second)
        return true
    }

    mutating func fraction() -> Int? {
        var value = 0
        var digits = 0
        while !self.isAtEnd, self.bytes[self.position].isDigit {
            if digits < 9 { value = value * 10 + Int(self.bytes[self.position] - UInt8(ascii: "0")) }
            digits += 1
            self.position += 1
        }
        guard digits > 0 else { return nil }
        for _ in 0..<max(0, 9 - digits) { value *= 10 }
        return value
    }

    /// The time in UTC, after the offset that must now follow and end the text.
    mutating func shifted(_ time: CalendarTime) -> Int64? {
        guard let local = time.nanosecondsSinceEpoch else { return nil }
        if self.skip("Z") || self.skip("z") { return self.isAtEnd ? local : nil }
        let isEast = self.skip("+")
        guard isEast || self.skip("-"), let hours = self.number(2), self.skip(":"), let minutes = self.number(2),
            hours <= 23, minutes <= 59, self.isAtEnd
        else { return nil }
        let offset = Int64(hours * 60 + minutes) * 60_000_000_000
        let (shifted, overflow) =
            isEast ? local.subtractingReportingOverflow(offset) : local.addingReportingOverflow(offset)
        return overflow ? nil : shifted
    }
}
