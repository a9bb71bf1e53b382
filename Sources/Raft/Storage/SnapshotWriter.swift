internal import LMDB
internal import OpenSSL
internal import RaftCore

/// Takes the bytes of a snapshot in their order, and makes them durable as they come.
public struct SnapshotWriter: ~Copyable {
    private let store: SnapshotStore
    private let number: UInt64
    private var hash: SHA256
    private var size: UInt64 = 0
    /// What is not stored yet: whole chunks and the beginning of another.
    private var chunks: [[UInt8]] = []
    private var storedCount: UInt32 = 0
    /// Why there is no snapshot to come, whatever is still written.
    private var failure: StorageError?

    init(_ store: SnapshotStore) throws {
        let number = try store.environment.read { try store.newNumber($0) }
        self.hash = try SHA256()
        self.number = number
        self.store = store
    }

    /// Adds `bytes` to the snapshot.
    public mutating func write(_ bytes: [UInt8]) throws(StorageError) { try self.write(bytes.span.bytes) }

    /// Adds `bytes` to the snapshot.
    public mutating func write(_ bytes: RawSpan) throws(StorageError) {
        if let failure = self.failure { throw failure }
        do {
            try self.add(bytes)
        } catch {
            self.failure = error
            throw error
        }
    }

    private mutating func add(_ bytes: RawSpan) throws(StorageError) {
        try StorageError.wrapping { try self.hash.update(bytes) }
        self.size += UInt64(bytes.byteCount)
        var start = 0
        while start < bytes.byteCount {
            var room = Snapshot.chunkBytes - (self.chunks.last?.count ?? Snapshot.chunkBytes)
            if room == 0 {
                if self.chunks.count == SnapshotStore.transactionChunksMax { try self.flush() }
                self.chunks.append([])
                self.chunks[self.chunks.count - 1].reserveCapacity(Snapshot.chunkBytes + ChunkKey.checksumBytes)
                room = Snapshot.chunkBytes
            }
            let end = min(bytes.byteCount, start + room)
            bytes.extracting(start..<end).withUnsafeBytes { self.chunks[self.chunks.count - 1].append(contentsOf: $0) }
            start = end
        }
    }

    private mutating func flush() throws(StorageError) {
        let store = self.store
        try StorageError.wrapping {
            try store.environment.write { transaction in try self.put(transaction) }
        }
    }

    private mutating func put(_ transaction: borrowing WriteTransaction) throws(LMDBError) {
        for place in self.chunks.indices {
            let key = ChunkKey(snapshot: self.number, chunk: self.storedCount)
            key.seal(&self.chunks[place])
            try transaction.put(key.key, self.chunks[place], in: self.store.chunks)
            self.storedCount += 1
        }
        self.chunks.removeAll(keepingCapacity: true)
    }

    /// That was all. The snapshot is durable when this returns.
    fileprivate consuming func finish(
        position: LogPosition,
        time: LogTime,
        membership: Membership
    ) throws -> Snapshot {
        if let failure = self.failure { throw failure }
        try self.flush()
        let (store, number, size, count) = (self.store, self.number, self.size, self.storedCount)
        let snapshot = Snapshot(
            position: position,
            time: time,
            membership: membership,
            size: size,
            chunkCount: count,
            digest: try self.hash.finish()
        )
        // The same snapshot may be here already, taken before or pulled from another member: one is enough.
        if try store.whole().contains(snapshot.id) { return snapshot }
        try store.environment.write { transaction in
            try transaction.put(
                StoredSnapshot(snapshot, isWhole: true),
                at: .snapshot(numbered: number),
                in: store.state
            )
        }
        return snapshot
    }
}

extension SnapshotStore {
    /// Takes a snapshot whose bytes `encode` writes. What was written is left to `sweep` if this throws.
    func capture(
        position: LogPosition,
        time: LogTime,
        membership: Membership,
        encode: (inout SnapshotWriter) throws -> Void
    ) throws(StorageError) -> Snapshot {
        try StorageError.wrapping {
            var writer = try SnapshotWriter(self)
            do {
                try encode(&writer)
            } catch let error as StorageError {
                throw error
            } catch {
                throw StorageError(
                    .snapshotFailed,
                    "The snapshot at \(position) could not be written: \(error)"
                )
            }
            return try writer.finish(position: position, time: time, membership: membership)
        }
    }
}
