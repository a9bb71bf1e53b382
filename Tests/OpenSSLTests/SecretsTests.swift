import Testing

@testable import OpenSSL

@Suite("HKDFSHA256")
struct HKDFSHA256Tests {
    private static let secret = [UInt8](repeating: 0x0b, count: 22)

    @Test(
        "the published keys come out (RFC 5869, appendix A, cases 1 to 3)",
        arguments: [
            (
                secret, Array(0x00...0x0c), Array(0xf0...0xf9),
                "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
            ),
            (
                Array(0x00...0x4f), Array(0x60...0xaf), Array(0xb0...0xff),
                "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
                    + "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"
            ),
            (
                secret, [], [],
                "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
            ),
        ] as [([UInt8], [UInt8], [UInt8], String)]
    )
    func vectors(secret: [UInt8], salt: [UInt8], info: [UInt8], expected: String) throws {
        let key = hex(expected)
        #expect(try HKDFSHA256.key(from: secret, salt: salt, info: info, byteCount: key.count) == key)
    }

    @Test("no secret, no bytes or more than the function can give are refused", arguments: [0, -1, 8161])
    func refusals(byteCount: Int) {
        let length = #expect(throws: OpenSSLError.self) {
            try HKDFSHA256.key(from: Self.secret, salt: [], info: [], byteCount: byteCount)
        }
        #expect(length?.code == .badLength)
        let secret = #expect(throws: OpenSSLError.self) {
            try HKDFSHA256.key(from: [], salt: [], info: [], byteCount: 32)
        }
        #expect(secret?.code == .badLength)
    }
}

@Suite("AES256GCM")
struct AES256GCMTests {
    struct Vector: Sendable {
        var key: String
        var nonce: String
        var plaintext: String
        var authenticated = ""
        var ciphertext: String
        var tag: String
    }

    /// Test cases 13, 14 and 16 of the cipher's submission to NIST.
    static let vectors = [
        Vector(
            key: String(repeating: "00", count: 32),
            nonce: String(repeating: "00", count: 12),
            plaintext: "",
            ciphertext: "",
            tag: "530f8afbc74536b9a963b4f1c4cb738b"
        ),
        Vector(
            key: String(repeating: "00", count: 32),
            nonce: String(repeating: "00", count: 12),
            plaintext: String(repeating: "00", count: 16),
            ciphertext: "cea7403d4d606b6e074ec5d3baf39d18",
            tag: "d0d1c8a799996bf0265b98b5d48ab919"
        ),
        Vector(
            key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
            nonce: "cafebabefacedbaddecaf888",
            plaintext: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
            authenticated: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            ciphertext: "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
            tag: "76fc6ece0f4e1768cddf8853bb2d551b"
        ),
    ]

    @Test("the published boxes come out, and open again", arguments: vectors)
    func published(vector: Vector) throws {
        let authenticated = hex(vector.authenticated)
        let box = try AES256GCM.seal(
            hex(vector.plaintext),
            key: hex(vector.key),
            nonce: hex(vector.nonce),
            authenticating: authenticated
        )
        #expect(box == hex(vector.nonce + vector.ciphertext + vector.tag))
        let opened = try AES256GCM.open(box, key: hex(vector.key), authenticating: authenticated)
        #expect(opened == hex(vector.plaintext))
    }

    @Test("a box sealed twice is not the same box, and a change of any bit of it is found")
    func tampering() throws {
        let key = try SecureRandom.bytes(32)
        let box = try AES256GCM.seal(utf8("secret"), key: key, authenticating: utf8("connector 7"))
        #expect(try AES256GCM.seal(utf8("secret"), key: key, authenticating: utf8("connector 7")) != box)
        #expect(try AES256GCM.open(box, key: key, authenticating: utf8("connector 7")) == utf8("secret"))
        for bit in 0..<(box.count * 8) {
            var changed = box
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            let error = #expect(throws: OpenSSLError.self) {
                try AES256GCM.open(changed, key: key, authenticating: utf8("connector 7"))
            }
            #expect(error?.code == .notAuthentic)
        }
    }

    @Test("a sealer's boxes open like others, and no two are alike")
    func sealer() throws {
        let key = try SecureRandom.bytes(32)
        let sealer = try AES256GCMSealer(key: key)
        var nonces: Set<[UInt8]> = []
        for number in 0..<200 {  // more than are drawn at a time
            let text = utf8("secret \(number)")
            let box = try sealer.seal(text[...], authenticating: utf8("place")[...])
            #expect(try AES256GCM.open(box, key: key, authenticating: utf8("place")) == text)
            #expect(nonces.insert(Array(box.prefix(12))).inserted)
        }
        #expect(try AES256GCM.open(try sealer.seal([]), key: key) == [])
        #expect(throws: OpenSSLError.self) { try AES256GCMSealer(key: Array(key.dropLast())) }
    }

    @Test("another key, other authenticated bytes or a box cut short do not open")
    func wrongContext() throws {
        let key = try SecureRandom.bytes(32)
        let box = try AES256GCM.seal(utf8("secret"), key: key, authenticating: utf8("connector 7"))
        let attempts: [([UInt8], [UInt8], [UInt8])] = [
            (box, try SecureRandom.bytes(32), utf8("connector 7")),
            (box, key, utf8("connector 8")),
            (box, key, []),
            (Array(box.dropLast()), key, utf8("connector 7")),
            (Array(box.prefix(27)), key, utf8("connector 7")),
            ([], key, utf8("connector 7")),
        ]
        for (box, key, authenticated) in attempts {
            let error = #expect(throws: OpenSSLError.self) {
                try AES256GCM.open(box, key: key, authenticating: authenticated)
            }
            #expect(error?.code == .notAuthentic)
        }
    }

    @Test("a key of another length is refused", arguments: [0, 16, 31, 33])
    func keyLength(count: Int) {
        let error = #expect(throws: OpenSSLError.self) {
            try AES256GCM.seal([1], key: [UInt8](repeating: 0, count: count))
        }
        #expect(error?.code == .badLength)
    }
}

@Suite("SecureRandom")
struct SecureRandomTests {
    @Test("it gives as many bytes as asked for, and others each time")
    func bytes() throws {
        #expect(try SecureRandom.bytes(0) == [])
        let one = try SecureRandom.bytes(32)
        #expect(one.count == 32)
        #expect(try SecureRandom.bytes(32) != one)
        #expect(try SecureRandom.number() != SecureRandom.number())
        #expect(throws: OpenSSLError.self) { try SecureRandom.bytes(-1) }
    }
}
