import ClusterState
import OpenSSL

/// A key that is drawn here, to be told to whoever asked for it and to nobody else.
struct NewKey {
    let id: KeyID
    /// 256 random bits behind a beginning by which scanners for leaked secrets recognise it.
    let text: String
    /// What the log gets to know of it.
    let verifier: KeyVerifier

    static let prefix = "vk_"

    init() throws {
        let salt = try SecureRandom.bytes(KeyVerifier.saltBytes)
        self.id = KeyID("key-" + (try SecureRandom.bytes(6)).map { Self.hexadecimal($0) }.joined())
        self.text = Self.prefix + Self.urlSafe(try SecureRandom.bytes(32))
        self.verifier = KeyVerifier(salt: salt, hash: try Self.hash(Array(self.text.utf8), salt: salt))
    }

    static func hash(_ key: [UInt8], salt: [UInt8]) throws(OpenSSLError) -> [UInt8] { try SHA256.hash(salt + key) }

    private static func hexadecimal(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }

    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".unicodeScalars
    )

    /// Base64 with the alphabet for URLs, without padding (RFC 4648, section 5).
    private static func urlSafe(_ bytes: [UInt8]) -> String {
        var text = String.UnicodeScalarView()
        var bits = 0
        var held: UInt32 = 0
        for byte in bytes {
            held = held << 8 | UInt32(byte)
            bits += 8
            while bits >= 6 {
                bits -= 6
                text.append(Self.alphabet[Int(held >> bits & 63)])
            }
        }
        if bits > 0 { text.append(Self.alphabet[Int(held << (6 - bits) & 63)]) }
        return String(text)
    }
}
