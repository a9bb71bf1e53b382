/// The proleptic Gregorian calendar in UTC, as nanoseconds since 1970.
///
/// Both directions use the count of days from the civil date with years that begin in March, so that the leap day is the
/// last of its year: 2000-03-01 is day 0 of an era of 400 years, which has 146 097 days.
package struct CalendarTime: Equatable, Sendable {
    package var year: Int
    package var month: Int
    package var day: Int
    package var hour = 0
    package var minute = 0
    package var second = 0
    package var nanosecond = 0

    private static let secondsPerDay: Int64 = 86_400

    package init(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0, nanosecond: Int = 0)
    {
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
        self.nanosecond = nanosecond
    }

    /// The calendar's view of a time.
    package init(nanosecondsSinceEpoch nanoseconds: Int64) {
        let (seconds, fraction) = nanoseconds.flooredDivision(by: 1_000_000_000)
        let (days, secondOfDay) = seconds.flooredDivision(by: Self.secondsPerDay)
        let shifted = days + 719_468
        let (era, dayOfEra) = shifted.flooredDivision(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        self.year = Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0)
        self.month = Int(month)
        self.day = Int(dayOfYear - (153 * marchMonth + 2) / 5 + 1)
        self.hour = Int(secondOfDay / 3600)
        self.minute = Int(secondOfDay / 60 % 60)
        self.second = Int(secondOfDay % 60)
        self.nanosecond = Int(fraction)
    }

    /// The time this date and time of day stand for in UTC; nil when there is no such date or it is out of range.
    package var nanosecondsSinceEpoch: Int64? {
        guard (1...12).contains(self.month), self.day >= 1, self.day <= Self.days(in: self.month, of: self.year),
            (0...23).contains(self.hour), (0...59).contains(self.minute), (0...59).contains(self.second),
            (0...9999).contains(self.year)
        else { return nil }
        let marchYear = Int64(self.month <= 2 ? self.year - 1 : self.year)
        let (era, yearOfEra) = marchYear.flooredDivision(by: 400)
        let marchMonth = Int64(self.month > 2 ? self.month - 3 : self.month + 9)
        let dayOfYear = (153 * marchMonth + 2) / 5 + Int64(self.day) - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        let seconds = days * Self.secondsPerDay + Int64(self.hour * 3600 + self.minute * 60 + self.second)
        return seconds.nanoseconds(adding: Int64(self.nanosecond))
    }

    private static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: (year.isMultiple(of: 4) && !year.isMultiple(of: 100)) || year.isMultiple(of: 400) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

extension Int64 {
    fileprivate func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = self.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    /// Seconds to nanoseconds, nil when they do not fit. A negative second is counted one up first, so that the earliest
    /// representable times do not overflow on the way.
    fileprivate func nanoseconds(adding fraction: Int64) -> Int64? {
        let (whole, rest) = self < 0 ? (self + 1, fraction - 1_000_000_000) : (self, fraction)
        let (product, tooBig) = whole.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflow) = product.addingReportingOverflow(rest)
        return tooBig || overflow ? nil : sum
    }
}
