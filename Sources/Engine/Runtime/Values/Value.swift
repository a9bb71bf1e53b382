/// What a field or an expression holds. An expression without a value, because a field is absent or an operation does
/// not apply, is `nil` of `Value?`, and is called missing.
public enum Value: Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case float(Double)
    case string(String)
    /// Nanoseconds since 1970.
    case timestamp(Int64)
    /// Nanoseconds.
    case duration(UInt64)
    case array([Value])
    case map(Fields)
}

extension Value {
    /// The name `type_of` gives it.
    public var typeName: String {
        switch self {
        case .null: "null"
        case .bool: "bool"
        case .int: "int"
        case .float: "float"
        case .string: "string"
        case .timestamp: "timestamp"
        case .duration: "duration"
        case .array: "array"
        case .map: "map"
        }
    }

    var isNull: Bool {
        if case .null = self { true } else { false }
    }

    /// The number as a float; nil for anything but int and float.
    var number: Double? {
        switch self {
        case .int(let int): Double(int)
        case .float(let float): float
        case .null, .bool, .string, .timestamp, .duration, .array, .map: nil
        }
    }
}

extension Value: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .int(value) }
    public init(floatLiteral value: Double) { self = .float(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
}
