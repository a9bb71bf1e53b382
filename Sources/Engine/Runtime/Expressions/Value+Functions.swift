import VPL

/// What the built-in functions do with values.
extension Value {
    static func minimum(_ left: Value, _ right: Value) -> Value? {
        if case .int(let left) = left, case .int(let right) = right { return .int(min(left, right)) }
        guard let left = left.number, let right = right.number else { return nil }
        return .float(Double.minimum(left, right))
    }

    static func maximum(_ left: Value, _ right: Value) -> Value? {
        if case .int(let left) = left, case .int(let right) = right { return .int(max(left, right)) }
        guard let left = left.number, let right = right.number else { return nil }
        return .float(Double.maximum(left, right))
    }

    /// Strings or arrays, all of them the same kind, one after the other.
    static func concatenation(_ values: [Value]) -> Value? {
        guard let first = values.first else { return nil }
        if case .string = first {
            var text = ""
            for value in values {
                guard case .string(let part) = value, text.utf8.count + part.utf8.count <= Self.bytesMax else {
                    return nil
                }
                text += part
            }
            return .string(text)
        }
        var items: [Value] = []
        for value in values {
            guard case .array(let part) = value else { return nil }
            items += part
        }
        return Value.array(items).bounded
    }

    static func joined(_ items: [Value], by separator: String) -> Value? {
        var text = ""
        for (position, item) in items.enumerated() {
            if position > 0 { text += separator }
            text += item.text
            guard text.utf8.count <= Self.bytesMax else { return nil }
        }
        return .string(text)
    }

    var convertedToInt: Value? {
        switch self {
        case .int: self
        case .float(let float): .int(Mathematics.saturated(float))
        case .bool(let bool): .int(bool ? 1 : 0)
        case .string(let text): Int64(text).map { .int($0) }
        case .null, .timestamp, .duration, .array, .map: nil
        }
    }

    var convertedToFloat: Value? {
        switch self {
        case .int(let int): .float(Double(int))
        case .float: self
        case .string(let text): text.isNumber ? Double(text).map { .float($0) } : nil
        case .null, .bool, .timestamp, .duration, .array, .map: nil
        }
    }

    /// A time from milliseconds since 1970, or from text.
    var time: Value? {
        guard case .int(let milliseconds) = self else { return self.parsedTime }
        let (nanoseconds, overflow) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
        return overflow ? nil : .timestamp(nanoseconds)
    }

    /// A time from text: RFC 3339, or the forms of a timestamp literal with or without its `@`.
    var parsedTime: Value? {
        switch self {
        case .timestamp: return self
        case .string(let text):
            let bytes = text.utf8.first == UInt8(ascii: "@") ? text.utf8.dropFirst() : text.utf8[...]
            let time = CalendarTime.nanoseconds(ofRFC3339: bytes) ?? CalendarTime.nanoseconds(ofLiteral: bytes)
            return time.map { .timestamp($0) }
        case .null, .bool, .int, .float, .duration, .array, .map: return nil
        }
    }
}

extension [Value] {
    var average: Double {
        let numbers = self.compactMap(\.number)
        return numbers.isEmpty ? 0 : numbers.reduce(0, +) / Double(numbers.count)
    }

    func element(at position: Int64) -> Value? {
        position >= 0 && position < Int64(self.count) ? self[Int(position)] : nil
    }

    /// A copy with one element replaced, unchanged where there is none at that position.
    func setting(_ value: Value, at position: Int64) -> Value? {
        guard position >= 0, position < Int64(self.count) else { return .array(self) }
        var copy = self
        copy[Int(position)] = value
        return Value.array(copy).bounded
    }

    func unique() -> [Value] {
        var seen: Set<Value> = []
        return self.filter { seen.insert($0).inserted }
    }

    /// Merge sort: an element moves before another only when it is less, so elements without an order stay as they were.
    func sortedStably() -> [Value] {
        guard self.count > 1 else { return self }
        var source = self
        var width = 1
        while width < source.count {
            var merged: [Value] = []
            merged.reserveCapacity(source.count)
            for start in stride(from: 0, to: source.count, by: 2 * width) {
                let middle = Swift.min(start + width, source.count)
                let end = Swift.min(start + 2 * width, source.count)
                var (left, right) = (start, middle)
                while left < middle || right < end {
                    let takesRight =
                        left == middle || (right < end && source[right].order(to: source[left]) == .ascending)
                    merged.append(source[takesRight ? right : left])
                    if takesRight { right += 1 } else { left += 1 }
                }
            }
            source = merged
            width *= 2
        }
        return source
    }
}

extension Fields {
    func setting(_ value: Value, for key: String) -> Value? {
        var copy = self
        copy[key] = value
        return Value.map(copy).bounded
    }
}

extension String {
    /// Without white space at both ends.
    var trimmed: String {
        let scalars = self.unicodeScalars
        guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return "" }
        return String(scalars[first...last])
    }

    /// Missing unless `0 <= from <= to <= length`.
    func substring(_ from: Int64, _ to: Int64?) -> Value? {
        let count = Int64(self.unicodeScalars.count)
        let end = to ?? count
        guard from >= 0, from <= end, end <= count else { return nil }
        return .string(self.scalars(Int(from)..<Int(end)))
    }

    func replacing(_ part: String, by replacement: String) -> Value? {
        guard !part.isEmpty else { return .string(self) }
        let pieces = TextSearch.split(self, by: part)
        let size = self.utf8.count + (pieces.count - 1) * (replacement.utf8.count - part.utf8.count)
        return size <= Value.bytesMax ? .string(pieces.joined(separator: replacement)) : nil
    }

    /// Whether the text is a number as event files and conversions understand it: `-12`, `1.5`, `1e-5`.
    var isNumber: Bool {
        var rest = self.utf8[...]
        func skipDigits() -> Bool {
            let digits = rest.prefix { $0.isDigit }.count
            rest = rest.dropFirst(digits)
            return digits > 0
        }
        if rest.first == UInt8(ascii: "-") { rest.removeFirst() }
        guard skipDigits() else { return false }
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            guard skipDigits() else { return false }
        }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest.removeFirst()
            if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest.removeFirst() }
            guard skipDigits() else { return false }
        }
        return rest.isEmpty
    }
}
