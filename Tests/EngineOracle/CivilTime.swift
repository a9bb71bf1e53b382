/// A time in UTC, found by counting the years and months one by one.
struct CivilTime {
    private(set) var year = 1970
    private(set) var month = 1
    private(set) var day = 1
    let secondOfDay: Int64
    let nanosecond: Int64

    init(_ nanoseconds: Int64) {
        var seconds = nanoseconds / 1_000_000_000
        var rest = nanoseconds % 1_000_000_000
        if rest < 0 {
            rest += 1_000_000_000
            seconds -= 1
        }
        var days = seconds / 86_400
        var second = seconds % 86_400
        if second < 0 {
            second += 86_400
            days -= 1
        }
        self.nanosecond = rest
        self.secondOfDay = second
        while days < 0 {
            self.year -= 1
            days += Self.length(ofYear: self.year)
        }
        while days >= Self.length(ofYear: self.year) {
            days -= Self.length(ofYear: self.year)
            self.year += 1
        }
        while days >= Self.length(ofMonth: self.month, year: self.year) {
            days -= Self.length(ofMonth: self.month, year: self.year)
            self.month += 1
        }
        self.day = Int(days) + 1
    }

    /// RFC 3339 with the needed fraction.
    var text: String {
        var fraction = ""
        if self.nanosecond != 0 {
            fraction = "." + Self.padded(self.nanosecond, 9)
            while fraction.hasSuffix("0") { fraction.removeLast() }
        }
        return self.date + "T" + self.clock + fraction + "Z"
    }

    func wholeSecondsText() throws -> String {
        if self.nanosecond != 0 { throw Unspecified("text of a timestamp with a fraction") }
        return self.date + "T" + self.clock + "Z"
    }

    private var date: String {
        [Self.padded(Int64(self.year), 4), Self.padded(Int64(self.month), 2), Self.padded(Int64(self.day), 2)]
            .joined(separator: "-")
    }

    private var clock: String {
        [self.secondOfDay / 3600, self.secondOfDay / 60 % 60, self.secondOfDay % 60].map { Self.padded($0, 2) }
            .joined(separator: ":")
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    private static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    private static func length(ofYear year: Int) -> Int64 { self.isLeap(year) ? 366 : 365 }

    private static func length(ofMonth month: Int, year: Int) -> Int64 {
        switch month {
        case 2: self.isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
