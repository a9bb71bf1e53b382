/// A quick hash of bytes, for tables and for sharing keys out. It keeps no secret: who must not choose keys that meet
/// takes a seed.
enum ByteHash {
    @inline(__always)
    static func hash(_ bytes: UnsafeBufferPointer<UInt8>, seed: UInt64) -> UInt64 {
        var state = seed ^ UInt64(bytes.count)
        guard let start = UnsafeRawPointer(bytes.baseAddress) else { return Self.mix(state) }
        let count = bytes.count
        if count < 8 {
            // The first and the last four bytes, which may overlap; or each by itself.
            if count >= 4 {
                let (first, last) = (
                    start.loadUnaligned(as: UInt32.self), (start + (count - 4)).loadUnaligned(as: UInt32.self)
                )
                return Self.mix(state ^ (UInt64(first) << 32 | UInt64(last)))
            }
            var rest: UInt64 = 0
            for byte in bytes { rest = rest << 8 | UInt64(byte) }
            return Self.mix(state ^ rest)
        }
        var offset = 0
        while offset + 8 < count {
            state = Self.mix(state ^ (start + offset).loadUnaligned(as: UInt64.self))
            offset += 8
        }
        return Self.mix(state ^ (start + (count - 8)).loadUnaligned(as: UInt64.self))
    }

    /// The halves of a product of 128 bits, folded.
    @inline(__always)
    static func mix(_ word: UInt64) -> UInt64 {
        // As one number of 128 bits: the method of two halves is a call.
        let product = UInt128(word ^ 0x9E37_79B9_7F4A_7C15) &* 0xD6E8_FEB8_6659_FD93
        return UInt64(truncatingIfNeeded: product >> 64) ^ UInt64(truncatingIfNeeded: product)
    }
}
