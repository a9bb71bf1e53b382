internal import LMDB
internal import OpenSSL
internal import RaftCore

// A snapshot that is pulled from another member, chunk after chunk. There is one at most.

extension SnapshotStore {
    /// Begins or resumes a transfer, and gives up any other. Returns how many chunks are here, from the first one on
    /// without a gap, undamaged.
    func begin(_ snapshot: Snapshot) throws(StorageError) -> UInt32 {
        try StorageError.wrapping {
            let records = try self.environment.read { try self.records($0) }
            let found =
                records.first { $0.stored.isWhole ? $0.stored.snapshot.id == snapshot.id : false }
                ?? records.first { $0.stored.snapshot == snapshot }
            try self.environment.write { transaction in
                for other in records where !other.stored.isWhole && other.number != found?.number {
                    try self.forget(other.number, transaction)
                }
                guard found == nil else { return }
                let key = RecordKey.snapshot(numbered: try self.newNumber(transaction))
                try transaction.put(StoredSnapshot(snapshot, isWhole: false), at: key, in: self.state)
            }
            guard let found else { return 0 }
            return found.stored.isWhole ? snapshot.chunkCount : try self.verify(snapshot, numbered: found.number)
        }
    }

    /// Stores a chunk of the transfer under way, if it is the next one. Returns how many are here after that.
    func store(_ chunk: UInt32, _ bytes: [UInt8], of id: Snapshot.ID) throws(StorageError) -> UInt32 {
        try StorageError.wrapping {
            try self.environment.write { transaction in
                guard let found = try self.records(transaction).first(where: { $0.stored.snapshot.id == id }) else {
                    return 0
                }
                let snapshot = found.stored.snapshot
                let held = try self.held(of: found.number, transaction)
                guard !found.stored.isWhole, chunk == held, bytes.count == snapshot.byteCount(ofChunk: chunk) else {
                    return held
                }
                let key = ChunkKey(snapshot: found.number, chunk: chunk)
                var value = bytes
                key.seal(&value)
                try transaction.put(key.key, value, in: self.chunks)
                return held + 1
            }
        }
    }

    /// Whether the transfer is complete: everything is here, and makes up the digest. If everything is here and does
    /// not, it was in vain, and all of it goes.
    func complete(_ snapshot: Snapshot) throws(StorageError) -> Bool {
        try StorageError.wrapping {
            let records = try self.environment.read { try self.records($0) }
            guard let found = records.first(where: { $0.stored.snapshot.id == snapshot.id }) else { return false }
            if found.stored.isWhole { return true }
            let digest = try self.environment.read { transaction -> [UInt8]? in
                guard try self.held(of: found.number, transaction) == found.stored.snapshot.chunkCount else {
                    return nil
                }
                var hash = try SHA256()
                do {
                    try self.walk(found.stored.snapshot, numbered: found.number, transaction) { try hash.update($0) }
                } catch let error as StorageError where error.code == .damagedSnapshot {
                    return []
                }
                return try hash.finish()
            }
            guard let digest else { return false }
            return try self.environment.write { transaction in
                guard digest == snapshot.digest else {
                    try self.forget(found.number, transaction)
                    return false
                }
                let whole = StoredSnapshot(found.stored.snapshot, isWhole: true)
                try transaction.put(whole, at: .snapshot(numbered: found.number), in: self.state)
                return true
            }
        }
    }

    /// Drops what is damaged and everything after it. Returns how many chunks there are then.
    private func verify(_ snapshot: Snapshot, numbered number: UInt64) throws -> UInt32 {
        var intact: UInt32 = 0
        do {
            try self.environment.read { transaction in
                try self.walk(snapshot, numbered: number, transaction) { _ in intact += 1 }
            }
        } catch let error as StorageError where error.code == .damagedSnapshot {
            // Some are not here yet, or damaged: those before them count.
        }
        // From the end, so that there is never a gap.
        while true {
            let held = try self.environment.read { try self.held(of: number, $0) }
            if held <= intact { return intact }
            let first = max(intact, held - min(held, UInt32(Self.transactionChunksMax)))
            _ = try self.environment.write { transaction in
                try transaction.delete(ChunkKey.all(of: number, from: first), in: self.chunks)
            }
        }
    }

    /// How many chunks of the snapshot are here. They are stored in their order, so the last one tells.
    private func held(of number: UInt64, _ transaction: borrowing Transaction<some Any>) throws -> UInt32 {
        var held: UInt32 = 0
        try transaction.forEach(in: self.chunks, ChunkKey.all(of: number), order: .descending) { key, _ in
            held = (ChunkKey(key)?.chunk).map { $0 + 1 } ?? 0
            return .stop
        }
        return held
    }
}
