extension FrameLayout.Column {
    /// Moves over a column, checking it.
    init(_ cursor: inout FrameCursor, count: Int) throws(EventDecodingError) {
        self.kind = UInt8(try cursor.number(UInt8.self))
        self.place = cursor.position
        self.count = count
        self.repeated = self.kind == EventFrame.Kind.repeated ? try RepeatedTexts(&cursor, count: count) : nil
        switch self.kind {
        case EventFrame.Kind.tagged:
            for _ in 0..<count { try FrameValue.check(&cursor, depth: EventLimits.depthMax) }
        case Cell.bool:
            let bools = cursor.bytes + (try cursor.take(count))
            var all: UInt8 = 0
            for row in 0..<count { all |= bools[row] }
            guard all <= 1 else { throw cursor.error("a bool is neither 0 nor 1", at: self.place) }
        case Cell.int, Cell.float, Cell.timestamp, Cell.duration: _ = try cursor.take(8 * count)
        case EventFrame.Kind.repeated: break
        case Cell.string: try Self.checkTexts(&cursor, count)
        default: throw cursor.error("a field is of no known kind", at: self.place - 1)
        }
    }

    private static func checkTexts(_ cursor: inout FrameCursor, _ count: Int) throws(EventDecodingError) {
        let place = cursor.position
        let ends = cursor.bytes + (try cursor.take(4 * count))
        var end: UInt32 = 0
        var longest: UInt32 = 0
        for row in 0..<count {
            let next = FrameCursor.number(ends + 4 * row, as: UInt32.self)
            // An end before the one before it makes the longest of all.
            longest = max(longest, next &- end)
            end = next
        }
        guard longest <= EventLimits.stringBytesMax else {
            if longest > Int32.max { throw cursor.error("a text ends before it begins", at: place) }
            throw cursor.error("a text is longer than 256 KiB", .tooLarge, at: place)
        }
        let start = try cursor.take(Int(end))
        let texts = cursor.bytes + start
        if FrameCursor.isASCII(texts, Int(end)) { return }
        guard RowReader.isUTF8(cursor.buffer(start..<start + Int(end))) else {
            throw cursor.error("a text is not UTF-8", .notUTF8, at: start)
        }
        for row in 0..<count {
            let next = FrameCursor.number(ends + 4 * row, as: UInt32.self)
            // All together are UTF-8: then each is if it ends where a scalar does.
            guard next == end || texts[Int(next)] & 0xC0 != 0x80 else {
                throw cursor.error("a text is not UTF-8", .notUTF8, at: start + Int(next))
            }
        }
    }
}
