internal import CLMDB

/// What a transaction may do: look only.
public enum ReadOnly {}
/// What a transaction may do: look and change.
public enum ReadWrite {}

public typealias ReadTransaction = Transaction<ReadOnly>
public typealias WriteTransaction = Transaction<ReadWrite>

/// One consistent view of an environment, valid inside the closure it is given to and on that closure's thread.
///
/// Values are views into the memory map. They, too, are valid only inside the closure that gets them: copy out to keep.
public struct Transaction<Access>: ~Copyable {
    let handle: OpaquePointer

    private init(handle: OpaquePointer) { self.handle = handle }

    deinit { mdb_txn_abort(self.handle) }

    private init(beginIn environment: OpaquePointer, flags: CInt) throws(LMDBError) {
        var begun: OpaquePointer?
        try check(mdb_txn_begin(environment, nil, CUnsignedInt(flags), &begun), "begin a transaction")
        guard let handle = begun else { throw LMDBError(.badTransaction, during: "begin a transaction") }
        self.init(handle: handle)
    }
}

extension Transaction where Access == ReadOnly {
    init(beginIn environment: OpaquePointer) throws(LMDBError) {
        try self.init(beginIn: environment, flags: MDB_RDONLY)
    }
}

extension Transaction where Access == ReadWrite {
    init(beginIn environment: OpaquePointer) throws(LMDBError) {
        try self.init(beginIn: environment, flags: 0)
    }

    consuming func commit() throws(LMDBError) {
        let handle = self.handle
        discard self  // A commit frees the handle whether it succeeds or not.
        try check(mdb_txn_commit(handle), "commit a transaction")
    }
}

// MARK: - Reading

extension Transaction {
    /// Gives `body` the value of `key`, or nil if there is none.
    public func get<Result>(
        _ key: Key,
        in database: Database,
        _ body: (RawSpan?) throws -> Result
    ) throws -> Result {
        try key.withUnsafeBytes { key in
            var wanted = MDB_val(key)
            var found = MDB_val()
            let result = mdb_get(self.handle, database.handle, &wanted, &found)
            if result == MDB_NOTFOUND { return try body(nil) }
            try check(result, "get a value from \(database.name)")
            return try body(found.bytes.bytes)
        }
    }

    /// A copy of the value of `key`, or nil if there is none.
    public func get(_ key: Key, in database: Database) throws -> [UInt8]? {
        try self.get(key, in: database) { value in
            guard let value else { return nil }
            return value.withUnsafeBytes { [UInt8]($0) }
        }
    }

    /// How many keys the database holds.
    public func count(of database: Database) throws(LMDBError) -> Int {
        var statistics = MDB_stat()
        try check(mdb_stat(self.handle, database.handle, &statistics), "count the keys of \(database.name)")
        return statistics.ms_entries
    }
}

// MARK: - Changing

extension Transaction where Access == ReadWrite {
    /// Stores `value` under `key`, in place of what was there.
    ///
    /// With `append` the key must come after every key that is there: it is put at the end without a search, and
    /// refused (`keyExists`) otherwise.
    public func put(
        _ key: Key,
        _ value: RawSpan,
        in database: Database,
        append: Bool = false
    ) throws(LMDBError) {
        try key.withUnsafeBytes { (key) throws(LMDBError) in
            try value.withUnsafeBytes { (value) throws(LMDBError) in
                var place = MDB_val(key)
                var content = MDB_val(value)
                let flags = CUnsignedInt(append ? MDB_APPEND : 0)
                try check(
                    mdb_put(self.handle, database.handle, &place, &content, flags),
                    "put a value into \(database.name)"
                )
            }
        }
    }

    /// Stores a copy of `value` under `key`; see the other `put`.
    public func put(
        _ key: Key,
        _ value: [UInt8],
        in database: Database,
        append: Bool = false
    ) throws(LMDBError) {
        try self.put(key, value.span.bytes, in: database, append: append)
    }

    /// Removes `key`. False if it was not there.
    @discardableResult
    public func delete(_ key: Key, in database: Database) throws(LMDBError) -> Bool {
        try key.withUnsafeBytes { (key) throws(LMDBError) in
            var place = MDB_val(key)
            let result = mdb_del(self.handle, database.handle, &place, nil)
            if result == MDB_NOTFOUND { return false }
            try check(result, "delete a key from \(database.name)")
            return true
        }
    }

    /// Removes the keys of `range`, the first ones if there are more than `limit`. Returns how many it removed.
    @discardableResult
    public func delete(
        _ range: KeyRange,
        in database: Database,
        atMost limit: Int = .max
    ) throws(LMDBError) -> Int {
        var cursor = try Cursor(over: database, in: self.handle)
        var count = 0
        var move = range.lower.map { Cursor.Move.atOrAfter($0) } ?? .first
        while count < limit, try cursor.step(move), !cursor.isAtOrAfter(range.upper) {
            try cursor.delete()
            count += 1
            // The cursor of a deleted key stands on the one that followed it; lmdb's "next" knows that.
            move = .next
        }
        return count
    }

    /// Removes every key. Gives the pages back as a whole, so it costs far less than removing one key after the other.
    public func deleteAll(in database: Database) throws(LMDBError) {
        try check(mdb_drop(self.handle, database.handle, 0), "empty \(database.name)")
    }
}

extension MDB_val {
    /// LMDB reads through the pointer it is given, although the C type does not say so.
    init(_ bytes: UnsafeRawBufferPointer) {
        self.init(mv_size: bytes.count, mv_data: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
    }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: self.mv_data, count: self.mv_size) }
}
