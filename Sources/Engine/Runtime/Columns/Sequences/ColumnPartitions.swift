#if canImport(Glibc)
    import Glibc
#endif

/// The partitions of a sequence: each a number, counted from 1, that is found by its key and used again when the
/// partition is forgotten.
///
/// Keys are one if they have the same text. Those that are the text of an int are kept as that int, others in the
/// partition if they are short.
struct ColumnPartitions {
    struct Partition: BitwiseCopyable {
        fileprivate var key = PartitionKey()
        /// The latest time of its events.
        var time = Int64.min
        /// The ends of its runs by start time.
        var earliest: UInt32 = 0
        var latest: UInt32 = 0
        var runCount: UInt32 = 0
    }

    /// The ends of a list of runs.
    struct List: BitwiseCopyable {
        var first: UInt32 = 0
        var last: UInt32 = 0
    }

    private var partitions = PlainBuffer<Partition>()
    private var lists = PlainBuffer<List>()
    private var freeNumbers = PlainBuffer<UInt32>()
    /// Open addressing: the upper half of a key's hash and the number of its partition; 0 for a free one.
    private var slots: UnsafeMutablePointer<UInt64>
    private var mask: Int
    private(set) var count = 0
    private var longKeys = TextStore()
    private let seed = UInt64.random(in: .min ... .max)
    private let positionCount: Int

    private static let slotsMin = 256

    init(positionCount: Int) {
        self.positionCount = positionCount
        self.mask = Self.slotsMin - 1
        self.slots = .allocate(capacity: self.mask + 1)
        self.slots.initialize(repeating: 0, count: self.mask + 1)
        // The number 0 is nobody's.
        self.appendPartition()
    }

    func deallocate() {
        self.partitions.free()
        self.lists.free()
        self.freeNumbers.free()
        self.slots.deallocate()
        self.longKeys.deallocate()
    }

    /// The same partitions in memory of their own. They can be looked at, but not be found by their keys.
    var duplicate: ColumnPartitions {
        var other = self
        other.partitions = self.partitions.duplicate
        other.lists = self.lists.duplicate
        other.freeNumbers = PlainBuffer()
        other.mask = 0
        other.slots = .allocate(capacity: 1)
        other.slots.initialize(to: 0)
        other.longKeys = self.longKeys.duplicate
        return other
    }

    /// The numbers of partitions are below.
    var numberEnd: Int { self.partitions.count }

    @inline(__always)
    subscript(number: UInt32) -> UnsafeMutablePointer<Partition> { self.partitions.base + Int(number) }

    /// The lists of a partition's runs, one for each position.
    @inline(__always)
    func lists(_ number: UInt32) -> UnsafeMutablePointer<List> { self.lists.base + Int(number) * self.positionCount }

    /// Whether there is a partition of that number.
    @inline(__always)
    func isUsed(_ number: UInt32) -> Bool { self[number].pointee.key.kind != PartitionKey.unused }

    private mutating func appendPartition() {
        self.partitions.append(Partition())
        self.lists.append(List(), times: self.positionCount)
    }

    // MARK: - Keys

    /// The number of a key's partition, which is added if it `isAdded`; else 0 where there is none.
    @inline(__always)
    mutating func number(of int: Int64, isAdded: Bool) -> UInt32 {
        if int.magnitude < Self.intEnd { return self.number(ofShort: int, isAdded: isAdded) }
        var text = String(int)
        return text.withUTF8 { self.number(of: $0, isAdded: isAdded) }
    }

    /// Ints of more digits are kept as texts.
    private static let intEnd: UInt64 = 1_000_000_000_000_000_000

    @inline(__always)
    private mutating func number(ofShort int: Int64, isAdded: Bool) -> UInt32 {
        let hash = ByteHash.mix(UInt64(bitPattern: int) ^ self.seed)
        var slot = Int(truncatingIfNeeded: hash) & self.mask
        while true {
            let found = self.slots[slot]
            if found == 0 { break }
            if found >> 32 == hash >> 32 {
                let number = UInt32(truncatingIfNeeded: found)
                let key = self[number].pointee.key
                if key.kind == PartitionKey.int, key.first == UInt64(bitPattern: int) { return number }
            }
            slot = (slot + 1) & self.mask
        }
        return isAdded ? self.add(PartitionKey(int), hash, at: slot) : 0
    }

    @inline(__always)
    mutating func number(of text: UnsafeBufferPointer<UInt8>, isAdded: Bool) -> UInt32 {
        if let int = Self.int(text) { return self.number(ofShort: int, isAdded: isAdded) }
        let hash = ByteHash.hash(text, seed: self.seed)
        let wanted = PartitionKey(short: text)
        var slot = Int(truncatingIfNeeded: hash) & self.mask
        while true {
            let found = self.slots[slot]
            if found == 0 { break }
            if found >> 32 == hash >> 32 {
                let number = UInt32(truncatingIfNeeded: found)
                if wanted.map({ $0 == self[number].pointee.key }) ?? self.isLong(number, text) { return number }
            }
            slot = (slot + 1) & self.mask
        }
        guard isAdded else { return 0 }
        return self.add(wanted ?? PartitionKey(long: self.longKeys.add(text)), hash, at: slot)
    }

    private func isLong(_ number: UInt32, _ text: UnsafeBufferPointer<UInt8>) -> Bool {
        let key = self[number].pointee.key
        return key.kind == PartitionKey.long && self.longKeys.text(key.first).elementsEqual(text)
    }

    /// The int whose text this is; nil for other texts, as `007`.
    @inline(__always)
    private static func int(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
        guard text.count > 0, text[0] <= UInt8(ascii: "9") else { return nil }
        return self.parsed(text)
    }

    @inline(never)
    private static func parsed(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
        let isNegative = text[0] == UInt8(ascii: "-")
        let digits = text.dropFirst(isNegative ? 1 : 0)
        guard let first = digits.first, digits.count < 19 else { return nil }
        if first == UInt8(ascii: "0"), text.count > 1 { return nil }
        var int: Int64 = 0
        for digit in digits {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
            int = int * 10 + Int64(digit - UInt8(ascii: "0"))
        }
        return isNegative ? -int : int
    }

    /// Calls `body` with the text of the partition's key.
    func withText<Result>(_ number: UInt32, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        let key = self[number].pointee.key
        switch key.kind {
        case PartitionKey.int:
            var text = String(Int64(bitPattern: key.first))
            return text.withUTF8(body)
        case PartitionKey.long: return body(self.longKeys.text(key.first))
        default:
            return withUnsafeBytes(of: key.bytes) { bytes in
                body(UnsafeBufferPointer(rebasing: bytes.bindMemory(to: UInt8.self)[..<Int(key.kind)]))
            }
        }
    }

    // MARK: - Partitions

    /// Adds the only one of a sequence without a key.
    mutating func addOnly() { _ = self.number(of: UnsafeBufferPointer(start: nil, count: 0), isAdded: true) }

    @inline(never)
    private mutating func add(_ key: PartitionKey, _ hash: UInt64, at slot: Int) -> UInt32 {
        let number: UInt32
        if self.freeNumbers.count > 0 {
            number = self.freeNumbers.base[self.freeNumbers.count - 1]
            self.freeNumbers.removeAll(from: self.freeNumbers.count - 1)
        } else {
            number = UInt32(truncatingIfNeeded: self.partitions.count)
            self.appendPartition()
        }
        self[number].pointee = Partition(key: key)
        self[number].pointee.key.hash = UInt32(truncatingIfNeeded: hash)
        self.lists(number).update(repeating: List(), count: self.positionCount)
        self.slots[slot] = (hash >> 32) << 32 | UInt64(number)
        self.count += 1
        if self.count * 2 > self.mask { self.grow() }
        return number
    }

    /// Forgets a partition without runs.
    @inline(never)
    mutating func remove(_ number: UInt32) {
        let key = self[number].pointee.key
        if key.kind == PartitionKey.long { self.longKeys.remove(key.first) }
        self[number].pointee.key = PartitionKey()
        self.freeNumbers.append(number)
        self.count -= 1
        var slot = Int(key.hash) & self.mask
        while UInt32(truncatingIfNeeded: self.slots[slot]) != number { slot = (slot + 1) & self.mask }
        // What comes behind and would no longer be found moves into the gap (Knuth, volume 3, 6.4, algorithm R).
        var gap = slot
        while true {
            slot = (slot + 1) & self.mask
            let entry = self.slots[slot]
            if entry == 0 { break }
            let home = Int(self[UInt32(truncatingIfNeeded: entry)].pointee.key.hash) & self.mask
            if (slot &- home) & self.mask >= (slot &- gap) & self.mask {
                self.slots[gap] = entry
                gap = slot
            }
        }
        self.slots[gap] = 0
    }

    private mutating func grow() {
        let (old, count) = (self.slots, self.mask + 1)
        self.mask = 2 * count - 1
        self.slots = .allocate(capacity: self.mask + 1)
        self.slots.initialize(repeating: 0, count: self.mask + 1)
        for place in 0..<count where old[place] != 0 {
            var slot = Int(self[UInt32(truncatingIfNeeded: old[place])].pointee.key.hash) & self.mask
            while self.slots[slot] != 0 { slot = (slot + 1) & self.mask }
            self.slots[slot] = old[place]
        }
        old.deallocate()
    }

    /// About what it takes in memory.
    var heldBytes: Int {
        self.partitions.count * (MemoryLayout<Partition>.stride + self.positionCount * MemoryLayout<List>.stride)
            + (self.mask + 1) * MemoryLayout<UInt64>.stride + self.longKeys.heldBytes
    }
}

/// A partition's key: an int, a text of at most 24 bytes, or where a longer one is.
private struct PartitionKey: BitwiseCopyable {
    var first: UInt64 = 0
    var second: UInt64 = 0
    var third: UInt64 = 0
    /// The lower half.
    var hash: UInt32 = 0
    /// How many bytes a short text has, or one of the following.
    var kind: UInt8

    static let bytesMax = 24
    static let unused: UInt8 = 255
    static let int: UInt8 = 254
    static let long: UInt8 = 253

    init() { self.kind = Self.unused }

    init(_ int: Int64) {
        self.first = UInt64(bitPattern: int)
        self.kind = Self.int
    }

    init(long word: UInt64) {
        self.first = word
        self.kind = Self.long
    }

    /// Nil for a long one.
    @inline(__always)
    init?(short text: UnsafeBufferPointer<UInt8>) {
        guard text.count <= Self.bytesMax else { return nil }
        self.kind = UInt8(truncatingIfNeeded: text.count)
        guard let start = text.baseAddress else { return }
        if text.count <= 8 {
            withUnsafeMutableBytes(of: &self.first) { _ = memcpy($0.baseAddress!, start, text.count) }
            return
        }
        withUnsafeMutableBytes(of: &self) { _ = memcpy($0.baseAddress!, start, text.count) }
    }

    /// The bytes of a short one, with zeros behind them.
    var bytes: (UInt64, UInt64, UInt64) { (self.first, self.second, self.third) }

    @inline(__always)
    static func == (left: PartitionKey, right: PartitionKey) -> Bool {
        left.first == right.first && left.second == right.second && left.third == right.third && left.kind == right.kind
    }
}
