import Testing

@testable import Checksum

@Suite("CRC32C")
struct CRC32CTests {
    @Test(
        "the published checksums come out (RFC 3720, appendix B.4)",
        arguments: [
            ([], 0), (Array("123456789".utf8), 0xE306_9283), (Array(repeating: 0, count: 32), 0x8A91_36AA),
            (Array(repeating: 0xff, count: 32), 0x62A8_AB43), (Array(0..<32), 0x46DD_794E),
            ((0..<32).reversed(), 0x113F_DB5C),
            (
                [
                    0x01, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 0x04, 0, 0, 0, 0, 0x14,
                    0, 0, 0, 0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0, 0, 0, 0, 0,
                ], 0xD996_3A56
            ),
        ] as [([UInt8], UInt32)]
    )
    func vectors(bytes: [UInt8], expected: UInt32) {
        #expect(CRC32C.checksum(bytes) == expected)
        var byTables = CRC32C()
        bytes.withUnsafeBytes { byTables.updateByTables($0) }
        #expect(byTables.value == expected)
    }

    @Test("bytes may come in pieces, cut anywhere")
    func pieces() {
        let bytes = (0..<61).map { UInt8($0 * 37 & 0xff) }
        let whole = CRC32C.checksum(bytes)
        for cut in 0...bytes.count {
            var checksum = CRC32C()
            bytes.withUnsafeBytes { bytes in
                checksum.update(UnsafeRawBufferPointer(rebasing: bytes[..<cut]))
                checksum.update(UnsafeRawBufferPointer(rebasing: bytes[cut...]))
            }
            #expect(checksum.value == whole)
        }
    }
}
