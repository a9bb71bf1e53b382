#if canImport(Glibc)
    import Glibc
#endif

/// Gives each key a small number, in the order of first appearance.
final class KeyTable {
    /// What makes two keys one.
    enum Rule {
        /// They have the same text: 1 and "1" are one key, as those of partitions are.
        case text
        /// They are equal, as those of joins are.
        case equality
    }

    struct Entry: BitwiseCopyable {
        var hash: UInt64 = 0
        var offset = 0
        var count = 0
    }

    private struct KnownInt: BitwiseCopyable {
        var int: Int64
        var number: Int
    }

    private let rule: Rule
    /// The numbers given are below this.
    @exclusivity(unchecked) private(set) var count = 0
    /// By number; the bytes of keys that are no text are none.
    @exclusivity(unchecked) private(set) var entries = PlainBuffer<Entry>()
    @exclusivity(unchecked) private(set) var bytes = PlainBuffer<UInt8>()
    /// Open addressing: an entry's number plus one, 0 for a free one.
    @exclusivity(unchecked) private var slots = SlotTable()
    @exclusivity(unchecked) private var intSlots = SlotTable()
    @exclusivity(unchecked) private var ints = PlainBuffer<KnownInt>()
    /// Differs from table to table, so that nobody can choose keys that meet in one slot.
    private let seed: UInt64

    /// For checkpoints.
    var copiedTexts: KeyTexts?

    /// What is no string and no int, where the rule is equality.
    private var others: [Value: Int] = [:]

    init(_ rule: Rule) {
        self.rule = rule
        self.seed = .random(in: .min ... .max)
    }

    deinit {
        self.entries.free()
        self.bytes.free()
        self.slots.free()
        self.intSlots.free()
        self.ints.free()
    }

    /// The key's text.
    func text(_ number: Int) -> String { String(decoding: self.text(of: self.entries.base[number]), as: UTF8.self) }

    @inline(__always)
    private func text(of entry: Entry) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: self.bytes.base + entry.offset, count: entry.count)
    }

    /// The number of the key in a cell that is a string or an int; nil for others, which `number(ofOther:)` takes.
    @inline(__always)
    func number(of cells: CellPointer, _ row: Int, _ batch: Batch) -> Int? {
        let word = cells.words[row]
        switch cells.tags[row] {
        case Cell.string: return self.number(of: batch.bytes(TextPlace(rawValue: word)))
        case Cell.int: return self.number(of: Int64(bitPattern: word))
        default: return nil
        }
    }

    func number(ofOther value: Value?) -> Int {
        guard self.rule == .equality else { return self.number(of: value.partitionText) }
        if case .string(let text) = value { return self.number(of: text) }
        if case .float(let float) = value, let int = Int64(exactly: float) { return self.number(of: int) }
        let value = value ?? .null
        if let number = self.others[value] { return number }
        self.others[value] = self.count
        return self.newNumber()
    }

    /// The number of a key of any kind.
    func number(ofAny value: Value?) -> Int {
        if case .int(let int) = value { return self.number(of: int) }
        return self.number(ofOther: value)
    }

    /// A number for a key that is not found by its text.
    private func newNumber() -> Int {
        self.entries.append(Entry())
        self.count += 1
        return self.count - 1
    }

    private func number(of text: String) -> Int {
        var text = text
        return text.withUTF8 { self.number(of: $0) }
    }

    @inline(__always)
    private func number(of text: UnsafeBufferPointer<UInt8>) -> Int {
        let hash = ByteHash.hash(text, seed: self.seed)
        var slot = self.slots.first(for: hash)
        while true {
            let found = self.slots.base[slot]
            if found == 0 { return self.add(text, hash, slot) }
            let entry = self.entries.base[Int(found) - 1]
            if entry.hash == hash, entry.count == text.count,
                entry.count == 0 || memcmp(self.bytes.base + entry.offset, text.baseAddress!, entry.count) == 0
            {
                return Int(found) - 1
            }
            slot = self.slots.next(slot)
        }
    }

    @inline(never)
    private func add(_ text: UnsafeBufferPointer<UInt8>, _ hash: UInt64, _ slot: Int) -> Int {
        self.entries.append(Entry(hash: hash, offset: self.bytes.count, count: text.count))
        self.bytes.append(contentsOf: text)
        self.count += 1
        let entries = self.entries.base
        self.slots.fill(slot, with: self.count) { entries[$0].hash }
        return self.count - 1
    }

    @inline(__always)
    private func number(of int: Int64) -> Int {
        let hash = self.hash(int)
        var slot = self.intSlots.first(for: hash)
        while true {
            let found = self.intSlots.base[slot]
            if found == 0 { return self.add(int, slot) }
            let known = self.ints.base[Int(found) - 1]
            if known.int == int { return known.number }
            slot = self.intSlots.next(slot)
        }
    }

    @inline(never)
    private func add(_ int: Int64, _ slot: Int) -> Int {
        let number = self.rule == .text ? self.number(of: String(int)) : self.newNumber()
        self.ints.append(KnownInt(int: int, number: number))
        let known = self.ints.base
        self.intSlots.fill(slot, with: self.ints.count) { self.hash(known[$0].int) }
        return number
    }

    @inline(__always)
    private func hash(_ int: Int64) -> UInt64 { ByteHash.mix(UInt64(bitPattern: int) ^ self.seed) }
}

/// Slots for the numbers of entries, 1 and more, that are sought by a hash. Half of them at most are taken.
private struct SlotTable {
    private(set) var base: UnsafeMutablePointer<UInt32>
    private var mask = 255
    private var taken = 0

    init() {
        self.base = .allocate(capacity: self.mask + 1)
        self.base.initialize(repeating: 0, count: self.mask + 1)
    }

    func free() { self.base.deallocate() }

    @inline(__always)
    func first(for hash: UInt64) -> Int { Int(truncatingIfNeeded: hash) & self.mask }

    @inline(__always)
    func next(_ slot: Int) -> Int { (slot + 1) & self.mask }

    /// - Parameter hashOf: The hash of the entry whose number is one more.
    mutating func fill(_ slot: Int, with number: Int, hashOf: (Int) -> UInt64) {
        self.base[slot] = UInt32(number)
        self.taken += 1
        guard self.taken * 2 > self.mask else { return }
        let (old, count) = (self.base, self.mask + 1)
        self.mask = 2 * count - 1
        self.base = .allocate(capacity: self.mask + 1)
        self.base.initialize(repeating: 0, count: self.mask + 1)
        for place in 0..<count where old[place] != 0 {
            var slot = self.first(for: hashOf(Int(old[place]) - 1))
            while self.base[slot] != 0 { slot = self.next(slot) }
            self.base[slot] = old[place]
        }
        old.deallocate()
    }
}

extension KeyTable {
    /// About what it takes in memory.
    var heldBytes: Int {
        self.bytes.count + self.count * (MemoryLayout<Entry>.stride + MemoryLayout<KnownInt>.stride)
            + self.count * 2 * HeldBytes.tableEntry
    }
}
