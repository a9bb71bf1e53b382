#if canImport(Glibc)
    import Glibc
#endif

/// Reads events straight into the cells of a batch: only the fields that the program reads, and no string is made.
///
/// It knows the usual forms of a line, JSON here and the notation of event files in another file, and gives up on any
/// other, which `EventFileReader` then reads or refuses: nested values, escapes, control characters, numbers of more than
/// eighteen digits, types and envelopes that come twice.
struct RowReader {
    let batch: Batch
    let slots: NameTable
    /// A field's words and tags, by slot: a loop over events touches no object.
    let cells: UnsafeMutablePointer<Cells>
    let timestampSlot: Int?
    /// Of the members of the line before, by their places.
    let shapes: UnsafeMutablePointer<KeyShape>
    var row = 0
    /// The bytes of the type seen last, and its number.
    var lastType: (start: UnsafePointer<UInt8>?, count: Int, number: UInt16) = (nil, 0, 0)
    var position: UnsafePointer<UInt8>
    var type: UInt16?
    var time: Int64?
    var memberCount = 0
    var hasFields = false

    /// The input has to end with so many zeros: they stop whatever runs over the end of a line.
    static let paddingBytes = 16

    /// The name of a member as it was written, quotes and colon included, and what it means.
    struct KeyShape: BitwiseCopyable {
        static let placesMax = 64
        static let unread: Int32 = -1
        static let type: Int32 = -2
        static let timestamp: Int32 = -3
        static let envelope: Int32 = -4

        var words: (UInt64, UInt64) = (0, 0)
        /// Ones for the bytes that count.
        var masks: (UInt64, UInt64) = (0, 0)
        /// 0 for none.
        var length = 0
        var meaning: Int32 = 0
        var inEnvelope = false

        init() {}

        /// - Parameter length: At most 16.
        init(_ start: UnsafePointer<UInt8>, length: Int, meaning: Int32, inEnvelope: Bool) {
            func mask(_ bytes: Int) -> UInt64 { bytes >= 8 ? .max : bytes <= 0 ? 0 : (1 << UInt64(bytes * 8)) - 1 }
            self.masks = (mask(length), mask(length - 8))
            let bytes = UnsafeRawPointer(start)
            self.words = (
                bytes.loadUnaligned(as: UInt64.self) & self.masks.0,
                bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self) & self.masks.1
            )
            self.length = length
            self.meaning = meaning
            self.inEnvelope = inEnvelope
        }
    }

    struct Cells {
        let words: UnsafeMutablePointer<UInt64>
        let tags: UnsafeMutablePointer<UInt8>
        var kinds: UInt16
    }

    init(_ batch: Batch) {
        self.batch = batch
        self.slots = batch.schema.slots
        self.cells = .allocate(capacity: batch.columns.count + 1)
        for (slot, column) in batch.columns.enumerated() {
            (self.cells + slot).initialize(to: Cells(words: column.words, tags: column.tags, kinds: 0))
        }
        self.shapes = .allocate(capacity: KeyShape.placesMax)
        self.shapes.initialize(repeating: KeyShape(), count: KeyShape.placesMax)
        self.timestampSlot = batch.schema.slots.find("timestamp")
        self.position = batch.input
    }

    /// To be called when no more is read.
    func free() {
        self.cells.deallocate()
        self.shapes.deallocate()
    }

    /// Tells the batch's columns what they were given, before they are used.
    func finishBatch() {
        for (slot, column) in self.batch.columns.enumerated() {
            column.kinds.formUnion(CellKinds(rawValue: self.cells[slot].kinds))
            self.cells[slot].kinds = 0
        }
    }

    @inline(__always)
    func set(_ slot: Int?, _ tag: UInt8, _ word: UInt64) {
        guard let slot else { return }
        let cells = self.cells + slot
        cells.pointee.words[self.row] = word
        cells.pointee.tags[self.row] = tag
        cells.pointee.kinds |= 1 << UInt16(tag)
    }

    /// Reads the object in `line`, which lies in the batch's input, into the batch's next row. False, and no row is
    /// taken, if it has another form.
    ///
    /// - Parameters:
    ///   - arrival: The time of an object without a timestamp.
    ///   - defaultType: The type of one without a type; nil where that has none.
    mutating func readJSON(_ line: Range<Int>, arrival: Int64, defaultType: UInt16? = nil) -> Bool {
        self.position = self.batch.input + line.lowerBound
        self.row = self.batch.count
        self.type = nil
        self.time = nil
        self.memberCount = 0
        self.hasFields = false
        guard self.object(), self.isAt(self.batch.input + line.upperBound), let type = self.type ?? defaultType else {
            self.batch.abandonRow()
            return false
        }
        self.batch.commit(type: type, time: self.time ?? arrival)
        return true
    }

    mutating func isAt(_ end: UnsafePointer<UInt8>) -> Bool {
        while self.position < end, self.position.pointee.isSpace { self.position += 1 }
        return self.position == end
    }

    // MARK: - Members

    @inline(__always)
    mutating func object() -> Bool {
        self.skipSpace()
        guard self.take(UInt8(ascii: "{")) else { return false }
        self.skipSpace()
        if self.take(UInt8(ascii: "}")) { return true }
        var hasEnvelope = false
        repeat {
            guard let key = self.key(inEnvelope: false) else { return false }
            switch key {
            case KeyShape.type:
                guard self.type == nil, self.position.pointee == UInt8(ascii: "\"") else { return false }
                guard let text = self.string() else { return false }
                self.type = self.number(ofType: text)
            case KeyShape.timestamp: guard self.timestamp(isField: !hasEnvelope) else { return false }
            case KeyShape.envelope:
                // What stood before it is no field then.
                guard self.position.pointee == UInt8(ascii: "{"), !self.hasFields, !hasEnvelope, self.fields() else {
                    return false
                }
                hasEnvelope = true
            default:
                self.hasFields = self.hasFields || !hasEnvelope
                guard self.value(into: hasEnvelope || key < 0 ? nil : Int(key)) else { return false }
            }
            self.skipSpace()
        } while self.take(UInt8(ascii: ","))
        return self.take(UInt8(ascii: "}"))
    }

    /// The members of the object under `data` or `fields`.
    @inline(__always)
    mutating func fields() -> Bool {
        self.position += 1
        // The time before the envelope is none of its fields.
        if let slot = self.timestampSlot { self.cells[slot].tags[self.row] = Cell.missing }
        self.skipSpace()
        if self.take(UInt8(ascii: "}")) { return true }
        repeat {
            guard let key = self.key(inEnvelope: true), self.value(into: key < 0 ? nil : Int(key)) else { return false }
            self.skipSpace()
        } while self.take(UInt8(ascii: ","))
        return self.take(UInt8(ascii: "}"))
    }

    /// What the member's name means: a slot, or one of `KeyShape`'s; moves to its value.
    ///
    /// Lines mostly have the same members in the same order. So the name is first compared, with its quotes and colon, to
    /// that of the member at the same place in the line before.
    @inline(__always)
    mutating func key(inEnvelope: Bool) -> Int32? {
        self.skipSpace()
        let place = self.memberCount
        self.memberCount += 1
        if place < KeyShape.placesMax {
            let shape = self.shapes + place
            let word = UnsafeRawPointer(self.position).loadUnaligned(as: UInt64.self)
            let next = UnsafeRawPointer(self.position).loadUnaligned(fromByteOffset: 8, as: UInt64.self)
            if word & shape.pointee.masks.0 == shape.pointee.words.0,
                next & shape.pointee.masks.1 == shape.pointee.words.1,
                shape.pointee.inEnvelope == inEnvelope, shape.pointee.length > 0
            {
                self.position += shape.pointee.length
                self.skipSpace()
                return shape.pointee.meaning
            }
        } else if self.memberCount > EventLimits.fieldsMax {
            return nil
        }
        return self.newKey(at: place, inEnvelope)
    }

    private mutating func newKey(at place: Int, _ inEnvelope: Bool) -> Int32? {
        let start = self.position
        guard start.pointee == UInt8(ascii: "\""), let name = self.string() else { return nil }
        self.skipSpace()
        guard self.take(UInt8(ascii: ":")) else { return nil }
        let length = self.position - start
        self.skipSpace()
        var meaning = self.slots.find(name).map { Int32($0) } ?? KeyShape.unread
        if !inEnvelope {
            if Self.equal(name, "event_type") || Self.equal(name, "type") {
                meaning = KeyShape.type
            } else if Self.equal(name, "timestamp") {
                meaning = KeyShape.timestamp
            } else if Self.equal(name, "data") || Self.equal(name, "fields") {
                meaning = KeyShape.envelope
            }
        }
        if place < KeyShape.placesMax, length <= 16 {
            self.shapes[place] = KeyShape(start, length: length, meaning: meaning, inEnvelope: inEnvelope)
        }
        return meaning
    }

    @inline(__always)
    mutating func timestamp(isField: Bool) -> Bool {
        let start = self.position
        if start.pointee == UInt8(ascii: "\"") {
            guard let text = self.string() else { return false }
            self.time = Timestamp.nanoseconds(ofRFC3339: String(decoding: text, as: UTF8.self))
        } else if let number = self.integer() {
            let (nanoseconds, overflow) = number.multipliedReportingOverflow(by: 1_000_000)
            self.time = overflow ? nil : nanoseconds
        } else {
            return false
        }
        guard isField, let slot = self.timestampSlot else { return true }
        self.position = start
        return self.value(into: slot)
    }

    @inline(__always)
    mutating func number(ofType text: UnsafeBufferPointer<UInt8>) -> UInt16 {
        if let start = self.lastType.start, let new = text.baseAddress, text.count == self.lastType.count,
            memcmp(start, new, text.count) == 0
        {
            return self.lastType.number
        }
        let number = self.batch.schema.types.find(text).map { UInt16($0) } ?? BatchSchema.unread
        self.lastType = (text.baseAddress, text.count, number)
        return number
    }

    // MARK: - Values

    @inline(__always)
    mutating func value(into slot: Int?) -> Bool {
        switch self.position.pointee {
        case UInt8(ascii: "\""):
            guard let text = self.string(), let start = text.baseAddress else { return false }
            let place = TextPlace(offset: start - self.batch.input, count: text.count, isInHeap: false)
            self.set(slot, Cell.string, place.rawValue)
            return true
        case UInt8(ascii: "t"): return self.literal("true", slot, Cell.bool, 1)
        case UInt8(ascii: "f"): return self.literal("false", slot, Cell.bool, 0)
        case UInt8(ascii: "n"): return self.literal("null", slot, Cell.null, 0)
        case UInt8(ascii: "{"), UInt8(ascii: "["): return false
        default:
            guard let (tag, word) = self.number() else { return false }
            self.set(slot, tag, word)
            return true
        }
    }

    mutating func literal(_ spelling: StaticString, _ slot: Int?, _ tag: UInt8, _ word: UInt64) -> Bool {
        // The zeros behind the input differ from any letter.
        let count = spelling.utf8CodeUnitCount
        guard memcmp(self.position, spelling.utf8Start, count) == 0 else { return false }
        self.position += count
        self.set(slot, tag, word)
        return true
    }

    mutating func integer() -> Int64? {
        guard let (tag, word) = self.number(), tag == Cell.int else { return nil }
        return Int64(bitPattern: word)
    }

    /// A number of up to eighteen digits. A float of up to fifteen digits and a small exponent is exact: its digits and
    /// the power of ten are, and one operation rounds once (Clinger 1990).
    @inline(__always)
    mutating func number() -> (UInt8, UInt64)? {
        let isNegative = self.take(UInt8(ascii: "-"))
        let start = self.position
        var digits: UInt64 = 0
        self.position = Self.digits(from: start, into: &digits)
        let wholeCount = self.position - start
        guard wholeCount > 0, wholeCount <= 18, wholeCount == 1 || start.pointee != UInt8(ascii: "0") else {
            return nil
        }
        var next = self.position.pointee
        if next != UInt8(ascii: "."), next | 0x20 != UInt8(ascii: "e") {
            let int = Int64(bitPattern: digits)
            return (Cell.int, UInt64(bitPattern: isNegative ? -int : int))
        }
        var exponent = 0
        var count = wholeCount
        if next == UInt8(ascii: ".") {
            let point = self.position + 1
            self.position = Self.digits(from: point, into: &digits)
            exponent = point - self.position
            guard exponent < 0 else { return nil }
            count -= exponent
            next = self.position.pointee
        }
        if next | 0x20 == UInt8(ascii: "e") { return nil }
        guard count <= 15 else { return nil }
        let magnitude = Double(digits) / Self.powersOfTen[-exponent]
        return (Cell.float, (isNegative ? -magnitude : magnitude).bitPattern)
    }

    private static let powersOfTen: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ]

    /// Adds the digits from `start` on to the number; returns where they end.
    @inline(__always)
    static func digits(from start: UnsafePointer<UInt8>, into number: inout UInt64) -> UnsafePointer<UInt8> {
        var place = start
        while true {
            let digit = place.pointee &- UInt8(ascii: "0")
            if digit > 9 { return place }
            number = number &* 10 &+ UInt64(digit)
            place += 1
        }
    }

    // MARK: - Strings

    /// The bytes between the quotes, of which the first is at the position; moves behind the second. Nil where there is
    /// an escape, a control character, no UTF-8, or more than a string may have.
    ///
    /// Eight bytes are looked at together: a byte is the one sought where the difference to it has a borrow into its
    /// top bit that the byte itself has not.
    @inline(__always)
    mutating func string() -> UnsafeBufferPointer<UInt8>? {
        let start = self.position + 1
        var place = start
        var high: UInt64 = 0
        while true {
            let word = UnsafeRawPointer(place).loadUnaligned(as: UInt64.self)
            let found =
                Self.zeros(word ^ Self.all(UInt8(ascii: "\""))) | Self.zeros(word ^ Self.all(UInt8(ascii: "\\")))
                | ((word &- Self.all(0x20)) & ~word & Self.all(0x80))
            if found != 0 {
                let offset = found.trailingZeroBitCount >> 3
                high |= word & ((1 << UInt64(offset << 3)) &- 1)
                place += offset
                break
            }
            high |= word
            place += 8
        }
        guard place.pointee == UInt8(ascii: "\"") else { return nil }
        let text = UnsafeBufferPointer(start: start, count: place - start)
        guard text.count <= EventLimits.stringBytesMax else { return nil }
        if high & Self.all(0x80) != 0, !Self.isUTF8(text) { return nil }
        self.position = place + 1
        return text
    }

    @inline(__always)
    static func all(_ byte: UInt8) -> UInt64 { UInt64(byte) &* 0x0101_0101_0101_0101 }

    /// The top bit of each byte that is zero; those above the first one found may be wrong.
    @inline(__always)
    static func zeros(_ word: UInt64) -> UInt64 { (word &- Self.all(1)) & ~word & Self.all(0x80) }

    static func isUTF8(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        (try? UTF8Span(validating: text.span)) != nil
    }

    static func equal(_ name: UnsafeBufferPointer<UInt8>, _ spelling: StaticString) -> Bool {
        guard name.count == spelling.utf8CodeUnitCount, let start = name.baseAddress else { return false }
        return memcmp(start, spelling.utf8Start, name.count) == 0
    }

    // MARK: - Bytes

    @inline(__always)
    mutating func take(_ byte: UInt8) -> Bool {
        guard self.position.pointee == byte else { return false }
        self.position += 1
        return true
    }

    /// Not over the end of the line.
    @inline(__always)
    mutating func skipSpace() {
        while self.position.pointee <= 0x20, self.position.pointee.isSpace { self.position += 1 }
    }
}
