internal import LMDB
public import RaftCore

extension SnapshotStore {
    /// Gives `each` the bytes of a whole snapshot, a chunk at a time. They are views into the memory map: copy out to
    /// keep.
    ///
    /// Throws if a chunk is missing or damaged: do nothing with what was read until it returns. That the chunks make up
    /// the digest was seen when the snapshot became whole: see `complete`.
    public func read(_ id: Snapshot.ID, each: (RawSpan) throws -> Void) throws(StorageError) {
        try self.walk(id) { bytes in
            do {
                try each(bytes)
            } catch {
                throw StorageError(.snapshotFailed, "The snapshot at \(id.position) can't be used: \(error)")
            }
        }
    }

    /// Throws if a chunk of the snapshot is missing or damaged.
    func check(_ id: Snapshot.ID) throws(StorageError) {
        try StorageError.wrapping {
            try self.environment.read { transaction in
                let (number, snapshot) = try self.find(id, transaction)
                try self.walk(snapshot, numbered: number, transaction) { _ in }
            }
        }
    }

    /// A chunk of a whole snapshot; nil if there is no such snapshot here, or no such chunk in it.
    func chunk(_ chunk: UInt32, of id: Snapshot.ID) throws(StorageError) -> [UInt8]? {
        try StorageError.wrapping {
            try self.environment.read { transaction in
                let records = try self.records(transaction)
                guard let found = records.first(where: { $0.stored.isWhole && $0.stored.snapshot.id == id }),
                    let count = found.stored.snapshot.byteCount(ofChunk: chunk)
                else { return nil }
                let key = ChunkKey(snapshot: found.number, chunk: chunk)
                return try transaction.get(key.key, in: self.chunks) { value in
                    guard let value, key.fits(value, byteCount: count) else {
                        throw Self.damaged(found.stored.snapshot, "chunk \(chunk) is missing or damaged")
                    }
                    return value.extracting(droppingLast: ChunkKey.checksumBytes).bytes()
                }
            }
        }
    }

    private func walk(_ id: Snapshot.ID, each: (RawSpan) throws -> Void) throws(StorageError) {
        try StorageError.wrapping {
            try self.environment.read { transaction in
                let (number, snapshot) = try self.find(id, transaction)
                try self.walk(snapshot, numbered: number, transaction, each: each)
            }
        }
    }

    private func find(
        _ id: Snapshot.ID,
        _ transaction: borrowing ReadTransaction
    ) throws -> (number: UInt64, snapshot: Snapshot) {
        let records = try self.records(transaction)
        guard let found = records.first(where: { $0.stored.isWhole && $0.stored.snapshot.id == id }) else {
            throw StorageError(.noSnapshot, "The snapshot at \(id.position) is not here.")
        }
        return (found.number, found.stored.snapshot)
    }

    /// Gives `each` every chunk, checked by itself, and throws if one is missing or damaged.
    func walk(
        _ snapshot: Snapshot,
        numbered number: UInt64,
        _ transaction: borrowing Transaction<some Any>,
        each: (RawSpan) throws -> Void
    ) throws {
        var next: UInt32 = 0
        try transaction.forEach(in: self.chunks, ChunkKey.all(of: number)) { key, value in
            let place = ChunkKey(snapshot: number, chunk: next)
            guard ChunkKey(key) == place, place.fits(value, byteCount: snapshot.byteCount(ofChunk: next)) else {
                return .stop
            }
            try each(value.extracting(droppingLast: ChunkKey.checksumBytes))
            next += 1
            return .next
        }
        guard next == snapshot.chunkCount else {
            throw Self.damaged(snapshot, "chunk \(next) of \(snapshot.chunkCount) is missing or damaged")
        }
    }

    static func damaged(_ snapshot: Snapshot, _ how: String) -> StorageError {
        StorageError(.damagedSnapshot, "The snapshot at \(snapshot.position) is damaged: \(how).")
    }
}
