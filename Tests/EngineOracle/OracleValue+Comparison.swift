extension OracleValue {
    /// `==` of present values.
    func equals(_ other: OracleValue) -> Bool {
        switch (self, other) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.int(let left), .int(let right)): left == right
        case (.float(let left), .float(let right)): left == right || (left.isNaN && right.isNaN)
        case (.int(let int), .float(let float)), (.float(let float), .int(let int)): Int64(exactly: float) == int
        case (.string(let left), .string(let right)): left.isSameText(as: right)
        case (.timestamp(let left), .timestamp(let right)): left == right
        case (.duration(let left), .duration(let right)): left == right
        case (.array(let left), .array(let right)):
            left.count == right.count && zip(left, right).allSatisfy { $0.equals($1) }
        case (.map(let left), .map(let right)):
            left.entries.count == right.entries.count
                && left.entries.allSatisfy { entry in right[entry.name].map { entry.value.equals($0) } ?? false }
        default: false
        }
    }

    /// Whether self orders before the other; nil when the two have no order.
    func isLess(than other: OracleValue) -> Bool? {
        switch (self, other) {
        case (.int(let left), .int(let right)): left < right
        case (.float(let left), .float(let right)): left < right
        case (.int(let int), .float(let float)): Self.order(int, float).map { $0 < 0 } ?? false
        case (.float(let float), .int(let int)): Self.order(int, float).map { $0 > 0 } ?? false
        case (.string(let left), .string(let right)):
            left.unicodeScalars.lexicographicallyPrecedes(right.unicodeScalars)
        case (.timestamp(let left), .timestamp(let right)): left < right
        case (.duration(let left), .duration(let right)): left < right
        default: nil
        }
    }

    /// Less than 0 when the int is less than the float, as numbers on the real line; nil for NaN.
    private static func order(_ int: Int64, _ float: Double) -> Int? {
        if float.isNaN { return nil }
        if float >= 0x1p63 { return -1 }
        if float < -0x1p63 { return 1 }
        let whole = Int64(float.rounded(.down))
        if int != whole { return int < whole ? -1 : 1 }
        return Double(whole) < float ? -1 : 0
    }

    /// The number as a float, nil for what is no number.
    var number: Double? {
        switch self {
        case .int(let int): Double(int)
        case .float(let float): float
        default: nil
        }
    }

    var isNaN: Bool { if case .float(let float) = self { float.isNaN } else { false } }
}
