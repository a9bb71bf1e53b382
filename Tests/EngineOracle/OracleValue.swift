/// A value of the language (section 5). Missing is nil, as an optional value.
public enum OracleValue: Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case float(Double)
    case string(String)
    /// Nanoseconds since the epoch.
    case timestamp(Int64)
    /// Nanoseconds.
    case duration(UInt64)
    case array([OracleValue])
    case map(OracleFields)
}

/// Fields in the order in which they were set.
public struct OracleFields: Sendable {
    public private(set) var entries: [(name: String, value: OracleValue)] = []

    public init() {}

    public subscript(name: String) -> OracleValue? {
        get { self.entries.first { $0.name.isSameText(as: name) }?.value }
        set {
            let place = self.entries.firstIndex { $0.name.isSameText(as: name) }
            switch (place, newValue) {
            case (let place?, let value?): self.entries[place].value = value
            case (let place?, nil): self.entries.remove(at: place)
            case (nil, let value?): self.entries.append((name, value))
            case (nil, nil): break
            }
        }
    }
}

/// An event: type, time and fields.
public struct OracleEvent: Sendable {
    public var type: String
    /// Nanoseconds since the epoch.
    public var timestamp: Int64
    public var fields: OracleFields

    public init(type: String, timestamp: Int64, fields: OracleFields) {
        self.type = type
        self.timestamp = timestamp
        self.fields = fields
    }
}

extension String {
    /// Whether the scalars are the same, without normalization.
    func isSameText(as other: String) -> Bool { self.unicodeScalars.elementsEqual(other.unicodeScalars) }
}
