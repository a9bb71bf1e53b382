/// How much memory things take, estimated: what a program holds may be much, and is looked at every second.
enum HeldBytes {
    /// What a hash table needs for an entry besides the entry.
    static let tableEntry = 24

    /// Of so many things, of which some are looked at.
    static func of(_ count: Int, like samples: some Sequence<Int>) -> Int {
        var (sum, looked) = (0, 0)
        for sample in samples.prefix(16) {
            sum += sample
            looked += 1
        }
        return looked == 0 ? 0 : count * (sum / looked)
    }
}

extension Value {
    /// What it takes in memory beside its place.
    var heldBytes: Int {
        switch self {
        case .null, .bool, .int, .float, .timestamp, .duration: 0
        // Texts of up to 15 bytes need no memory of their own.
        case .string(let text): text.utf8.count > 15 ? text.utf8.count + 32 : 0
        case .array(let items):
            items.reduce(32 + items.count * MemoryLayout<Value>.stride) { $0 + $1.heldBytes }
        case .map(let fields): fields.heldBytes
        }
    }
}

extension Fields {
    var heldBytes: Int {
        self.entries.reduce(32 + self.entries.count * MemoryLayout<Entry>.stride) { $0 + $1.value.heldBytes }
    }
}

extension Event {
    var heldBytes: Int {
        let captured = self.captured.reduce(self.captured.count * MemoryLayout<Value?>.stride) {
            $0 + ($1?.heldBytes ?? 0)
        }
        return MemoryLayout<Event>.stride + self.fields.heldBytes + captured
    }
}
