/// Looks through the inside of JSON strings, eight bytes at a time.
enum JSONText {
    /// The first byte from `start` on that does not stand for itself within a string: a quote, a backslash or a control
    /// character. The number of bytes if there is none.
    static func runEnd(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        let memory = UnsafeRawBufferPointer(bytes)
        var place = start
        while place + 8 <= memory.count {
            let word = UInt64(littleEndian: memory.loadUnaligned(fromByteOffset: place, as: UInt64.self))
            let found = self.marks(word)
            if found != 0 { return place + found.trailingZeroBitCount / 8 }
            place += 8
        }
        while place < memory.count, !self.isSpecial(memory[place]) { place += 1 }
        return place
    }

    private static func isSpecial(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20
    }

    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highs: UInt64 = 0x8080_8080_8080_8080

    /// The high bit of each special byte; beyond the first one, perhaps of others too. The tests for a byte below a
    /// bound and for a zero byte are those of Anderson's "Bit Twiddling Hacks".
    private static func marks(_ word: UInt64) -> UInt64 {
        let control = (word &- self.ones &* 0x20) & ~word
        let quote = word ^ (self.ones &* 0x22)
        let backslash = word ^ (self.ones &* 0x5C)
        return (control | (quote &- self.ones) & ~quote | (backslash &- self.ones) & ~backslash) & self.highs
    }
}
