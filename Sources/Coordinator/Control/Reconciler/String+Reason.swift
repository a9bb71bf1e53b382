extension String {
    static let reasonBytesMax = 1_024

    /// Its beginning, no longer than a reason may be that goes into the log, and cut between characters' scalars.
    var cutToReason: String {
        let bytes = self.utf8
        guard bytes.count > Self.reasonBytesMax else { return self }
        var end = bytes.index(bytes.startIndex, offsetBy: Self.reasonBytesMax)
        // Bytes that go on with a scalar look like 10xxxxxx.
        while end > bytes.startIndex, bytes[end] & 0xC0 == 0x80 { end = bytes.index(before: end) }
        return String(self[..<end])
    }
}
