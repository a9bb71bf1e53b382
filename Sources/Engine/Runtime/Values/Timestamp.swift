import VPL

/// Times as text.
public enum Timestamp {
    /// RFC 3339 in UTC with as many digits of the second as are needed.
    public static func rfc3339(_ nanoseconds: Int64) -> String {
        CalendarTime(nanosecondsSinceEpoch: nanoseconds).rfc3339
    }

    /// Stands for no time. No text and no number of milliseconds gives it.
    static let none = Int64.min

    /// The nanoseconds since 1970 of an RFC 3339 text, nil when it is none.
    public static func nanoseconds(ofRFC3339 text: String) -> Int64? {
        let nanoseconds = CalendarTime.nanoseconds(ofRFC3339: text.utf8)
        return nanoseconds == Self.none ? nil : nanoseconds
    }
}
