#if canImport(Glibc)
    import Glibc
#endif

extension ArraySlice<UInt8> {
    /// Whether the bytes spell a word.
    public func spells(_ word: StaticString) -> Bool {
        self.withUnsafeBufferPointer { bytes in
            guard let start = bytes.baseAddress, bytes.count == word.utf8CodeUnitCount else { return false }
            return memcmp(start, word.utf8Start, bytes.count) == 0
        }
    }
}
