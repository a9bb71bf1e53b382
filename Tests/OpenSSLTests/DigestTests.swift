import OpenSSL
import Testing

@Suite("SHA256")
struct SHA256Tests {
    @Test(
        "the published digests come out (FIPS 180-4 examples)",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ]
    )
    func vectors(message: String, digest: String) throws {
        #expect(try SHA256.hash(utf8(message)) == hex(digest))
    }

    @Test("a million letters, added in pieces, have the published digest")
    func pieces() throws {
        var hash = try SHA256()
        let piece = [UInt8](repeating: UInt8(ascii: "a"), count: 4000)
        for _ in 0..<250 { try hash.update(piece.span.bytes) }
        let digest = try hash.finish()
        #expect(digest == hex("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"))
    }
}

@Suite("HMACSHA256")
struct HMACSHA256Tests {
    private static let longKey = [UInt8](repeating: 0xaa, count: 131)

    @Test(
        "the published codes come out (RFC 4231, cases 1 to 4, 6 and 7)",
        arguments: [
            (
                [UInt8](repeating: 0x0b, count: 20), utf8("Hi There"),
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                utf8("Jefe"), utf8("what do ya want for nothing?"),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                [UInt8](repeating: 0xaa, count: 20), [UInt8](repeating: 0xdd, count: 50),
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
            ),
            (
                Array(1...25), [UInt8](repeating: 0xcd, count: 50),
                "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
            ),
            (
                longKey, utf8("Test Using Larger Than Block-Size Key - Hash Key First"),
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
            (
                longKey,
                utf8(
                    "This is a test using a larger than block-size key and a larger than block-size data. "
                        + "The key needs to be hashed before being used by the HMAC algorithm."
                ),
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
            ),
        ] as [([UInt8], [UInt8], String)]
    )
    func vectors(key: [UInt8], message: [UInt8], code: String) throws {
        #expect(try HMACSHA256.code(for: message, key: key) == hex(code))
    }

    @Test("an empty key and an empty message have a code too")
    func empty() throws {
        let code = hex("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
        #expect(try HMACSHA256.code(for: [], key: []) == code)
    }

    @Test(
        "equal means the same length and the same bytes",
        arguments: [
            ([], [], true), ([1, 2, 3], [1, 2, 3], true), ([1, 2, 3], [1, 2, 4], false), ([0, 2], [1, 2], false),
            ([1, 2], [1, 2, 3], false), ([], [0], false),
        ] as [([UInt8], [UInt8], Bool)]
    )
    func equality(one: [UInt8], other: [UInt8], expected: Bool) {
        #expect(constantTimeEqual(one, other) == expected)
    }
}
