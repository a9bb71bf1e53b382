import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// The present second as HTTP writes it, `Date: Sun, 06 Nov 1994 08:49:37 GMT`. Formatted once a second.
enum HTTPDate {
    private static let last = Mutex((second: 0, line: [UInt8]()))

    /// The header, with the end of its line.
    static var line: [UInt8] {
        let second = time(nil)
        return self.last.withLock { last in
            if last.second != second { last = (second, Array("Date: \(self.format(second))\r\n".utf8)) }
            return last.line
        }
    }

    /// The present second as JSON has it, `1994-11-06T08:49:37Z`.
    static func rfc3339(_ second: Int = time(nil)) -> String {
        let parts = Self.parts(of: second)
        return "\(1_900 + parts.tm_year)-\(Self.two(parts.tm_mon + 1))-\(Self.two(parts.tm_mday))"
            + "T\(Self.two(parts.tm_hour)):\(Self.two(parts.tm_min)):\(Self.two(parts.tm_sec))Z"
    }

    private static func parts(of second: Int) -> tm {
        var second = second
        var parts = tm()
        gmtime_r(&second, &parts)
        return parts
    }

    private static func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }

    static func format(_ second: Int) -> String {
        let parts = Self.parts(of: second)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let day = "\(days[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon)])"
        return "\(day) \(1_900 + parts.tm_year) \(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
    }
}
