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

    private let rule: Rule
    /// The numbers given are below this.
    @exclusivity(unchecked) private(set) var count = 0
    @exclusivity(unchecked) private var texts: [String] = []
    /// Open addressing: an entry's number plus one, 0 for a free one.
    @exclusivity(unchecked) private var slots: [UInt32]
    @exclusivity(unchecked) private var hashes: [UInt64] = []
    @exclusivity(unchecked) private var intSlots: [UInt32]
    @exclusivity(unchecked) private var ints: [(int: Int64, number: UInt32)] = []
    /// Differs from table to table, so that nobody can choose keys that meet in one slot.
    private let seed: UInt64

    /// What is no string and no int, where the rule is equality.
    private var others: [Value: Int] = [:]

    init(_ rule: Rule) {
        self.rule = rule
        self.slots = Array(repeating: 0, count: 256)
        self.intSlots = Array(repeating: 0, count: 256)
        self.seed = .random(in: .min ... .max)
    }

    /// The key's text.
    func text(_ number: Int) -> String { self.texts[number] }

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
        if case .float(let float) = value, let int = Int64(exactly: float) { return self.number(of: int) }
        let value = value ?? .null
        if let number = self.others[value] { return number }
        self.others[value] = self.count
        return self.newNumber()
    }

    /// A number for a key that is not found by its text.
    private func newNumber() -> Int {
        self.texts.append("")
        self.hashes.append(0)
        self.count += 1
        return self.count - 1
    }

    private func number(of text: String) -> Int {
        var text = text
        return text.withUTF8 { self.number(of: $0) }
    }

    private func number(of bytes: UnsafeBufferPointer<UInt8>) -> Int {
        let hash = self.hash(bytes)
        let mask = self.slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while true {
            let entry = self.slots[slot]
            if entry == 0 { break }
            let number = Int(entry) - 1
            if self.hashes[number] == hash, self.isText(number, bytes) { return number }
            slot = (slot + 1) & mask
        }
        self.texts.append(String(decoding: bytes, as: UTF8.self))
        self.hashes.append(hash)
        self.count += 1
        self.slots[slot] = UInt32(self.count)
        if self.count * 2 > self.slots.count { self.grow() }
        return self.count - 1
    }

    @inline(__always)
    private func isText(_ number: Int, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let utf8 = self.texts[number].utf8
        return utf8.withContiguousStorageIfAvailable { known in
            known.count == bytes.count
                && (known.isEmpty || memcmp(known.baseAddress!, bytes.baseAddress!, known.count) == 0)
        } ?? utf8.elementsEqual(bytes)
    }

    private func grow() {
        let numbers = self.slots.filter { $0 != 0 }.map { Int($0) - 1 }
        self.slots = Array(repeating: 0, count: self.slots.count * 2)
        let mask = self.slots.count - 1
        for number in numbers {
            var slot = Int(truncatingIfNeeded: self.hashes[number]) & mask
            while self.slots[slot] != 0 { slot = (slot + 1) & mask }
            self.slots[slot] = UInt32(number + 1)
        }
    }

    @inline(__always)
    private func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var state = self.seed ^ UInt64(bytes.count)
        guard let start = UnsafeRawPointer(bytes.baseAddress) else { return Self.mix(state) }
        var offset = 0
        while offset + 8 <= bytes.count {
            state = Self.mix(state ^ (start + offset).loadUnaligned(as: UInt64.self))
            offset += 8
        }
        var rest: UInt64 = 0
        while offset < bytes.count {
            rest = rest << 8 | UInt64(bytes[offset])
            offset += 1
        }
        return Self.mix(state ^ rest)
    }

    /// The halves of a product of 128 bits, folded.
    @inline(__always)
    private static func mix(_ word: UInt64) -> UInt64 {
        let (high, low) = (word ^ 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        return high ^ low
    }

    private func number(of int: Int64) -> Int {
        let mask = self.intSlots.count - 1
        var slot = Int(truncatingIfNeeded: Self.mix(UInt64(bitPattern: int) ^ self.seed)) & mask
        while true {
            let entry = self.intSlots[slot]
            if entry == 0 { break }
            let known = self.ints[Int(entry) - 1]
            if known.int == int { return Int(known.number) }
            slot = (slot + 1) & mask
        }
        let number = self.rule == .text ? self.number(of: String(int)) : self.newNumber()
        self.ints.append((int, UInt32(number)))
        self.intSlots[slot] = UInt32(self.ints.count)
        if self.ints.count * 2 > self.intSlots.count { self.growInts() }
        return number
    }

    private func growInts() {
        self.intSlots = Array(repeating: 0, count: self.intSlots.count * 2)
        let mask = self.intSlots.count - 1
        for (place, known) in self.ints.enumerated() {
            var slot = Int(truncatingIfNeeded: Self.mix(UInt64(bitPattern: known.int) ^ self.seed)) & mask
            while self.intSlots[slot] != 0 { slot = (slot + 1) & mask }
            self.intSlots[slot] = UInt32(place + 1)
        }
    }
}
