/// Tells two lists of lines apart.
enum Difference {
    static func of(_ actual: [[UInt8]], _ expected: [[UInt8]]) -> String? {
        guard actual != expected else { return nil }
        let place =
            zip(actual, expected).enumerated().first { $1.0 != $1.1 }?.offset ?? min(actual.count, expected.count)
        func line(_ lines: [[UInt8]]) -> String {
            place < lines.count ? String(decoding: lines[place], as: UTF8.self) : "nothing"
        }
        return "at line \(place): \(line(actual)), not \(line(expected))"
    }
}
