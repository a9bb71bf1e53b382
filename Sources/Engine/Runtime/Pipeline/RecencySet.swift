/// Remembers the keys used most recently, up to a bound, in constant time.
///
/// The keys stand in a doubly linked list through the slots of an array: the head was used last, the tail is forgotten
/// first.
struct RecencySet: Sendable {
    struct Slot {
        var key: Value
        var newer: Int
        var older: Int
    }

    let capacity: Int
    /// How many keys gave way to newer ones.
    var forgotten: UInt64 = 0
    var slots: [Slot] = []
    private var positions: [Value: Int] = [:]
    private var newest = -1
    private(set) var oldest = -1

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Marks the key as used now. Returns whether it was not remembered.
    mutating func insert(_ key: Value) -> Bool {
        if let position = self.positions[key] {
            self.unlink(position)
            self.linkAsNewest(position)
            return false
        }
        let position: Int
        if self.slots.count < self.capacity {
            position = self.slots.count
            self.slots.append(Slot(key: key, newer: -1, older: -1))
        } else {
            position = self.oldest
            self.unlink(position)
            self.positions[self.slots[position].key] = nil
            self.forgotten += 1
            self.slots[position].key = key
        }
        self.positions[key] = position
        self.linkAsNewest(position)
        return true
    }

    private mutating func unlink(_ position: Int) {
        let slot = self.slots[position]
        if slot.newer >= 0 { self.slots[slot.newer].older = slot.older } else { self.newest = slot.older }
        if slot.older >= 0 { self.slots[slot.older].newer = slot.newer } else { self.oldest = slot.newer }
    }

    private mutating func linkAsNewest(_ position: Int) {
        self.slots[position].newer = -1
        self.slots[position].older = self.newest
        if self.newest >= 0 { self.slots[self.newest].newer = position } else { self.oldest = position }
        self.newest = position
    }
}

extension RecencySet {
    var count: Int { self.slots.count }

    /// About what it takes in memory.
    var heldBytes: Int {
        HeldBytes.of(self.slots.count, like: self.slots.lazy.map { $0.key.heldBytes })
            + self.slots.count * (MemoryLayout<Slot>.stride + MemoryLayout<Value>.stride + HeldBytes.tableEntry)
    }
}
