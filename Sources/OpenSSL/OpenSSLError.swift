internal import COpenSSL

/// What OpenSSL refused to do, with everything it had to say about it.
public struct OpenSSLError: Error, Hashable, Sendable, CustomStringConvertible {
    public struct Code: RawRepresentable, Hashable, Sendable {
        public var rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// A call of the library failed; `reasons` says why.
        public static let libraryFailed = Code(rawValue: "library_failed")
        /// Sealed bytes, the key or the authenticated bytes are not those of the sealing, or the box is too short.
        public static let notAuthentic = Code(rawValue: "not_authentic")
        /// A file cannot be read, or does not hold what it should.
        public static let badFile = Code(rawValue: "bad_file")
        /// A key, a nonce or a wanted length is not one that the algorithm has.
        public static let badLength = Code(rawValue: "bad_length")
    }

    public var code: Code
    /// What was being done, as in "could not *seal bytes*".
    public var operation: String
    /// The library's error queue, oldest first.
    public var reasons: [String]

    init(_ code: Code, during operation: String, reasons: [String] = []) {
        self.code = code
        self.operation = operation
        self.reasons = reasons
    }

    /// Takes what the library has to say about the call that just failed on this thread, and leaves its queue empty.
    static func drained(_ code: Code = .libraryFailed, during operation: String) -> OpenSSLError {
        var reasons: [String] = []
        var text = [CChar](repeating: 0, count: 256)
        while true {
            let error = ERR_get_error()
            if error == 0 { return OpenSSLError(code, during: operation, reasons: reasons) }
            ERR_error_string_n(error, &text, text.count)
            reasons.append(text.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" })
        }
    }

    public var description: String {
        let reasons = self.reasons.isEmpty ? self.code.rawValue : self.reasons.joined(separator: "; ")
        return "OpenSSL could not \(self.operation): \(reasons)"
    }
}

/// Turns a result other than 1 into an error with the library's reasons.
func check(_ result: CInt, _ operation: @autoclosure () -> String) throws(OpenSSLError) {
    guard result != 1 else { return }
    throw OpenSSLError.drained(during: operation())
}
