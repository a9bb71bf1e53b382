import NIOSSL

/// Puts the cryptographic library's errors into words.
enum TLSFailure {
    /// Why a handshake failed, without what differs from time to time.
    static func cause(of error: any Error) -> String {
        guard case .handshakeFailed(let reason) = error as? NIOSSLError else { return "\(error)" }
        switch reason {
        case .sslError(let stack), .unknownError(let stack):
            guard let first = stack.first else { return "the handshake failed" }
            return self.name(in: "\(first)")
        case .syscallError, .zeroReturn: return "the connection was closed"
        default: return "\(reason)"
        }
    }

    /// `CERTIFICATE_VERIFY_FAILED` of `Error: 268435581 error:1000007d:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED at …`.
    private static func name(in text: String) -> String {
        let sentence = text.firstRange(of: " at ").map { text[..<$0.lowerBound] } ?? text[...]
        return String(sentence.split(separator: ":").last ?? sentence).lowercased().replacing("_", with: " ")
    }
}
