import OpenSSL

/// The keys of tenants: drawn here, answered once, and known by their digests from then on.
///
/// A key has 256 random bits, so its plain digest tells nothing about it, and how long it takes to find a digest tells
/// nothing either.
enum TenantKey {
    private static let prefix = "vt_"

    static func draw() throws(OpenSSLError) -> String {
        self.prefix + self.hexadecimal(try SecureRandom.bytes(32))
    }

    static func digest(_ key: String) throws(OpenSSLError) -> String {
        self.hexadecimal(try SHA256.hash(Array(key.utf8)))
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
