internal import COpenSSL

/// Message authentication with SHA-256 (RFC 2104).
public enum HMACSHA256 {
    /// The length of a code.
    public static let byteCount = 32

    /// The code that shows `message` to come from a holder of `key`. Compare codes with `constantTimeEqual`.
    public static func code(for message: [UInt8], key: [UInt8]) throws(OpenSSLError) -> [UInt8] {
        guard let keyCount = CInt(exactly: key.count) else {
            throw OpenSSLError(.badLength, during: "authenticate a message")
        }
        var code = [UInt8](repeating: 0, count: Self.byteCount)
        guard HMAC(EVP_sha256(), key, keyCount, message, message.count, &code, nil) != nil else {
            throw .drained(during: "authenticate a message")
        }
        return code
    }
}

/// Whether the two are the same bytes, in a time that depends on their lengths alone: for secrets and codes.
public func constantTimeEqual(_ one: [UInt8], _ other: [UInt8]) -> Bool {
    one.count == other.count && CRYPTO_memcmp(one, other, one.count) == 0
}
