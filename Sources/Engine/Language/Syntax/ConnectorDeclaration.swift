/// A connection to the outside that programs can read from and write to, given by a program or by the cluster.
public struct ConnectorDeclaration: Hashable, Sendable {
    public let name: String
    /// The kind of connector, such as `mqtt`, `console`, `file`, `stdin` or `stdout`.
    public let type: String
    public let parameters: [ConnectorParameter]

    public init(name: String, type: String, parameters: [ConnectorParameter] = []) {
        self.name = name
        self.type = type
        self.parameters = parameters
    }

    /// The value of the last parameter of that name.
    public func parameter(_ name: String) -> ConnectorParameter.Value? {
        self.parameters.last { $0.name == name }?.value
    }
}

/// One `name: value` of a connector, or of the place where a stream uses it.
public struct ConnectorParameter: Hashable, Sendable {
    public indirect enum Value: Hashable, Sendable {
        case string(String)
        case int(Int64)
        case float(Double)
        case bool(Bool)
        /// Nanoseconds.
        case duration(UInt64)
        case array([Value])
    }

    public let name: String
    public let value: Value

    public init(name: String, value: Value) {
        self.name = name
        self.value = value
    }
}

extension ConnectorParameter.Value {
    /// The string, or nil for any other kind of value.
    public var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The truth value; its name in a string counts as one, because cluster connectors carry only strings.
    public var bool: Bool? {
        switch self {
        case .bool(let value): value
        case .string("true"): true
        case .string("false"): false
        case .string, .int, .float, .duration, .array: nil
        }
    }

    /// The integer; a string of digits counts as one, because cluster connectors carry only strings.
    public var int: Int64? {
        switch self {
        case .int(let number): number
        case .string(let text): Int64(text)
        case .float, .bool, .duration, .array: nil
        }
    }
}
