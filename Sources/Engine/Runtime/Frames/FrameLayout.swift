/// Where everything in a frame is. Making one checks all of the frame, so that whoever reads by it need not.
struct FrameLayout {
    let bytes: UnsafePointer<UInt8>
    let rows: Int
    /// Where the names are.
    let types: [Range<Int>]
    let fields: [Range<Int>]
    let shapes: [Shape]
    /// The fields of all shapes, one after the other.
    let shapeFields: [UInt16]
    let times: FrameTimes
    private let rowShapes: Int
    private let rowShapeBytes: Int
    /// By field.
    private(set) var columns: [Column] = []

    struct Shape {
        let type: Int
        /// Places in `shapeFields`.
        let fields: Range<Int>
    }

    struct Column {
        let kind: UInt8
        /// The first byte behind the kind.
        let place: Int
        /// How many rows have a value.
        let count: Int
        let repeated: RepeatedTexts?
    }

    init(_ frame: UnsafeBufferPointer<UInt8>) throws(EventDecodingError) {
        let (bytes, header) = try FrameHeader.read(frame)
        var cursor = FrameCursor(bytes, count: frame.count)
        _ = try cursor.take(EventFrame.headerBytes)
        self.bytes = bytes
        self.rows = header.rows
        self.types = try Self.names(&cursor, count: header.types)
        self.fields = try Self.names(&cursor, count: header.fields)
        (self.shapes, self.shapeFields) = try Self.shapes(&cursor, header)
        self.times = try FrameTimes(&cursor, rows: header.rows)
        self.rowShapeBytes = self.shapes.count > 256 ? 2 : self.shapes.count > 1 ? 1 : 0
        self.rowShapes = try cursor.take(header.rows * self.rowShapeBytes)
        let counts = try self.valueCounts(cursor)
        self.columns.reserveCapacity(counts.count)
        for count in counts { self.columns.append(try Column(&cursor, count: count)) }
        guard cursor.position == frame.count else { throw cursor.error("the frame is longer than what is in it") }
    }

    @inline(__always)
    func shape(ofRow row: Int) -> Int {
        switch self.rowShapeBytes {
        case 0: 0
        case 1: Int(self.bytes[self.rowShapes + row])
        default: Int(FrameCursor.number(self.bytes + self.rowShapes + 2 * row, as: UInt16.self))
        }
    }

    func text(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: self.bytes + range.lowerBound, count: range.count)
    }

    // MARK: - Checks

    private static func names(_ cursor: inout FrameCursor, count: Int) throws(EventDecodingError) -> [Range<Int>] {
        var names: [Range<Int>] = []
        // Each takes four bytes at least, so that the frame bounds them.
        names.reserveCapacity(min(count, (cursor.count - cursor.position) / 4))
        for _ in 0..<count { names.append(try cursor.text()) }
        var seen = Set<ExactText>()
        for name in names {
            let text = String(decoding: cursor.buffer(name), as: UTF8.self)
            guard seen.insert(ExactText(text)).inserted else {
                throw cursor.error("a name comes twice", at: name.lowerBound)
            }
        }
        return names
    }

    private static func shapes(
        _ cursor: inout FrameCursor,
        _ header: FrameHeader
    ) throws(EventDecodingError) -> ([Shape], [UInt16]) {
        var (shapes, shapeFields): ([Shape], [UInt16]) = ([], [])
        /// By field: the shape that named it last, from 1.
        var named = [Int](repeating: 0, count: header.fields)
        for shape in 0..<header.shapes {
            let start = cursor.position
            let (type, count) = (try cursor.number(UInt16.self), try cursor.number(UInt16.self))
            guard type < header.types else { throw cursor.error("a shape is of no type", at: start) }
            guard count <= EventLimits.fieldsMax else {
                throw cursor.error("a shape has more than 1,024 fields", .tooLarge, at: start)
            }
            let first = shapeFields.count
            for _ in 0..<count {
                let field = try cursor.number(UInt16.self)
                guard field < header.fields, named[field] <= shape else {
                    throw cursor.error("a shape has a field twice, or one without a name", at: start)
                }
                named[field] = shape + 1
                shapeFields.append(UInt16(field))
            }
            shapes.append(Shape(type: type, fields: first..<shapeFields.count))
        }
        return (shapes, shapeFields)
    }

    /// How many rows have each field.
    private func valueCounts(_ cursor: FrameCursor) throws(EventDecodingError) -> [Int] {
        var rowCounts = [Int](repeating: 0, count: self.shapes.count)
        if self.shapes.count == 1 {
            rowCounts[0] = self.rows
        } else {
            for row in 0..<self.rows {
                let shape = self.shape(ofRow: row)
                guard shape < rowCounts.count else {
                    throw cursor.error("a row has no shape", at: self.rowShapes + row * self.rowShapeBytes)
                }
                rowCounts[shape] += 1
            }
        }
        var counts = [Int](repeating: 0, count: self.fields.count)
        for (shape, count) in zip(self.shapes, rowCounts) {
            for field in self.shapeFields[shape.fields] { counts[Int(field)] += count }
        }
        return counts
    }
}
