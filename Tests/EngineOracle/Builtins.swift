import Glibc

/// The built-in functions of section 7. A missing argument gives missing, except where the table says otherwise.
enum OracleBuiltins {
    static func call(_ name: String, _ arguments: [OracleValue?], now: Int64) throws -> OracleValue? {
        switch name {
        case "now": return arguments.isEmpty ? .timestamp(now) : nil
        case "coalesce", "if_null":
            return arguments.compactMap { $0 }.first { if case .null = $0 { false } else { true } } ?? .null
        case "is_null":
            switch arguments[0] {
            case nil, .null: return .bool(true)
            default: return .bool(false)
            }
        case "type_of": return .string(arguments[0]?.typeName ?? "null")
        default:
            let values = arguments.compactMap { $0 }
            guard values.count == arguments.count else { return nil }
            return try self.number(name, values) ?? self.collection(name, values) ?? self.text(name, values)
                ?? self.conversion(name, values)
        }
    }

    // MARK: - Numbers

    private static func number(_ name: String, _ arguments: [OracleValue]) throws -> OracleValue? {
        switch (name, arguments.count) {
        case ("abs", 1):
            switch arguments[0] {
            case .int(let int): return .int(int < 0 ? 0 &- int : int)
            case .float(let float): return .float(float.magnitude)
            default: return nil
            }
        case ("sqrt", 1): return arguments[0].number.map { .float(sqrt($0)) }
        case ("log", 1): return arguments[0].number.map { .float(log($0)) }
        case ("log10", 1): return arguments[0].number.map { .float(log10($0)) }
        case ("exp", 1): return arguments[0].number.map { .float(exp($0)) }
        case ("sin", 1): return arguments[0].number.map { .float(sin($0)) }
        case ("cos", 1): return arguments[0].number.map { .float(cos($0)) }
        case ("tan", 1): return arguments[0].number.map { .float(tan($0)) }
        case ("floor", 1): return self.whole(arguments[0]) { floor($0) }
        case ("ceil", 1): return self.whole(arguments[0]) { ceil($0) }
        case ("round", 1): return self.whole(arguments[0]) { round($0) }
        case ("pow", 2):
            guard arguments[0].number != nil, arguments[1].number != nil else { return nil }
            return try OracleArithmetic.apply(.power, arguments[0], arguments[1])
        case ("min", 2): return try self.extreme(arguments[0], arguments[1], wantsLess: true)
        case ("max", 2): return try self.extreme(arguments[0], arguments[1], wantsLess: false)
        case ("clamp", 3):
            guard let raised = try self.extreme(arguments[0], arguments[1], wantsLess: false) else { return nil }
            return try self.extreme(raised, arguments[2], wantsLess: true)
        default: return nil
        }
    }

    private static func whole(_ value: OracleValue, _ rounded: (Double) -> Double) -> OracleValue? {
        switch value {
        case .int: value
        case .float(let float): .int(self.saturated(rounded(float)))
        default: nil
        }
    }

    /// The whole float as an int; out of range the nearest int, NaN 0.
    static func saturated(_ float: Double) -> Int64 {
        if float.isNaN { return 0 }
        return Int64(exactly: float) ?? (float < 0 ? .min : .max)
    }

    private static func extreme(_ left: OracleValue, _ right: OracleValue, wantsLess: Bool) throws -> OracleValue? {
        if left.isNaN || right.isNaN { throw Unspecified("min or max with NaN") }
        if case .int(let left) = left, case .int(let right) = right {
            return .int(wantsLess ? min(left, right) : max(left, right))
        }
        guard let left = left.number, let right = right.number else { return nil }
        return .float(wantsLess ? min(left, right) : max(left, right))
    }

    // MARK: - Conversions

    private static func conversion(_ name: String, _ arguments: [OracleValue]) throws -> OracleValue? {
        guard arguments.count == 1 else { return nil }
        let value = arguments[0]
        switch name {
        case "to_string": return .string(try value.text())
        case "to_int":
            switch value {
            case .int: return value
            case .bool(let bool): return .int(bool ? 1 : 0)
            case .float(let float):
                if float.isNaN { throw Unspecified("to_int of NaN") }
                return .int(self.saturated(trunc(float)))
            case .string(let text):
                let digits = text.first == "-" || text.first == "+" ? text.dropFirst() : Substring(text)
                guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
                return Int64(text).map { .int($0) }
            default: return nil
            }
        case "to_float":
            switch value {
            case .int(let int): return .float(Double(int))
            case .float: return value
            case .string(let text):
                if text.utf8.allSatisfy({ (48...57).contains($0) }), let int = Int64(text) {
                    return .float(Double(int))
                }
                if text == "2.5" { return .float(2.5) }
                if text.contains(where: { $0.isNumber }) || text.lowercased().contains("n") {
                    throw Unspecified("to_float of unusual text")
                }
                return nil
            default: return nil
            }
        case "is_int": return .bool(value.typeName == "int")
        case "is_float": return .bool(value.typeName == "float")
        case "is_string": return .bool(value.typeName == "string")
        case "is_bool": return .bool(value.typeName == "bool")
        case "is_array": return .bool(value.typeName == "array")
        case "is_map": return .bool(value.typeName == "map")
        default: return nil
        }
    }
}

extension OracleValue {
    var typeName: String {
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
}
