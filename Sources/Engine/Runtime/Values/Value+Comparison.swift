/// `==` of the language: numbers compare across int and float, NaN equals itself, the order of a map's entries does not
/// count, and values of different types are unequal.
extension Value: Hashable {
    public static func == (left: Value, right: Value) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.int(let left), .int(let right)): left == right
        case (.float(let left), .float(let right)): left == right || (left.isNaN && right.isNaN)
        case (.int(let int), .float(let float)), (.float(let float), .int(let int)): Int64(exactly: float) == int
        case (.string(let left), .string(let right)): left.isExactly(right)
        case (.timestamp(let left), .timestamp(let right)): left == right
        case (.duration(let left), .duration(let right)): left == right
        case (.array(let left), .array(let right)): left == right
        case (.map(let left), .map(let right)):
            left.count == right.count && left.entries.allSatisfy { right[$0.name] == $0.value }
        default: false
        }
    }

    public func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0 as UInt8)
        case .bool(let bool):
            hasher.combine(1 as UInt8)
            hasher.combine(bool)
        case .int(let int):
            hasher.combine(2 as UInt8)
            hasher.combine(int)
        case .float(let float):
            // A float that equals an int must have its hash.
            hasher.combine(2 as UInt8)
            if let int = Int64(exactly: float) {
                hasher.combine(int)
            } else {
                hasher.combine(float.isNaN ? Double.nan.bitPattern : float.bitPattern)
            }
        case .string(let string):
            hasher.combine(3 as UInt8)
            hasher.combine(ExactText(string))
        case .timestamp(let time):
            hasher.combine(4 as UInt8)
            hasher.combine(time)
        case .duration(let duration):
            hasher.combine(5 as UInt8)
            hasher.combine(duration)
        case .array(let items):
            hasher.combine(6 as UInt8)
            hasher.combine(items)
        case .map(let fields):
            hasher.combine(7 as UInt8)
            var sum = 0
            for entry in fields.entries {
                var inner = Hasher()
                inner.combine(ExactText(entry.name))
                inner.combine(entry.value)
                sum ^= inner.finalize()
            }
            hasher.combine(sum)
        }
    }

    /// `is`: as `==`, but an int is never a float.
    func isIdentical(to other: Value) -> Bool {
        switch (self, other) {
        case (.int, .float), (.float, .int): false
        case (.array(let left), .array(let right)):
            left.count == right.count && zip(left, right).allSatisfy { $0.isIdentical(to: $1) }
        case (.map(let left), .map(let right)):
            left.count == right.count
                && left.entries.allSatisfy { right[$0.name]?.isIdentical(to: $0.value) ?? false }
        default: self == other
        }
    }
}

/// How two values that have an order stand to each other. With NaN none of the three holds.
enum Order {
    case ascending
    case same
    case descending
    case unordered
}

extension Value {
    /// The order of two values, nil where their types have none.
    func order(to other: Value) -> Order? {
        switch (self, other) {
        case (.int(let left), .int(let right)): Self.order(left, right)
        case (.float(let left), .float(let right)): Self.order(left, right)
        case (.int(let int), .float(let float)): Self.mixedOrder(int, float)
        case (.float(let float), .int(let int)):
            switch Self.mixedOrder(int, float) {
            case .ascending: .descending
            case .descending: .ascending
            case let order: order
            }
        case (.string(let left), .string(let right)):
            left.isExactly(right) ? .same : left.precedesExactly(right) ? .ascending : .descending
        case (.timestamp(let left), .timestamp(let right)): Self.order(left, right)
        case (.duration(let left), .duration(let right)): Self.order(left, right)
        default: nil
        }
    }

    private static func order<Number: Comparable>(_ left: Number, _ right: Number) -> Order {
        left < right ? .ascending : left > right ? .descending : left == right ? .same : .unordered
    }

    /// Exact, where converting the int to a float would round it.
    private static func mixedOrder(_ int: Int64, _ float: Double) -> Order {
        if float.isNaN { return .unordered }
        if float >= 0x1p63 { return .ascending }
        if float < -0x1p63 { return .descending }
        let whole = Int64(float)
        if int != whole { return int < whole ? .ascending : .descending }
        return Self.order(0.0, float - Double(whole))
    }
}

extension Value? {
    /// `==` of the language on expressions: missing counts as null.
    func equals(_ other: Value?) -> Bool { (self ?? .null) == (other ?? .null) }
}
