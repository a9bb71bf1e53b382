internal import COpenSSL

/// The hash function SHA-256 (FIPS 180-4). Use `hash(_:)` for bytes at hand, a value of the type for bytes that come
/// in pieces.
public struct SHA256: ~Copyable {
    /// The length of a digest.
    public static let byteCount = 32

    /// The digest of `bytes`.
    public static func hash(_ bytes: [UInt8]) throws(OpenSSLError) -> [UInt8] {
        var hash = try SHA256()
        try hash.update(bytes.span.bytes)
        return try hash.finish()
    }

    private let context: OpaquePointer

    public init() throws(OpenSSLError) {
        guard let context = EVP_MD_CTX_new() else { throw .drained(during: "begin a SHA-256 digest") }
        guard EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            EVP_MD_CTX_free(context)
            throw .drained(during: "begin a SHA-256 digest")
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(self.context) }

    /// Adds `bytes` to what is hashed.
    public mutating func update(_ bytes: RawSpan) throws(OpenSSLError) {
        try bytes.withUnsafeBytes { (bytes) throws(OpenSSLError) in
            try check(EVP_DigestUpdate(self.context, bytes.baseAddress, bytes.count), "hash bytes with SHA-256")
        }
    }

    /// The digest of all that was added.
    public consuming func finish() throws(OpenSSLError) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Self.byteCount)
        try check(EVP_DigestFinal_ex(self.context, &digest, nil), "end a SHA-256 digest")
        return digest
    }
}
