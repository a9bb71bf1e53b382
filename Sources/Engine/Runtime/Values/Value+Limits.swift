/// Bounds on what a program can build, so that a loop in it cannot exhaust the memory or the stack of the process.
extension Value {
    /// How deep arrays and maps may be nested.
    static let depthMax = 64
    /// How many bytes a value may take, counting shared parts as often as they occur.
    static let bytesMax = 16 * 1024 * 1024

    private static let bytesPerValue = 16

    /// The value, or missing when it is beyond the bounds.
    var bounded: Value? {
        var budget = Self.bytesMax
        return self.fits(in: &budget, depth: 0) ? self : nil
    }

    /// Takes the value's bytes from the budget; false when there are not enough of them left.
    func fits(in budget: inout Int, depth: Int) -> Bool {
        budget -= Self.bytesPerValue
        switch self {
        case .string(let string):
            budget -= string.utf8.count
        case .array(let items):
            guard depth < Self.depthMax, items.count * Self.bytesPerValue <= budget else { return false }
            for item in items where !item.fits(in: &budget, depth: depth + 1) { return false }
        case .map(let fields):
            guard depth < Self.depthMax, fields.count * Self.bytesPerValue <= budget else { return false }
            for entry in fields.entries {
                budget -= entry.name.utf8.count
                guard entry.value.fits(in: &budget, depth: depth + 1) else { return false }
            }
        case .null, .bool, .int, .float, .timestamp, .duration: break
        }
        return budget >= 0
    }
}
