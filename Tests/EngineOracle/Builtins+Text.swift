extension OracleBuiltins {
    static func text(_ name: String, _ arguments: [OracleValue]) throws -> OracleValue? {
        if name == "join", arguments.count == 2, case .array(let parts) = arguments[0],
            case .string(let separator) = arguments[1]
        {
            return .string(try parts.map { try $0.text() }.joined(separator: separator))
        }
        guard case .string(let text)? = arguments.first else { return nil }
        let scalars = Array(text.unicodeScalars)
        let rest = Array(arguments.dropFirst())
        switch (name, rest.count) {
        case ("trim", 0):
            let kept = scalars.drop { $0.properties.isWhitespace }.reversed().drop { $0.properties.isWhitespace }
            return .string(OracleCollections.text(kept.reversed()))
        case ("lower", 0), ("lowercase", 0), ("to_lower", 0): return .string(text.lowercased())
        case ("upper", 0), ("uppercase", 0), ("to_upper", 0): return .string(text.uppercased())
        case ("substring", 1...2): return self.substring(scalars, rest)
        case ("starts_with", 1):
            guard case .string(let part) = rest[0] else { return nil }
            return .bool(scalars.starts(with: part.unicodeScalars))
        case ("ends_with", 1):
            guard case .string(let part) = rest[0] else { return nil }
            return .bool(scalars.reversed().starts(with: part.unicodeScalars.reversed()))
        case ("split", 1):
            guard case .string(let separator) = rest[0] else { return nil }
            return .array(try self.parts(scalars, separator).map { .string($0) })
        case ("replace", 2):
            guard case .string(let old) = rest[0], case .string(let new) = rest[1] else { return nil }
            return .string(try self.parts(scalars, old).joined(separator: new))
        default: return nil
        }
    }

    private static func substring(_ scalars: [Unicode.Scalar], _ bounds: [OracleValue]) -> OracleValue? {
        guard case .int(let start) = bounds[0] else { return nil }
        var end = Int64(scalars.count)
        if bounds.count == 2 {
            guard case .int(let written) = bounds[1] else { return nil }
            end = written
        }
        guard 0 <= start, start <= end, end <= scalars.count else { return nil }
        return .string(OracleCollections.text(scalars[Int(start)..<Int(end)]))
    }

    /// What is between the separators.
    private static func parts(_ scalars: [Unicode.Scalar], _ separator: String) throws -> [String] {
        let separator = Array(separator.unicodeScalars)
        if separator.isEmpty { throw Unspecified("an empty separator") }
        var parts: [String] = []
        var start = 0
        while let place = OracleCollections.position(of: separator, in: scalars, from: start) {
            parts.append(OracleCollections.text(scalars[start..<place]))
            start = place + separator.count
        }
        return parts + [OracleCollections.text(scalars[start...])]
    }
}
