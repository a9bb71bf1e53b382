/// The kind of value that an expression or field usually has.
enum OracleKind: CaseIterable {
    case int, number, text, bool, key, array, map, time, length, wild
}

/// A field that a stream's events usually have.
struct OracleFieldShape {
    let name: String
    let kind: OracleKind
}

/// Makes events of the types A, B and C, which have the same fields.
struct OracleEventGenerator {
    static let types = ["A", "B", "C"]
    static let shapes: [OracleFieldShape] = [
        .init(name: "k", kind: .key), .init(name: "n", kind: .int), .init(name: "v", kind: .number),
        .init(name: "s", kind: .text), .init(name: "b", kind: .bool), .init(name: "w", kind: .wild),
        .init(name: "a", kind: .array), .init(name: "m", kind: .map),
    ]

    static let texts = [
        "", "x", "y", "xy", "a, b", " pad ", "é", "e\u{301}", "日本", "🙂", "A\"q\\", "12", "{n}", "x.y", "straße",
        "ΑΣ", "İi", "\u{2003}x\u{85}", "+7", "-3", "9223372036854775808", "ﬁ\tz", "null", "true",
        "a text longer than a word 1", "a text longer than a word 2",
    ]
    private static let keys: [OracleValue] = [
        .int(1), .string("1"), .string("a"), .string("b"), .string(""), .null, .int(7), .float(1), .float(2.5),
        .bool(true), .string("null"), .string("a longer key than fits in a word"),
    ]

    /// Whether fields are always there and of their kind.
    private let isClean: Bool
    private let keyPool: [OracleValue]
    private let isFile: Bool

    init(_ random: inout SplitMix) {
        self.isClean = random.below(5) < 2
        let first = random.below(Self.keys.count)
        let count = random.below(4) + 1
        self.keyPool =
            self.isClean
            ? [.string("a"), .string("b"), .string("c")]
            : (0..<count).map { Self.keys[(first + $0 * 5) % Self.keys.count] }
        self.isFile = random.oneIn(4)
    }

    func events(_ count: Int, _ random: inout SplitMix) -> [OracleInput] {
        var time: Int64 = self.isFile || random.oneIn(2) ? 0 : Int64(random.below(40)) * 1000 - 20_000
        // Near the ends of what a time in nanoseconds can be.
        let isExtreme = !self.isFile && random.oneIn(15)
        if isExtreme { time = random.pick([-9_223_372_036_800, 9_223_372_036_000]) }
        let stride = random.pick([1, 250, 1000, 1000, 1000, 5000] as [Int64])
        let goesBack = random.oneIn(3)
        return (0..<count).map { _ in
            time += Int64(random.below(4)) * stride
            if goesBack, random.oneIn(5) { time -= Int64(random.below(10)) * stride }
            if self.isFile { time = max(0, time) }
            if isExtreme {
                if random.oneIn(6) { time = -time }
                time = max(-9_223_372_036_854, min(time, 9_223_372_036_854))
            }
            var fields = OracleFields()
            for shape in Self.shapes {
                if let value = self.value(shape.kind, &random) { fields[shape.name] = value }
            }
            let type = random.pick(random.oneIn(60) ? ["S1", "TS1", "Even", "Z"] : ["A", "A", "A", "B", "B", "C"])
            var event = OracleEvent(type: type, timestamp: time * 1_000_000, fields: fields)
            let form: OracleInput.Form =
                self.isFile
                ? random.pick([.file, .batch, .untimed])
                : random.pick([.nested("data"), .nested("fields"), .timeText, .flat])
            // Only text has more than milliseconds.
            if case .timeText = form, !isExtreme, random.oneIn(4) { event.timestamp += Int64(random.below(1_000_000)) }
            if case .flat = form { event.fields["timestamp"] = .int(time) }
            return OracleInput(event: event, form: form)
        }
    }

    private func value(_ kind: OracleKind, _ random: inout SplitMix) -> OracleValue? {
        if !self.isClean {
            if random.oneIn(12) { return nil }
            if random.oneIn(20) { return .null }
            if kind != .int, random.oneIn(20) { return self.value(.wild, &random) }
        }
        switch kind {
        case .int: return .int(Int64(random.below(12)) - 2)
        case .number:
            if self.isClean || random.oneIn(2) { return .float(Double(random.below(64) - 16) / 4) }
            return random.pick([.int(Int64(random.below(9)) - 3), .float(0.1), .float(-0.0), .float(1e3)])
        case .text:
            return .string(
                random.pick(
                    self.isClean
                        ? ["x", "y", "xy", "é", "a text longer than a word 1", "a text longer than a word 2"]
                        : Self.texts
                )
            )
        case .bool: return .bool(random.oneIn(2))
        case .key: return random.pick(self.keyPool)
        case .array:
            if self.isClean { return random.oneIn(2) ? nil : .array([.int(1), .int(2)]) }
            return .array((0..<random.below(4)).map { _ in self.value(.wild, &random) ?? .null })
        case .map:
            if random.oneIn(2) { return nil }
            var fields = OracleFields()
            for name in ["n", "x", "y"].prefix(random.below(4)) {
                fields[name] = self.value(random.pick([.int, .text, .wild]), &random) ?? .null
            }
            return .map(fields)
        case .time, .length: return nil
        case .wild:
            return random.pick([
                .null, .bool(true), .int(0), .int(1), .int(.max), .int(.min), .int(9_007_199_254_740_993), .float(0),
                .float(1), .float(9_007_199_254_740_992), .float(1e300), .float(9.3e18), .float(-2.5), .string("x"),
                .string("1"), .array([]), .array([.int(1), .string("x")]), .map(OracleFields()),
            ])
        }
    }
}
