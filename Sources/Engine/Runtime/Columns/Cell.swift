/// What a cell of a column holds. Its word is read accordingly.
struct Cell {
    static let missing: UInt8 = 0
    static let null: UInt8 = 1
    /// The word is 0 or 1.
    static let bool: UInt8 = 2
    static let int: UInt8 = 3
    /// The word is the float's bits.
    static let float: UInt8 = 4
    /// The word says where the text is: see `TextPlace`.
    static let string: UInt8 = 5
    static let timestamp: UInt8 = 6
    static let duration: UInt8 = 7
    /// An array, a map, or a string for which there was no room: the word is its place in the column's boxes.
    static let boxed: UInt8 = 8
}

/// The kinds that a column's cells may have: at least those that they do have.
struct CellKinds: OptionSet, Hashable {
    let rawValue: UInt16

    init(rawValue: UInt16) { self.rawValue = rawValue }

    init(_ tag: UInt8) { self.rawValue = 1 << UInt16(tag) }

    static let missing = CellKinds(Cell.missing)
    static let bool = CellKinds(Cell.bool)
    static let int = CellKinds(Cell.int)
    static let float = CellKinds(Cell.float)
    static let string = CellKinds(Cell.string)
}

/// Where the bytes of a string cell are, in one word: in the batch's input, or in its heap of made texts.
struct TextPlace {
    var rawValue: UInt64

    private static let heapBit: UInt64 = 1 << 63

    init(rawValue: UInt64) { self.rawValue = rawValue }

    init(offset: Int, count: Int, isInHeap: Bool) {
        self.rawValue = UInt64(UInt32(offset)) | UInt64(UInt32(count)) << 32 | (isInHeap ? Self.heapBit : 0)
    }

    var offset: Int { Int(UInt32(truncatingIfNeeded: self.rawValue)) }
    var count: Int { Int(self.rawValue >> 32 & 0x7FFF_FFFF) }
    var isInHeap: Bool { self.rawValue & Self.heapBit != 0 }
}
