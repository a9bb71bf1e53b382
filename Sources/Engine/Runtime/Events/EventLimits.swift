/// Bounds on events from outside. What is too large is cut, except a whole payload, which is refused.
public enum EventLimits {
    /// The size of a payload or a line of a file.
    public static let payloadBytesMax = 1024 * 1024
    public static let fieldsMax = 1024
    /// Longer strings are cut at a scalar's boundary.
    public static let stringBytesMax = 256 * 1024
    /// Arrays and objects deeper than this in a field are null.
    public static let depthMax = 32
    /// Longer arrays are cut.
    public static let elementsMax = 10_000

    /// Cuts a string's bytes so that no scalar is torn: continuation bytes at the cut are given up with their scalar.
    static func cut(_ length: Int, byteAt: (Int) -> UInt8) -> Int {
        guard length > Self.stringBytesMax else { return length }
        var end = Self.stringBytesMax
        while end > 0, byteAt(end) & 0xC0 == 0x80 { end -= 1 }
        return end
    }
}
