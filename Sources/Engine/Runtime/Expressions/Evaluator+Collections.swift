/// Arrays, maps, indexes, slices and ranges.
extension Evaluator {
    /// Elements without a value are left out.
    mutating func array(_ items: NodeList) -> Value? {
        var values: [Value] = []
        values.reserveCapacity(items.indices.count)
        for position in items.indices {
            if let value = self.value(of: self.code.operands[position]) { values.append(value) }
        }
        return Value.array(values).bounded
    }

    mutating func map(_ keys: TextID, _ values: NodeList) -> Value? {
        var fields = Fields()
        for (offset, position) in values.indices.enumerated() {
            if let value = self.value(of: self.code.operands[position]) {
                fields[self.code.texts[Int(keys.rawValue) + offset]] = value
            }
        }
        return Value.map(fields).bounded
    }

    mutating func index(_ base: NodeID, _ index: NodeID) -> Value? {
        guard let container = self.value(of: base), let key = self.value(of: index) else { return nil }
        switch (container, key) {
        case (.array(let items), .int(let position)):
            return Self.resolve(position, count: items.count).map { items[$0] }
        case (.string(let text), .int(let position)):
            let scalars = text.unicodeScalars
            guard let offset = Self.resolve(position, count: scalars.count) else { return nil }
            return .string(String(scalars[scalars.index(scalars.startIndex, offsetBy: offset)]))
        case (.map(let fields), .string(let key)): return fields[key]
        default: return nil
        }
    }

    /// A negative position counts from the end.
    private static func resolve(_ position: Int64, count: Int) -> Int? {
        let resolved = position < 0 ? position + Int64(count) : position
        return resolved >= 0 && resolved < Int64(count) ? Int(resolved) : nil
    }

    mutating func slice(_ base: NodeID, _ from: NodeID?, _ to: NodeID?) -> Value? {
        guard let container = self.value(of: base), let lower = self.bound(from, otherwise: 0),
            let upper = self.bound(to, otherwise: .max)
        else { return nil }
        switch container {
        case .array(let items): return .array(Array(items[Self.clamp(lower, upper, count: items.count)]))
        case .string(let text):
            let range = Self.clamp(lower, upper, count: text.unicodeScalars.count)
            return .string(text.scalars(range))
        default: return nil
        }
    }

    private mutating func bound(_ node: NodeID?, otherwise absent: Int64) -> Int64? {
        guard let node else { return absent }
        guard case .int(let position) = self.value(of: node) else { return nil }
        return position
    }

    private static func clamp(_ lower: Int64, _ upper: Int64, count: Int) -> Range<Int> {
        let count = Int64(count)
        let first = min(max(lower < 0 ? lower + count : lower, 0), count)
        let last = min(max(upper < 0 ? upper + count : upper, first), count)
        return Int(first)..<Int(last)
    }

    mutating func range(_ lower: NodeID, _ upper: NodeID, isClosed: Bool) -> Value? {
        guard case .int(let first) = self.value(of: lower), case .int(let last) = self.value(of: upper) else {
            return nil
        }
        return Value.range(first, last, isClosed: isClosed)
    }
}

extension Value {
    /// An array of the ints of a range, missing when it would be too large.
    static func range(_ first: Int64, _ last: Int64, isClosed: Bool) -> Value? {
        guard first < last || (isClosed && first == last) else { return .array([]) }
        let (span, overflow) = last.subtractingReportingOverflow(first)
        guard !overflow, span < Int64(Self.bytesMax / 32) else { return nil }
        var items = (0..<span).map { Value.int(first + $0) }
        if isClosed { items.append(.int(last)) }
        return .array(items)
    }
}

extension String {
    /// The scalars of a range of positions, which must be valid.
    func scalars(_ range: Range<Int>) -> String {
        let scalars = self.unicodeScalars
        let lower = scalars.index(scalars.startIndex, offsetBy: range.lowerBound)
        let upper = scalars.index(lower, offsetBy: range.count)
        return String(scalars[lower..<upper])
    }
}
