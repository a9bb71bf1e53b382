internal import COpenSSL

/// Random bytes fit for keys, nonces and ids.
public enum SecureRandom {
    /// `count` random bytes.
    public static func bytes(_ count: Int) throws(OpenSSLError) -> [UInt8] {
        guard let length = CInt(exactly: count), length >= 0 else {
            throw OpenSSLError(.badLength, during: "draw random bytes")
        }
        var bytes = [UInt8](repeating: 0, count: count)
        try check(RAND_bytes(&bytes, length), "draw random bytes")
        return bytes
    }

    /// A random number of 64 bits.
    public static func number() throws(OpenSSLError) -> UInt64 {
        try self.bytes(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
