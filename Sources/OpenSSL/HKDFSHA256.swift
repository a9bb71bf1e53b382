internal import COpenSSL

/// Derives keys for separate purposes from one secret (RFC 5869, with SHA-256).
public enum HKDFSHA256 {
    /// `byteCount` bytes, 8160 at most, that only a holder of `secret` can derive. Different `info` gives independent
    /// keys.
    public static func key(
        from secret: [UInt8],
        salt: [UInt8],
        info: [UInt8],
        byteCount: Int
    ) throws(OpenSSLError) -> [UInt8] {
        let operation = "derive a key"
        guard (1...255 * SHA256.byteCount).contains(byteCount), let secretCount = CInt(exactly: secret.count),
            let saltCount = CInt(exactly: salt.count), let infoCount = CInt(exactly: info.count), secretCount > 0
        else {
            throw OpenSSLError(.badLength, during: operation)
        }
        guard let context = EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nil) else { throw .drained(during: operation) }
        defer { EVP_PKEY_CTX_free(context) }
        try check(EVP_PKEY_derive_init(context), operation)
        try check(EVP_PKEY_CTX_set_hkdf_md(context, EVP_sha256()), operation)
        try check(EVP_PKEY_CTX_set1_hkdf_salt(context, salt, saltCount), operation)
        try check(EVP_PKEY_CTX_set1_hkdf_key(context, secret, secretCount), operation)
        try check(EVP_PKEY_CTX_add1_hkdf_info(context, info, infoCount), operation)
        var key = [UInt8](repeating: 0, count: byteCount)
        var written = byteCount
        try check(EVP_PKEY_derive(context, &key, &written), operation)
        return key
    }
}
