internal import COpenSSL
import Synchronization

/// Authenticated encryption for secrets at rest (AES-256 in Galois/counter mode, NIST SP 800-38D).
///
/// A box is nonce (12 bytes), ciphertext (as long as the plaintext), tag (16 bytes). The nonce is drawn at random for
/// each box, so one key must not seal more than 2^32 of them.
public enum AES256GCM {
    public static let keyByteCount = 32
    static let nonceByteCount = 12
    static let tagByteCount = 16

    /// Encrypts `plaintext` so that only a holder of `key` can read it, and only beside the same `authenticated` bytes.
    public static func seal(
        _ plaintext: [UInt8],
        key: [UInt8],
        authenticating authenticated: [UInt8] = []
    ) throws(OpenSSLError) -> [UInt8] {
        let nonce = try SecureRandom.bytes(self.nonceByteCount)
        return try self.seal(plaintext, key: key, nonce: nonce, authenticating: authenticated)
    }

    /// What was sealed in `box`. Fails with `notAuthentic` if a bit of the box, the key or the authenticated bytes
    /// differs.
    public static func open(
        _ box: [UInt8],
        key: [UInt8],
        authenticating authenticated: [UInt8] = []
    ) throws(OpenSSLError) -> [UInt8] {
        let operation = "open a sealed box"
        guard box.count >= self.nonceByteCount + self.tagByteCount else {
            throw OpenSSLError(.notAuthentic, during: operation, reasons: ["the box is too short"])
        }
        let nonce = Array(box[..<self.nonceByteCount])
        let ciphertext = Array(box[self.nonceByteCount..<(box.count - self.tagByteCount)])
        var tag = Array(box[(box.count - self.tagByteCount)...])

        let cipher = try Cipher(.open, key: key, nonce: nonce, operation)
        try cipher.authenticate(authenticated[...])
        let plaintext = try cipher.update(ciphertext)
        try check(
            EVP_CIPHER_CTX_ctrl(cipher.context, EVP_CTRL_GCM_SET_TAG, CInt(self.tagByteCount), &tag),
            operation
        )
        guard cipher.finish() else { throw .drained(.notAuthentic, during: operation) }
        return plaintext
    }

    static func seal(
        _ plaintext: [UInt8],
        key: [UInt8],
        nonce: [UInt8],
        authenticating authenticated: [UInt8]
    ) throws(OpenSSLError) -> [UInt8] {
        try Cipher(.seal, key: key, nonce: nonce, "seal bytes").seal(plaintext[...], nonce[...], authenticated[...])
    }
}

/// Seals many boxes under one key. The key is prepared once and nonces are drawn some at a time, each of which alone
/// costs more than sealing a short text.
public final class AES256GCMSealer: Sendable {
    private struct Supply: ~Copyable {
        let cipher: Cipher
        var nonces: [UInt8] = []
        var nextNonce = 0
    }

    private let supply: Mutex<Supply>

    public init(key: [UInt8]) throws(OpenSSLError) {
        let nothing = [UInt8](repeating: 0, count: AES256GCM.nonceByteCount)
        self.supply = Mutex(Supply(cipher: try Cipher(.seal, key: key, nonce: nothing, "seal bytes")))
    }

    /// Like `AES256GCM.seal`.
    public func seal(
        _ plaintext: ArraySlice<UInt8>,
        authenticating authenticated: ArraySlice<UInt8> = []
    ) throws(OpenSSLError) -> [UInt8] {
        try self.supply.withLock { supply throws(OpenSSLError) in
            if supply.nextNonce == supply.nonces.count {
                supply.nonces = try SecureRandom.bytes(64 * AES256GCM.nonceByteCount)
                supply.nextNonce = 0
            }
            let nonce = supply.nonces[supply.nextNonce..<supply.nextNonce + AES256GCM.nonceByteCount]
            supply.nextNonce += AES256GCM.nonceByteCount
            try supply.cipher.begin(anew: nonce)
            return try supply.cipher.seal(plaintext, nonce, authenticated)
        }
    }
}

/// One run of the cipher in one direction.
private struct Cipher: ~Copyable {
    enum Direction: CInt {
        case open = 0
        case seal = 1
    }

    /// Fetched once: a cipher that is named anew for each run is looked up anew each time.
    // OpenSSL's manual on EVP_CIPHER_fetch: fetched objects are immutable and may be used by many threads at once.
    private nonisolated(unsafe) static let algorithm = EVP_CIPHER_fetch(nil, "AES-256-GCM", nil)

    let context: OpaquePointer
    private let operation: String

    init(_ direction: Direction, key: [UInt8], nonce: [UInt8], _ operation: String) throws(OpenSSLError) {
        guard key.count == AES256GCM.keyByteCount, nonce.count == AES256GCM.nonceByteCount else {
            throw OpenSSLError(.badLength, during: operation, reasons: ["the key must have 32 bytes, the nonce 12"])
        }
        guard let context = EVP_CIPHER_CTX_new() else { throw .drained(during: operation) }
        // Twelve bytes is the nonce length that the cipher starts with.
        guard let algorithm = Self.algorithm,
            EVP_CipherInit_ex(context, algorithm, nil, key, nonce, direction.rawValue) == 1
        else {
            EVP_CIPHER_CTX_free(context)
            throw .drained(during: operation)
        }
        self.context = context
        self.operation = operation
    }

    deinit { EVP_CIPHER_CTX_free(self.context) }

    /// Authenticates bytes that are not encrypted.
    func authenticate(_ bytes: ArraySlice<UInt8>) throws(OpenSSLError) {
        guard !bytes.isEmpty else { return }
        try self.update(bytes, into: nil)
    }

    /// Encrypts or decrypts. What is decrypted must not be used before `finish` says that it is authentic.
    func update(_ bytes: [UInt8]) throws(OpenSSLError) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: bytes.count)
        if !bytes.isEmpty { try self.update(bytes[...], into: &result) }
        return result
    }

    private func update(
        _ bytes: ArraySlice<UInt8>,
        into result: UnsafeMutablePointer<UInt8>?
    ) throws(OpenSSLError) {
        guard let length = CInt(exactly: bytes.count) else { throw OpenSSLError(.badLength, during: self.operation) }
        let status = bytes.withUnsafeBufferPointer { bytes in
            var written: CInt = 0
            return EVP_CipherUpdate(self.context, result, &written, bytes.baseAddress, length)
        }
        try check(status, self.operation)
    }

    /// Another run under the same key.
    func begin(anew nonce: ArraySlice<UInt8>) throws(OpenSSLError) {
        let status = nonce.withUnsafeBufferPointer {
            EVP_CipherInit_ex(self.context, nil, nil, nil, $0.baseAddress, Direction.seal.rawValue)
        }
        try check(status, self.operation)
    }

    /// A whole box.
    func seal(
        _ plaintext: ArraySlice<UInt8>,
        _ nonce: ArraySlice<UInt8>,
        _ authenticated: ArraySlice<UInt8>
    ) throws(OpenSSLError) -> [UInt8] {
        try self.authenticate(authenticated)
        let tagPlace = AES256GCM.nonceByteCount + plaintext.count
        var box: [UInt8] = []
        box.reserveCapacity(tagPlace + AES256GCM.tagByteCount)
        box.append(contentsOf: nonce)
        box.append(contentsOf: plaintext)
        box.append(contentsOf: repeatElement(0, count: AES256GCM.tagByteCount))
        try box.withUnsafeMutableBufferPointer { box throws(OpenSSLError) in
            guard let start = box.baseAddress else { return }
            if !plaintext.isEmpty { try self.update(plaintext, into: start + AES256GCM.nonceByteCount) }
            guard self.finish() else { throw .drained(during: self.operation) }
            try check(
                EVP_CIPHER_CTX_ctrl(
                    self.context,
                    EVP_CTRL_GCM_GET_TAG,
                    CInt(AES256GCM.tagByteCount),
                    start + tagPlace
                ),
                self.operation
            )
        }
        return box
    }

    /// Ends the run. False in the direction `open` means that the tag does not fit.
    func finish() -> Bool {
        // Counter mode has no last block to write.
        var written: CInt = 0
        var nothing: UInt8 = 0
        return EVP_CipherFinal_ex(self.context, &nothing, &written) == 1
    }
}
