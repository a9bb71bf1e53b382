/// Arrays, maps and strings as collections (sections 6.4 and 6.5). Positions in strings count scalars.
enum OracleCollections {
    static func contains(_ collection: OracleValue, _ value: OracleValue) -> Bool? {
        switch (collection, value) {
        case (.array(let elements), _): elements.contains { $0.equals(value) }
        case (.string(let text), .string(let part)):
            self.position(of: Array(part.unicodeScalars), in: Array(text.unicodeScalars), from: 0) != nil
        case (.map(let fields), .string(let key)): fields[key] != nil
        default: nil
        }
    }

    static func element(of collection: OracleValue, at index: OracleValue) -> OracleValue? {
        switch (collection, index) {
        case (.array(let elements), .int(let index)): self.place(index, elements.count).map { elements[$0] }
        case (.string(let text), .int(let index)):
            self.place(index, text.unicodeScalars.count).map { .string(self.text(Array(text.unicodeScalars)[$0...$0])) }
        case (.map(let fields), .string(let key)): fields[key]
        default: nil
        }
    }

    private static func place(_ index: Int64, _ count: Int) -> Int? {
        let place = index < 0 ? index + Int64(count) : index
        return place >= 0 && place < count ? Int(place) : nil
    }

    /// A bound that is written but missing makes the slice missing.
    static func slice(
        _ collection: OracleValue,
        from start: OracleValue??,
        to end: OracleValue??
    ) throws -> OracleValue? {
        let count: Int
        switch collection {
        case .array(let elements): count = elements.count
        case .string(let text): count = text.unicodeScalars.count
        default: return nil
        }
        func bound(_ written: OracleValue??, _ fallback: Int) -> Int? {
            guard let written else { return fallback }
            guard case .int(let int) = written else { return nil }
            return Int(max(0, min(Int64(count), int < 0 ? int + Int64(count) : int)))
        }
        guard let first = bound(start, 0), let last = bound(end, count) else { return nil }
        let places = first..<max(first, last)
        switch collection {
        case .array(let elements): return .array(Array(elements[places]))
        case .string(let text): return .string(self.text(Array(text.unicodeScalars)[places]))
        default: return nil
        }
    }

    static func range(_ start: Int64, _ end: Int64, isClosed: Bool) throws -> [OracleValue] {
        if start > end { return [] }
        let (count, overflow) = end.subtractingReportingOverflow(start)
        if overflow || count > 5000 { throw Unspecified("a long range") }
        return isClosed ? (start...end).map { .int($0) } : (start..<end).map { .int($0) }
    }

    /// What `for` goes through.
    static func elements(_ value: OracleValue?) -> [OracleValue] {
        switch value {
        case .array(let elements): elements
        case .map(let fields): fields.entries.map { .array([.string($0.name), $0.value]) }
        case .int(let count) where count > 0: (0..<min(count, 5000)).map { .int($0) }
        default: []
        }
    }

    static func text(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var text = String.UnicodeScalarView()
        for scalar in scalars { text.append(scalar) }
        return String(text)
    }

    /// The first place at or after `start` where the part begins.
    static func position(of part: [Unicode.Scalar], in text: [Unicode.Scalar], from start: Int) -> Int? {
        guard start + part.count <= text.count else { return nil }
        return (start...(text.count - part.count)).first { Array(text[$0..<($0 + part.count)]) == part }
    }
}
