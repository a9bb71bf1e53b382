extension OracleValue {
    /// The text form of `to_string`, interpolation and partition keys.
    func text() throws -> String {
        switch self {
        case .null: return "null"
        case .bool(let bool): return bool ? "true" : "false"
        case .int(let int): return String(int)
        case .float(let float): return try Self.text(of: float)
        case .string(let string): return string
        case .timestamp(let nanoseconds): return try "@" + CivilTime(nanoseconds).wholeSecondsText()
        case .duration(let nanoseconds): return try Self.text(ofDuration: nanoseconds)
        case .array(let elements):
            return try "[" + elements.map { try $0.quotedText() }.joined(separator: ", ") + "]"
        case .map(let fields):
            return try "{" + fields.entries.map { try "\($0.name): \($0.value.quotedText())" }.joined(separator: ", ")
                + "}"
        }
    }

    /// The form inside arrays and maps.
    private func quotedText() throws -> String {
        guard case .string(let string) = self else { return try self.text() }
        if string.unicodeScalars.contains(where: { $0 == "\"" || $0 == "\\" || $0.value < 32 }) {
            throw Unspecified("text of a quoted string that needs escapes")
        }
        return "\"\(string)\""
    }

    private static func text(of float: Double) throws -> String {
        let magnitude = float.magnitude
        guard magnitude == 0 || (magnitude >= 1e-4 && magnitude < 1e15) else {
            throw Unspecified("text of a float with an exponent, NaN or infinity")
        }
        let text = "\(float)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    private static func text(ofDuration nanoseconds: UInt64) throws -> String {
        let units: [(String, UInt64)] = [
            ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000),
            ("ms", 1_000_000), ("us", 1000), ("ns", 1),
        ]
        guard let (name, size) = units.first(where: { $0.1 <= nanoseconds }) else {
            throw Unspecified("text of the duration 0")
        }
        return "\(nanoseconds / size)\(name)"
    }
}
