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
    static func cut(_ length: Int, _ cuts: inout EventCuts, byteAt: (Int) -> UInt8) -> Int {
        guard length > Self.stringBytesMax else { return length }
        cuts.strings += 1
        var end = Self.stringBytesMax
        while end > 0, byteAt(end) & 0xC0 == 0x80 { end -= 1 }
        return end
    }
}

/// How much of events was cut because it was more than `EventLimits` allow.
public struct EventCuts: Hashable, Sendable {
    /// Strings that lost their ends.
    public internal(set) var strings: UInt64 = 0
    /// Arrays that lost their last elements.
    public internal(set) var arrays: UInt64 = 0
    /// Arrays and objects that became null because they lay too deep.
    public internal(set) var nested: UInt64 = 0
    /// Events that lost their last fields.
    public internal(set) var events: UInt64 = 0

    public init() {}

    public var total: UInt64 { self.strings + self.arrays + self.nested + self.events }

    public static func += (left: inout EventCuts, right: EventCuts) {
        left.strings += right.strings
        left.arrays += right.arrays
        left.nested += right.nested
        left.events += right.events
    }
}
