internal import LMDB
public import RaftCore

extension RaftDatabase {
    /// How many of the entries that were cut off go with a transaction, unless it appends more than that: what is
    /// deleted keeps up with what is written, and nothing ever waits for a huge deletion.
    static let sweepMax = 256

    /// Carries out `writes`, in order, in one transaction. When it returns, they survive a crash of the machine; when
    /// it throws, nothing of them is stored.
    ///
    /// After an error of the disk the database must not be used again: what the system's cache holds need not be what
    /// is on the disk.
    public mutating func commit(_ writes: [Write]) throws(StorageError) -> Receipt {
        guard let newest = writes.last else { throw StorageError(.badWrite, "There is nothing to commit.") }
        let (stored, log) = (self.stored, self.log)
        let appended = writes.reduce(0) { $0 + $1.entries.count }
        let changed = try StorageError.wrapping {
            try log.environment.write { transaction in
                var change = stored
                for write in writes { try change.carryOut(write, on: log, in: transaction) }
                if change.bounds != stored.bounds { try transaction.put(change.bounds, at: .bounds, in: log.state) }
                if change.hardState != stored.hardState { try transaction.put(change.hardState, in: log.state) }
                if change.hasLeftovers {
                    try change.sweep(atMost: max(Self.sweepMax, appended), on: log, in: transaction)
                }
                return change
            }
        }
        self.stored = changed
        if changed.snapshots != stored.snapshots { self.snapshots.pin(changed.snapshots.map(\.id)) }
        return Receipt(write: newest.id)
    }

    /// Whether entries that were cut off are still to be deleted.
    var hasLeftovers: Bool { self.stored.hasLeftovers }

    /// Deletes some of the entries that were cut off, when there is nothing to commit that they could go with.
    mutating func sweep() throws(StorageError) {
        let (stored, log) = (self.stored, self.log)
        self.stored = try StorageError.wrapping {
            try log.environment.write { transaction in
                var change = stored
                try change.sweep(atMost: Self.sweepMax, on: log, in: transaction)
                return change
            }
        }
    }
}
