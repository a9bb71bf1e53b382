/// Up to 1,024 events in few bytes, laid out by field, so that they need no parsing: see `docs/formats.md`.
///
/// Events that have the same type and the same fields in the same order share a shape. A row has the number of its shape,
/// and a field has values only for the rows whose shapes name it, one after the other. Two events,
/// `Tick { price: 1.5, n: 7 }` and `Tock { price: 2.0 }`, the second a nanosecond later:
///
///     56504652 01 00 0200  0200 0200 0200 0000  71000000     "VPFR", rows 2, types 2, fields 2, shapes 2, length 113
///     04000000 5469636b    04000000 546f636b                 types "Tick", "Tock"
///     05000000 7072696365  01000000 6e                       fields "price", "n"
///     0000 0200 0000 0100  0100 0100 0000                    shapes: Tick with fields 0 and 1, Tock with field 0
///     02 00ca9a3b00000000  0100000000000000  0000 0100       times: a second after 1970, in nanoseconds; 0 and 1 of them
///     00 01                                                  shapes of the rows
///     04 000000000000f83f 0000000000000040                   price: floats
///     03 0700000000000000                                    n: ints, and the first row alone has one
///
/// A frame that its writer has made is within `EventLimits`: what is more was cut when it was written, as it is when JSON
/// is read. A reader refuses what is beyond them, and a frame is read as a whole or not at all.
public enum EventFrame {
    public static let version: UInt8 = 1
    /// How many events a frame holds at most.
    public static let rowsMax = 1024
    /// The size of a frame.
    public static let bytesMax = 8 * 1024 * 1024

    static let magic: [UInt8] = Array("VPFR".utf8)
    static let headerBytes = 20
    /// How many types, fields or shapes a frame names at most.
    static let namesMax = Int(UInt16.max)

    /// The events in as many frames as they need. One too large for a frame is left out: see `EventFrameWriter`.
    public static func encode(_ events: some Sequence<Event>) -> [[UInt8]] {
        var writer = EventFrameWriter()
        var frames: [[UInt8]] = []
        for event in events {
            if let frame = writer.append(event) { frames.append(frame) }
        }
        if let frame = writer.finish() { frames.append(frame) }
        return frames
    }

    /// The events of a frame, one by one.
    public static func decode(_ bytes: Span<UInt8>) throws(EventDecodingError) -> [Event] {
        try bytes.withUnsafeBufferPointer { bytes throws(EventDecodingError) in
            FrameEvents(try FrameLayout(bytes)).all()
        }
    }

    public static func decode(_ bytes: [UInt8]) throws(EventDecodingError) -> [Event] {
        try Self.decode(bytes.span)
    }

    /// How the values of a field are laid out.
    enum Kind {
        /// One value after the other, each with its tag: see `FrameValue`.
        static let tagged: UInt8 = 0
        /// Texts: see `RepeatedTexts`.
        static let repeated: UInt8 = 10
        // Other values of one kind have the number of its `Cell`.
    }
}
