import VPL

@testable import Engine

/// Events for frames, and a text of one in which all differences show.
enum EventFrameSamples {
    /// One of each kind, and some that are easily mistaken for others.
    static let values: [Value] = [
        .null, true, false, 0, -1, .int(.max), .int(.min), 0.5, -0.0, .float(.infinity), .float(.nan),
        .float(Double(bitPattern: 0xFFF8_0000_0000_0001)), "", "x", "é日\u{0}\u{1F600}", "e\u{301}",
        .string(String(repeating: "long ", count: 20)), .timestamp(.max), .timestamp(-1), .duration(.max),
        .array([]), .map(Fields()), .array([1, .null, .array([.float(.nan), .map(["é": .duration(1)])])]),
        .map(["": .timestamp(5), "x": .array(["y", false])]),
    ]

    /// Values of one kind, so that fields have columns of it; or of any.
    private static let pools: [[Value]] = [
        [true, false], [1, 2, .int(.min)], [0.5, .float(.nan)], ["a", "bc", "é", ""], ["S1", "é"],
        [.timestamp(1), .timestamp(9)],
        [.duration(7)], [.null], values,
    ]

    /// Events of three types with some fields of six, mostly in the same order.
    static func events(_ count: Int, _ random: inout SeededGenerator) -> [Event] {
        let names = ["a", "b", "c", "é", "timestamp", ""]
        let pools = names.map { _ in Self.pools.randomElement(using: &random) ?? [] }
        let unit = [1, 1000, 1_000_000, 1_000_000_000, .max].randomElement(using: &random) ?? 1 as Int64
        let shapes = (0..<Int.random(in: 1...5, using: &random)).map { _ in
            Array(names.indices.shuffled(using: &random).prefix(Int.random(in: 0...names.count, using: &random)))
        }
        return (0..<count).map { number in
            let shape = shapes.randomElement(using: &random) ?? []
            let fields = Fields(shape.map { (names[$0], pools[$0].randomElement(using: &random) ?? .null) })
            let type = ["E", "F", "Größe"][shape.count % 3]
            return Event(type: type, timestamp: Int64.random(in: -2...300, using: &random) &* unit, fields: fields)
        }
    }

    /// As exact as the event itself: floats by their bits, text by its bytes, fields in their order.
    static func text(_ event: Event) -> String {
        "\(Self.text(of: event.type)) \(event.timestamp) \(Self.text(of: .map(event.fields)))"
    }

    private static func text(of value: Value) -> String {
        switch value {
        case .float(let float): "float \(String(float.bitPattern, radix: 16))"
        case .string(let text): Self.text(of: text)
        case .array(let items): "[\(items.map { Self.text(of: $0) })]"
        case .map(let fields): "{\(fields.entries.map { Self.text(of: $0.name) + ":" + Self.text(of: $0.value) })}"
        case .null, .bool, .int, .timestamp, .duration: "\(value)"
        }
    }

    private static func text(of text: String) -> String { "\(Array(text.utf8))" }

    /// A frame whose events are of type `E` and have a field `a` with this column, at the beginning of 1970.
    ///
    /// - Parameter shapes: 1, or 0 to make it wrong.
    static func frame(_ column: [UInt8], rows: Int = 1, shapes: UInt8 = 1) -> [UInt8] {
        let shape = shapes == 0 ? "" : "0000 0100 0000"
        return Self.frame(rows: rows, fields: 1, shapes: shapes, Self.bytes("01000000 61" + shape), column)
    }

    /// A frame of one event of type `E` that has so many fields.
    static func frame(fields: Int) -> [UInt8] {
        func number(_ number: Int) -> [UInt8] { [UInt8(number & 255), UInt8(number >> 8)] }
        func name(_ number: Int) -> [UInt8] { [2, 0, 0, 0, 97 + UInt8(number & 15), 33 + UInt8(number >> 4)] }
        let names = (0..<fields).flatMap(name)
        let shape = [0, 0] + number(fields) + (0..<fields).flatMap(number)
        let columns = (0..<fields).flatMap { _ in [2, 1] as [UInt8] }
        return Self.frame(rows: 1, fields: fields, shapes: 1, names + shape, columns)
    }

    private static func frame(
        rows: Int,
        fields: Int,
        shapes: UInt8,
        _ tables: [UInt8],
        _ columns: [UInt8]
    ) -> [UInt8] {
        var frame = Self.bytes("56504652 01 00")
        for count in [rows, 1, fields, Int(shapes), 0] { frame.append(number: UInt16(count)) }
        let end = Self.bytes("01000000 45") + tables + [0] + Array(repeating: 0, count: 8 * rows) + columns
        frame.append(number: UInt32(frame.count + 4 + end.count))
        return frame + end
    }

    static func bytes(_ hexadecimal: String) -> [UInt8] {
        let digits = hexadecimal.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
