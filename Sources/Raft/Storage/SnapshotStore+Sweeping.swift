internal import LMDB
internal import RaftCore

// A snapshot goes by its record: the chunks that are left without one are rubbish, and are deleted a few at a time.

extension SnapshotStore {
    /// Drops the snapshots, and the transfer, that are older than the newest pinned one and neither pinned nor among
    /// `ids`. Newer ones stay: whoever named the ones to keep may not have heard of them yet.
    func keep(only ids: [Snapshot.ID]) throws(StorageError) {
        let pinned = self.pinned
        let newest = pinned.map(\.position.index).max() ?? .zero
        try self.forget { stored in
            let id = stored.snapshot.id
            return stored.snapshot.index <= newest && !pinned.contains(id) && !ids.contains(id)
        }
    }

    /// Drops what the last run left unfinished: the snapshots that are not pinned, except for a transfer of a newer one.
    func forgetUnpinned() throws(StorageError) {
        let pinned = self.pinned
        let newest = pinned.map(\.position.index).max() ?? .zero
        try self.forget { $0.isWhole ? !pinned.contains($0.snapshot.id) : $0.snapshot.index <= newest }
    }

    private func forget(where isUnwanted: (StoredSnapshot) -> Bool) throws(StorageError) {
        try StorageError.wrapping {
            let unwanted = try self.environment.read { try self.records($0) }.filter { isUnwanted($0.stored) }
            if unwanted.isEmpty { return }
            try self.environment.write { transaction in
                for record in unwanted { try self.forget(record.number, transaction) }
            }
        }
    }

    /// Drops one snapshot. Its chunks are left to `sweep`.
    func forget(_ number: UInt64, _ transaction: borrowing WriteTransaction) throws(LMDBError) {
        try transaction.delete(Key(RecordKey.snapshot(numbered: number).name), in: self.state)
    }

    /// Deletes some of the chunks that belong to no snapshot. False if that was all of them.
    func sweep() throws(StorageError) -> Bool {
        try StorageError.wrapping {
            try self.environment.write { transaction in
                var budget = Self.transactionChunksMax
                var start: UInt64 = 0
                for number in try self.records(transaction).map(\.number) {
                    let gap = KeyRange(from: Key(start), upTo: Key(number))
                    budget -= try transaction.delete(gap, in: self.chunks, atMost: budget)
                    start = number + 1
                }
                budget -= try transaction.delete(KeyRange(from: Key(start)), in: self.chunks, atMost: budget)
                return budget == 0
            }
        }
    }
}
