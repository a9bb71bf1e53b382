/// Reads one JSON value; nil for what is none.
public struct OracleJSONReader {
    private let scalars: [Unicode.Scalar]
    private var place = 0

    private struct Damage: Error {}

    public static func read(_ text: String) -> OracleJSON? {
        var reader = OracleJSONReader(scalars: Array(text.unicodeScalars))
        // Any damage means that there is no value.
        guard let value = try? reader.value(), reader.peek == nil else { return nil }
        return value
    }

    private init(scalars: [Unicode.Scalar]) {
        self.scalars = scalars
    }

    /// The next scalar that is no white space.
    private var peek: Unicode.Scalar? {
        mutating get {
            while self.place < self.scalars.count, " \t\r\n".unicodeScalars.contains(self.scalars[self.place]) {
                self.place += 1
            }
            return self.place < self.scalars.count ? self.scalars[self.place] : nil
        }
    }

    private mutating func next() throws -> Unicode.Scalar {
        guard self.place < self.scalars.count else { throw Damage() }
        self.place += 1
        return self.scalars[self.place - 1]
    }

    private mutating func takes(_ scalar: Unicode.Scalar) -> Bool {
        guard self.peek == scalar else { return false }
        self.place += 1
        return true
    }

    private mutating func value() throws -> OracleJSON {
        switch self.peek {
        case "{": return try self.object()
        case "[": return try self.array()
        case "\"": return .string(try self.string())
        default: return try self.word()
        }
    }

    private mutating func object() throws -> OracleJSON {
        var entries: [(name: String, value: OracleJSON)] = []
        guard self.takes("{") else { throw Damage() }
        if self.takes("}") { return .object([]) }
        repeat {
            guard self.peek == "\"" else { throw Damage() }
            let name = try self.string()
            guard self.takes(":") else { throw Damage() }
            entries.append((name, try self.value()))
        } while self.takes(",")
        guard self.takes("}") else { throw Damage() }
        return .object(entries)
    }

    private mutating func array() throws -> OracleJSON {
        var elements: [OracleJSON] = []
        guard self.takes("[") else { throw Damage() }
        if self.takes("]") { return .array([]) }
        repeat { elements.append(try self.value()) } while self.takes(",")
        guard self.takes("]") else { throw Damage() }
        return .array(elements)
    }

    private mutating func string() throws -> String {
        guard self.takes("\"") else { throw Damage() }
        var text = String.UnicodeScalarView()
        while true {
            switch try self.next() {
            case "\"": return String(text)
            case "\\":
                switch try self.next() {
                case "n": text.append("\n")
                case "t": text.append("\t")
                case "r": text.append("\r")
                case "b": text.append("\u{8}")
                case "f": text.append("\u{c}")
                case "u": text.append(try self.escaped())
                case let scalar: text.append(scalar)
                }
            case let scalar: text.append(scalar)
            }
        }
    }

    private mutating func hexadecimal() throws -> UInt32 {
        var digits = ""
        for _ in 0..<4 { digits.unicodeScalars.append(try self.next()) }
        guard let number = UInt32(digits, radix: 16) else { throw Damage() }
        return number
    }

    private mutating func escaped() throws -> Unicode.Scalar {
        var number = try self.hexadecimal()
        if (0xd800..<0xdc00).contains(number) {
            guard try self.next() == "\\", try self.next() == "u" else { throw Damage() }
            number = 0x10000 + ((number - 0xd800) << 10) + (try self.hexadecimal() - 0xdc00)
        }
        guard let scalar = Unicode.Scalar(number) else { throw Damage() }
        return scalar
    }

    private mutating func word() throws -> OracleJSON {
        var text = ""
        while self.place < self.scalars.count, !",]} \t\r\n".unicodeScalars.contains(self.scalars[self.place]) {
            text.unicodeScalars.append(self.scalars[self.place])
            self.place += 1
        }
        switch text {
        case "null": return .null
        case "true": return .bool(true)
        case "false": return .bool(false)
        default: break
        }
        if text.contains(where: { ".eE".contains($0) }) {
            guard let float = Double(text) else { throw Damage() }
            return .float(float)
        }
        guard let int = Int128(text) else { throw Damage() }
        return .int(int)
    }
}
