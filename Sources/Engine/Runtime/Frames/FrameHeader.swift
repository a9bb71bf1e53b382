/// What a frame begins with.
struct FrameHeader {
    let rows: Int
    let types: Int
    let fields: Int
    let shapes: Int

    static func read(
        _ frame: UnsafeBufferPointer<UInt8>
    ) throws(EventDecodingError) -> (UnsafePointer<UInt8>, FrameHeader) {
        func error(_ code: EventDecodingError.Code, _ message: String, _ offset: Int) -> EventDecodingError {
            EventDecodingError(code: code, message: message, offset: offset)
        }
        guard let bytes = frame.baseAddress, frame.count >= EventFrame.headerBytes else {
            throw error(.truncated, "a frame has a header of \(EventFrame.headerBytes) bytes", frame.count)
        }
        func number(_ place: Int) -> Int { Int(FrameCursor.number(bytes + place, as: UInt16.self)) }
        guard frame.starts(with: EventFrame.magic) else { throw error(.malformed, "it is no frame of events", 0) }
        guard bytes[4] == EventFrame.version else { throw error(.malformed, "the frame is of another version", 4) }
        guard bytes[5] == 0, number(14) == 0 else { throw error(.malformed, "the frame is of another form", 5) }
        let length = Int(FrameCursor.number(bytes + 16, as: UInt32.self))
        guard length <= EventFrame.bytesMax else { throw error(.tooLarge, "the frame is larger than 8 MiB", 16) }
        guard length <= frame.count else { throw error(.truncated, "the frame ends in the middle", frame.count) }
        guard length == frame.count else { throw error(.malformed, "there are bytes behind the frame", length) }
        let header = FrameHeader(rows: number(6), types: number(8), fields: number(10), shapes: number(12))
        guard header.rows <= EventFrame.rowsMax else {
            throw error(.tooLarge, "the frame has more than 1,024 events", 6)
        }
        return (bytes, header)
    }
}
