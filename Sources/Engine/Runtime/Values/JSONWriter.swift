import VPL

/// Appends JSON to a buffer of bytes.
struct JSONWriter {
    var bytes: [UInt8] = []

    mutating func write(_ value: Value) {
        switch value {
        case .null: self.raw("null")
        case .bool(let bool): self.raw(bool ? "true" : "false")
        case .int(let int): self.raw(String(int))
        case .float(let float): self.write(float)
        case .string(let string): self.write(string)
        case .timestamp(let time): self.write(time: time)
        case .duration(let nanoseconds): self.raw(String(nanoseconds))
        case .array(let items):
            self.bytes.append(UInt8(ascii: "["))
            for (position, item) in items.enumerated() {
                if position > 0 { self.bytes.append(UInt8(ascii: ",")) }
                self.write(item)
            }
            self.bytes.append(UInt8(ascii: "]"))
        case .map(let fields): self.write(fields)
        }
    }

    mutating func write(_ fields: Fields) {
        self.bytes.append(UInt8(ascii: "{"))
        for (position, entry) in fields.entries.enumerated() {
            if position > 0 { self.bytes.append(UInt8(ascii: ",")) }
            self.write(entry.name)
            self.bytes.append(UInt8(ascii: ":"))
            self.write(entry.value)
        }
        self.bytes.append(UInt8(ascii: "}"))
    }

    /// Always with a fraction or an exponent; what JSON has no number for is null.
    mutating func write(_ float: Double) {
        self.raw(float.isFinite ? float.description : "null")
    }

    mutating func write(time: Int64) {
        self.bytes.append(UInt8(ascii: "\""))
        self.raw(CalendarTime(nanosecondsSinceEpoch: time).rfc3339)
        self.bytes.append(UInt8(ascii: "\""))
    }

    mutating func write(_ string: String) {
        self.bytes.append(UInt8(ascii: "\""))
        for byte in string.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                self.bytes.append(UInt8(ascii: "\\"))
                self.bytes.append(byte)
            case UInt8(ascii: "\n"): self.raw("\\n")
            case UInt8(ascii: "\t"): self.raw("\\t")
            case UInt8(ascii: "\r"): self.raw("\\r")
            case 0..<0x20:
                self.raw("\\u00")
                self.raw(byte < 0x10 ? "0" : "1")
                self.bytes.append(Self.hexadecimal[Int(byte & 0x0F)])
            default: self.bytes.append(byte)
            }
        }
        self.bytes.append(UInt8(ascii: "\""))
    }

    mutating func raw(_ text: String) { self.bytes.append(contentsOf: text.utf8) }

    private static let hexadecimal = Array("0123456789abcdef".utf8)
}
