import HTTPTypes

/// The id under which a request appears in logs and in its answer: the caller's own if it has a sane form, else a new one.
enum RequestID {
    static let header = HTTPField.Name("x-request-id")!  // a literal token, checked by the tests

    static func of(_ headers: HTTPFields) -> String {
        if let given = headers[Self.header], Self.isSane(given) { return given }
        let number = UInt64.random(in: 0 ... .max)
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private static func isSane(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x22 }
    }
}
