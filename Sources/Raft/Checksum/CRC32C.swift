internal import CCRC32C

/// The checksum CRC-32C (Castagnoli; RFC 3720, appendix B.4) of bytes that come in pieces: it guards entries on disk
/// and frames on the wire against accidents, not against forgery.
///
/// Where the processor has an instruction for it, that is used. Elsewhere eight bytes are taken at a time ("slicing by
/// 8"). Table `n` holds the checksum's change by a byte that is followed by `n` zero bytes; since the checksum is linear,
/// the changes by eight bytes are looked up side by side and combined.
/// For "123456789" the first eight characters take one step, the ninth goes alone, and the value is 0xE3069283.
public struct CRC32C: Sendable {
    private var state: UInt32 = ~0

    public init() {}

    /// The checksum of all bytes added so far.
    public var value: UInt32 { ~self.state }

    /// The checksum of `bytes`.
    public static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var checksum = CRC32C()
        bytes.withUnsafeBytes { checksum.update($0) }
        return checksum.value
    }

    /// Adds `bytes`.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        if Self.isBuiltIn {
            self.state = crc32c_built_in(self.state, bytes.baseAddress, bytes.count)
        } else {
            self.updateByTables(bytes)
        }
    }

    /// Whether the processor has an instruction for it.
    private static let isBuiltIn = crc32c_is_built_in() != 0

    mutating func updateByTables(_ bytes: UnsafeRawBufferPointer) {
        var state = self.state
        Self.tables.withUnsafeBufferPointer { tables in
            // The table for a byte with `following` bytes of its group after it.
            func change(_ byte: UInt64, _ following: Int) -> UInt32 { tables[following << 8 | Int(byte & 0xff)] }
            var place = 0
            while place + 8 <= bytes.count {
                let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
                let mixed = word ^ UInt64(state)
                let first = change(mixed, 7) ^ change(mixed >> 8, 6) ^ change(mixed >> 16, 5) ^ change(mixed >> 24, 4)
                let last = change(mixed >> 32, 3) ^ change(mixed >> 40, 2) ^ change(mixed >> 48, 1)
                state = first ^ last ^ change(mixed >> 56, 0)
                place += 8
            }
            while place < bytes.count {
                state = (state >> 8) ^ change(UInt64(state) ^ UInt64(bytes[place]), 0)
                place += 1
            }
        }
        self.state = state
    }

    /// Eight tables of 256 words, one after the other.
    private static let tables: [UInt32] = {
        let polynomial: UInt32 = 0x82F6_3B78  // Bits reversed: the lowest bit stands for the highest power.
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var change = UInt32(byte)
            for _ in 0..<8 { change = change & 1 == 1 ? (change >> 1) ^ polynomial : change >> 1 }
            tables[byte] = change
        }
        for place in 256..<(8 * 256) {
            let shorter = tables[place - 256]
            tables[place] = (shorter >> 8) ^ tables[Int(shorter & 0xff)]
        }
        return tables
    }()
}
