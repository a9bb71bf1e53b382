#if canImport(Glibc)
    import Glibc
#endif

/// A column of texts of which few differ, such as keys: each of them once, and for each value the number of its text.
///
/// They are short: a frame must not unfold to far more than what it has.
struct RepeatedTexts {
    static let textBytesMax = 64

    /// Where the lengths of the texts are, and how many there are.
    private let lengths: Int
    private let textCount: Int
    /// Where the numbers of the values are, of one byte or two.
    private let numbers: Int

    // MARK: - Writing

    /// Appends a column behind its kind, unless most of the texts differ or one is long.
    static func write(_ values: [Value], to frame: inout [UInt8]) -> Bool {
        var index = Index()
        var numbers: [UInt16] = []
        numbers.reserveCapacity(values.count)
        for case .string(var text) in values {
            guard text.utf8.count <= Self.textBytesMax else { return false }
            numbers.append(text.withUTF8 { index.number(of: $0) })
            guard index.lengths.count <= values.count / 2 else { return false }
        }
        frame.append(EventFrame.Kind.repeated)
        frame.append(number: UInt16(index.lengths.count))
        frame += index.lengths
        frame += index.bytes
        if index.lengths.count > 256 {
            for number in numbers { frame.append(number: number) }
        } else {
            frame.append(contentsOf: numbers.lazy.map { UInt8(truncatingIfNeeded: $0) })
        }
        return true
    }

    /// The different texts, found by their hashes.
    private struct Index {
        private(set) var bytes: [UInt8] = []
        private(set) var lengths: [UInt8] = []
        private var starts: [Int] = []
        /// The numbers of texts, from 1; 0 for a free place. More than twice as many as there are texts.
        private var table = [UInt16](repeating: 0, count: 2 * EventFrame.rowsMax)

        mutating func number(of text: UnsafeBufferPointer<UInt8>) -> UInt16 {
            var place = Int(truncatingIfNeeded: ByteHash.hash(text, seed: 0)) & (self.table.count - 1)
            while self.table[place] > 0 {
                let number = self.table[place] - 1
                if self.matches(text, Int(number)) { return number }
                place = (place + 1) & (self.table.count - 1)
            }
            self.starts.append(self.bytes.count)
            self.lengths.append(UInt8(text.count))
            self.bytes.append(contentsOf: text)
            self.table[place] = UInt16(self.lengths.count)
            return UInt16(self.lengths.count - 1)
        }

        private func matches(_ text: UnsafeBufferPointer<UInt8>, _ number: Int) -> Bool {
            guard Int(self.lengths[number]) == text.count else { return false }
            guard let start = text.baseAddress else { return true }
            return self.bytes.withUnsafeBufferPointer { bytes in
                bytes.baseAddress.map { memcmp($0 + self.starts[number], start, text.count) == 0 } ?? true
            }
        }
    }

    // MARK: - Reading

    /// Moves over a column, checking it.
    init(_ cursor: inout FrameCursor, count: Int) throws(EventDecodingError) {
        self.textCount = try cursor.number(UInt16.self)
        self.lengths = try cursor.take(self.textCount)
        for number in 0..<self.textCount {
            let length = Int(cursor.bytes[self.lengths + number])
            guard length <= Self.textBytesMax else {
                throw cursor.error("a repeated text is longer than 64 bytes", at: self.lengths + number)
            }
            let start = try cursor.take(length)
            guard FrameCursor.isText(cursor.bytes + start, length) else {
                throw cursor.error("a text is not UTF-8", .notUTF8, at: start)
            }
        }
        let width = self.textCount > 256 ? 2 : 1
        self.numbers = try cursor.take(count * width)
        var highest = -1
        for value in 0..<count { highest = max(highest, self.number(value, cursor.bytes)) }
        guard highest < self.textCount else { throw cursor.error("a value has no text", at: self.numbers) }
    }

    /// The number of a value's text.
    @inline(__always)
    func number(_ value: Int, _ bytes: UnsafePointer<UInt8>) -> Int {
        let numbers = bytes + self.numbers
        return self.textCount > 256
            ? Int(FrameCursor.number(numbers + 2 * value, as: UInt16.self)) : Int(numbers[value])
    }

    /// Where each text is.
    func places(_ bytes: UnsafePointer<UInt8>) -> [Range<Int>] {
        var start = self.lengths + self.textCount
        return (0..<self.textCount).map { number in
            let range = start..<start + Int(bytes[self.lengths + number])
            start = range.upperBound
            return range
        }
    }
}
