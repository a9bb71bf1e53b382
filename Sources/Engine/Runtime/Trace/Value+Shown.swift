import VPL

/// Values as they are shown to people who look for a reason: strings in quotes, nothing that moves a terminal's cursor, and
/// what is long is cut.
extension Value {
    private static var shownMax: Int { 80 }

    var shown: String { self.shown(atMost: Self.shownMax) }

    fileprivate func shown(atMost scalarsMax: Int) -> String {
        switch self {
        case .string, .array, .map: String(decoding: EventEncoder.json(self), as: UTF8.self).cut(to: scalarsMax)
        case .null, .bool, .int, .float, .timestamp, .duration: self.text
        }
    }
}

extension Value? {
    /// What has no value is shown as such.
    var shown: String { self?.shown ?? "missing" }
}

extension Fields {
    private static var shownMax: Int { 12 }

    /// The first fields, and how many more there are.
    var shown: String {
        var parts = self.entries.prefix(Self.shownMax).map { "\($0.name.cut(to: 40)): \($0.value.shown)" }
        if self.count > Self.shownMax { parts.append("… \(self.count - Self.shownMax) more") }
        return "{\(parts.joined(separator: ", "))}"
    }
}

extension String {
    /// At most so many scalars, with a mark where some are left out.
    func cut(to scalarsMax: Int) -> String {
        let scalars = self.unicodeScalars
        guard let end = scalars.index(scalars.startIndex, offsetBy: scalarsMax, limitedBy: scalars.endIndex),
            end < scalars.endIndex
        else { return self }
        return String(scalars[..<end]) + "…"
    }
}

extension Int64 {
    /// A time, in nanoseconds since 1970.
    var shownAsTime: String { CalendarTime(nanosecondsSinceEpoch: self).rfc3339 }

    /// A span of time, in nanoseconds, whole: `90s`, not `1m`.
    var shownAsSpan: String {
        let units: [(length: Int64, name: String)] = [
            (86_400_000_000_000, "d"), (3_600_000_000_000, "h"), (60_000_000_000, "m"), (1_000_000_000, "s"),
            (1_000_000, "ms"), (1000, "us"),
        ]
        for unit in units where self > 0 && self % unit.length == 0 { return "\(self / unit.length)\(unit.name)" }
        return "\(self)ns"
    }
}
