#if canImport(Glibc)
    import Glibc
#endif

/// Finds a name's number by its bytes, without making a string of them.
///
/// Names are in chains by length, first and last byte: those of one program rarely share all three.
final class NameTable {
    let names: [String]
    private let bytes: UnsafeMutablePointer<UInt8>
    private let entries: UnsafeMutablePointer<Entry>
    private let heads: UnsafeMutablePointer<Int32>

    private struct Entry {
        var offset: Int
        var count: Int
        /// The next of the chain, below zero for none.
        var next: Int32
    }

    private static let chainCount = 256

    init(_ names: [String]) {
        self.names = names
        self.bytes = .allocate(capacity: names.reduce(1) { $0 + $1.utf8.count })
        self.entries = .allocate(capacity: names.count + 1)
        self.heads = .allocate(capacity: Self.chainCount)
        self.heads.initialize(repeating: -1, count: Self.chainCount)
        var offset = 0
        for (number, name) in names.enumerated() {
            let count = name.utf8.count
            for (place, byte) in name.utf8.enumerated() { self.bytes[offset + place] = byte }
            let chain = Self.chain(of: UnsafeBufferPointer(start: self.bytes + offset, count: count))
            (self.entries + number).initialize(to: Entry(offset: offset, count: count, next: self.heads[chain]))
            self.heads[chain] = Int32(number)
            offset += count
        }
    }

    deinit {
        self.bytes.deallocate()
        self.entries.deallocate()
        self.heads.deallocate()
    }

    @inline(__always)
    private static func chain(of bytes: UnsafeBufferPointer<UInt8>) -> Int {
        guard bytes.count > 0, let start = bytes.baseAddress else { return 0 }
        return (bytes.count &* 31 &+ Int(start[0]) &* 7 &+ Int(start[bytes.count - 1])) & (Self.chainCount - 1)
    }

    @inline(__always)
    func find(_ wanted: UnsafeBufferPointer<UInt8>) -> Int? {
        var number = self.heads[Self.chain(of: wanted)]
        while number >= 0 {
            let entry = self.entries[Int(number)]
            if entry.count == wanted.count,
                entry.count == 0 || memcmp(self.bytes + entry.offset, wanted.baseAddress!, entry.count) == 0
            {
                return Int(number)
            }
            number = entry.next
        }
        return nil
    }

    func find(_ wanted: String) -> Int? {
        var wanted = wanted
        return wanted.withUTF8 { self.find($0) }
    }
}

/// What a program's batches have: the fields and the types that its streams read.
final class BatchSchema {
    /// A field's number is its slot.
    let slots: NameTable
    let types: NameTable
    /// Whether some operation passes events on with all fields that they came with.
    let keepsEvents: Bool

    /// The type of events that no stream reads.
    static let unread = UInt16.max

    init(fields: [String], types: [String], keepsEvents: Bool = false) {
        self.keepsEvents = keepsEvents
        self.slots = NameTable(fields)
        self.types = NameTable(types)
    }

    func type(named name: String) -> UInt16 { self.types.find(name).map { UInt16($0) } ?? Self.unread }
}
