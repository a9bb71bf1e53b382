/// What an operator remembers, as a value that can be copied for a moment's price and written out elsewhere.
protocol SavedState: Sendable {
    func save(to saved: inout SavedOperator)
}

/// A state that can be restored from what it, or its like of the other runtime, has saved.
protocol RestorableState: SavedState {
    /// Replaces the state, which is a new one.
    mutating func restore(_ saved: SavedOperator) throws(CheckpointError)
}

/// What a program remembers at one moment. It is a value: whoever runs the program goes on, and somebody else encodes it.
public struct EngineSnapshot: Sendable {
    public var manifest: Checkpoint.Manifest
    var operators: [(place: OperatorPlace, state: any SavedState)] = []

    /// Takes long where much is remembered.
    public var checkpoint: Checkpoint {
        var checkpoint = Checkpoint(manifest: self.manifest)
        for (place, state) in self.operators {
            var saved = SavedOperator(place)
            state.save(to: &saved)
            checkpoint.operators.append(saved)
        }
        return checkpoint
    }
}

/// The number of a `.limit` or a `.tap`.
struct SavedCount: SavedState {
    let count: Int64

    func save(to saved: inout SavedOperator) { saved.numbers = [("count", self.count)] }
}

extension RecencySet: RestorableState {
    func save(to saved: inout SavedOperator) {
        saved.numbers = [("forgotten", Int64(bitPattern: self.forgotten))]
        var position = self.oldest
        while position >= 0 {
            saved.addEntry(self.slots[position].key) { _ in }
            position = self.slots[position].newer
        }
    }

    mutating func restore(_ saved: SavedOperator) throws(CheckpointError) {
        self = RecencySet(capacity: self.capacity)
        try saved.forEachEntry { (key, _) throws(CheckpointError) in
            guard let key, self.insert(key) else { throw .malformed("`distinct` remembers a key twice") }
        }
        self.forgotten = UInt64(bitPattern: saved.number("forgotten"))
    }
}
