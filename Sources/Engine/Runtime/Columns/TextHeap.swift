/// The texts of a batch that are not in its input: decoded, made by expressions, or constants of the program.
final class TextHeap {
    @exclusivity(unchecked) private var bytes = PlainBuffer<UInt8>()
    private let bytesMax: Int
    /// Up to here are the constants, which stay.
    private var kept = 0

    var base: UnsafeMutablePointer<UInt8> { self.bytes.base }

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    deinit { self.bytes.free() }

    /// Nil if it holds so much that the place could not be told.
    func append(_ text: String) -> TextPlace? {
        var text = text
        return text.withUTF8 { text in
            let offset = self.bytes.count
            guard offset + text.count <= self.bytesMax else { return nil }
            self.bytes.append(contentsOf: text)
            return TextPlace(offset: offset, count: text.count, isInHeap: true)
        }
    }

    /// How many bytes a short text has at most.
    static let shortMax = 16

    /// Makes room for so many bytes. False if it would hold too much.
    func reserve(_ more: Int) -> Bool {
        guard self.bytes.count + more <= self.bytesMax else { return false }
        self.bytes.reserve(more)
        return true
    }

    /// Appends the short texts that cells have in the input, or in another heap, and sets the cells to where they are now.
    /// There must be room for `shortMax` bytes each.
    ///
    /// - Parameter base: Of the places. More bytes follow each text, zeros or others: a constant number is copied.
    func takeShortTexts(
        _ words: UnsafeMutablePointer<UInt64>,
        _ tags: UnsafeMutablePointer<UInt8>,
        count: Int,
        from base: UnsafePointer<UInt8>,
        inHeap isInHeap: Bool
    ) {
        let start = self.bytes.base
        var offset = self.bytes.count
        for cell in 0..<count where tags[cell] == Cell.string {
            let place = TextPlace(rawValue: words[cell])
            guard place.isInHeap == isInHeap, place.count <= Self.shortMax else { continue }
            (start + offset).update(from: base + place.offset, count: Self.shortMax)
            words[cell] = TextPlace(offset: offset, count: place.count, isInHeap: true).rawValue
            offset += place.count
        }
        self.bytes.fillReserve(to: offset)
    }

    // MARK: - Texts in the making

    /// Where a text begins whose bytes are appended next.
    var end: Int { self.bytes.count }

    func append(byte: UInt8) { self.bytes.append(byte) }
    func append(decimal number: Int64) { self.bytes.append(decimal: number) }
    func append(_ text: UnsafeBufferPointer<UInt8>) { self.bytes.append(contentsOf: text) }

    /// Appends a text of the batch, which may be in this heap.
    func append(_ place: TextPlace, input: UnsafePointer<UInt8>) {
        // First the room: the heap may move.
        self.bytes.reserve(place.count)
        let base = place.isInHeap ? UnsafePointer(self.bytes.base) : input
        self.bytes.append(contentsOf: UnsafeBufferPointer(start: base + place.offset, count: place.count))
    }

    /// The text that began at `start`. Nil, and it is given up, if it or the heap is larger than may be.
    func finish(from start: Int, bytesMax: Int) -> TextPlace? {
        let count = self.bytes.count - start
        guard count <= bytesMax, self.bytes.count <= self.bytesMax else {
            self.bytes.removeAll(from: start)
            return nil
        }
        return TextPlace(offset: start, count: count, isInHeap: true)
    }

    /// Nothing is in it but what stays.
    var isEmpty: Bool { self.bytes.count == self.kept }

    /// What is there now stays when the heap is cleared.
    func keep() { self.kept = self.bytes.count }

    func clear() { self.bytes.removeAll(from: self.kept) }
}
