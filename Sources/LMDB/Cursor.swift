internal import CLMDB

/// Which way to walk.
public enum Order: Sendable {
    case ascending
    case descending
}

/// Whether a walk goes on.
public enum Visit: Sendable {
    case next
    case stop
}

extension Transaction {
    /// Gives `body` each key and value of `range` in turn, until it says stop. In a write transaction
    /// `body` must not change the database it walks over.
    public func forEach(
        in database: Database,
        _ range: KeyRange = .all,
        order: Order = .ascending,
        _ body: (_ key: RawSpan, _ value: RawSpan) throws -> Visit
    ) throws {
        var cursor = try Cursor(over: database, in: self.handle)
        var move: Cursor.Move
        switch order {
        case .ascending: move = range.lower.map { .atOrAfter($0) } ?? .first
        case .descending: move = range.upper.map { .before($0) } ?? .last
        }
        while try cursor.step(move) {
            switch order {
            case .ascending:
                if cursor.isAtOrAfter(range.upper) { return }
                move = .next
            case .descending:
                if let lower = range.lower, !cursor.isAtOrAfter(lower) { return }
                move = .previous
            }
            if try body(cursor.key.bytes, cursor.value.bytes) == .stop { return }
        }
    }
}

/// A place in a database, for the length of one walk.
struct Cursor: ~Copyable {
    enum Move {
        case first
        case last
        case next
        case previous
        case atOrAfter(Key)
        case before(Key)
    }

    private let handle: OpaquePointer
    private let name: String
    /// Where the cursor stands, in the memory map. Valid until the transaction changes something or ends.
    private(set) var key = UnsafeRawBufferPointer(start: nil, count: 0)
    private(set) var value = UnsafeRawBufferPointer(start: nil, count: 0)

    init(over database: Database, in transaction: OpaquePointer) throws(LMDBError) {
        let operation = "open a cursor over \(database.name)"
        var opened: OpaquePointer?
        try check(mdb_cursor_open(transaction, database.handle, &opened), operation)
        guard let handle = opened else { throw LMDBError(.badTransaction, during: operation) }
        self.handle = handle
        self.name = database.name
    }

    deinit { mdb_cursor_close(self.handle) }

    /// Moves; false if there is nothing there.
    mutating func step(_ move: Move) throws(LMDBError) -> Bool {
        switch move {
        case .first: return try self.get(MDB_FIRST)
        case .last: return try self.get(MDB_LAST)
        case .next: return try self.get(MDB_NEXT)
        case .previous: return try self.get(MDB_PREV)
        case .atOrAfter(let key): return try self.get(MDB_SET_RANGE, key)
        case .before(let key):
            // LMDB only searches upwards: one back from there, or the last of all if nothing is there.
            return try self.get(try self.get(MDB_SET_RANGE, key) ? MDB_PREV : MDB_LAST)
        }
    }

    /// Whether the key it stands on does not come before `bound`; false if there is no bound.
    func isAtOrAfter(_ bound: Key?) -> Bool {
        guard let bound else { return false }
        return bound.withUnsafeBytes { bound in !self.key.lexicographicallyPrecedes(bound) }
    }

    /// Removes the pair it stands on. The next move to `next` goes to the pair that followed it.
    mutating func delete() throws(LMDBError) {
        try check(mdb_cursor_del(self.handle, 0), "delete a key from \(self.name)")
    }

    private mutating func get(_ operation: MDB_cursor_op, _ wanted: Key) throws(LMDBError) -> Bool {
        try wanted.withUnsafeBytes { (wanted) throws(LMDBError) in
            try self.get(operation, from: MDB_val(wanted))
        }
    }

    private mutating func get(_ operation: MDB_cursor_op, from wanted: MDB_val = MDB_val()) throws(LMDBError) -> Bool {
        var key = wanted
        var value = MDB_val()
        let result = mdb_cursor_get(self.handle, &key, &value, operation)
        if result == MDB_NOTFOUND { return false }
        try check(result, "walk over \(self.name)")
        self.key = key.bytes
        self.value = value.bytes
        return true
    }
}
