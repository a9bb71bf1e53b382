import VPL

extension Value {
    /// The form that `to_string`, interpolation and printing use.
    public var text: String {
        if case .string(let string) = self { return string }
        var text = ""
        self.write(to: &text)
        return text
    }

    /// Strings inside arrays and maps are quoted.
    private func write(to text: inout String) {
        switch self {
        case .null: text += "null"
        case .bool(let bool): text += bool ? "true" : "false"
        case .int(let int): text += String(int)
        case .float(let float): text += float.text
        case .string(let string):
            text += "\""
            text += string
            text += "\""
        case .timestamp(let time):
            let calendar = CalendarTime(nanosecondsSinceEpoch: time)
            text += "@\(calendar.date)T\(calendar.timeOfDay)Z"
        case .duration(let nanoseconds): text += Self.durationText(nanoseconds)
        case .array(let items):
            text += "["
            for (position, item) in items.enumerated() {
                if position > 0 { text += ", " }
                item.write(to: &text)
            }
            text += "]"
        case .map(let fields): fields.write(to: &text)
        }
    }

    /// In the largest unit that does not exceed it, truncated: 90 seconds are `1m`.
    private static func durationText(_ nanoseconds: UInt64) -> String {
        let units: [(length: UInt64, name: String)] = [
            (86_400_000_000_000, "d"), (3_600_000_000_000, "h"), (60_000_000_000, "m"), (1_000_000_000, "s"),
            (1_000_000, "ms"), (1000, "us"),
        ]
        for unit in units where nanoseconds >= unit.length { return "\(nanoseconds / unit.length)\(unit.name)" }
        return "\(nanoseconds)ns"
    }

    fileprivate static func write(_ fields: Fields, to text: inout String) {
        text += "{"
        for (position, entry) in fields.entries.enumerated() {
            if position > 0 { text += ", " }
            text += entry.name
            text += ": "
            entry.value.write(to: &text)
        }
        text += "}"
    }
}

extension Fields {
    /// `{name: value, …}`
    public var text: String {
        var text = ""
        self.write(to: &text)
        return text
    }

    fileprivate func write(to text: inout String) { Value.write(self, to: &text) }
}

extension Double {
    /// The shortest form that reads back the same, without `.0`.
    fileprivate var text: String {
        let text = self.description
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
