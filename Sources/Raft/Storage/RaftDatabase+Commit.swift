internal import LMDB
public import RaftCore

extension RaftDatabase {
    /// How many of the entries that were cut off go with a transaction, unless it appends more than that: what is
    /// deleted keeps up with what is written, and nothing ever waits for a huge deletion.
    static let sweepMax = 256

    /// How many entries of the journal a transaction takes over. More would let an append wait longer for it.
    static let settledEntries: UInt64 = 512

    /// Carries out `writes`, in order and as a whole. When it returns, they survive a crash of the machine; when it
    /// throws, nothing of them is stored.
    ///
    /// After an error of the disk the database must not be used again: what the system's cache holds need not be what
    /// is on the disk.
    public mutating func commit(_ writes: [Write]) throws(StorageError) -> Receipt {
        guard let newest = writes.last else { throw StorageError(.badWrite, "There is nothing to commit.") }
        if try !self.journal(writes) { try self.settle(with: writes) }
        return Receipt(write: newest.id)
    }

    /// Carries out `writes` in the journal alone, if that can be done.
    private mutating func journal(_ writes: [Write]) throws(StorageError) -> Bool {
        guard writes.allSatisfy(\.onlyAppends) else { return false }
        var newest = self.newest
        for write in writes { try newest.goOn(with: write) }
        guard try self.journal.append(writes) else { return false }
        self.newest = newest
        self.unsettled += writes
        return true
    }

    /// Whether it is time to `settle`.
    var isSettlingDue: Bool {
        self.newest.bounds.last.index.rawValue - self.stored.bounds.last.index.rawValue >= Self.settledEntries
    }

    /// Whether the journal holds what the database does not.
    var isUnsettled: Bool { !self.unsettled.isEmpty }

    /// Carries out in the database, in one transaction, what only the journal holds, and then `writes`.
    mutating func settle(with writes: [Write] = []) throws(StorageError) {
        let due = self.unsettled + writes
        if due.isEmpty { return }
        let lap = self.journal.isEmpty ? nil : self.journal.lap + 1
        let changed = try self.stored.changed(by: due, nextLap: lap, on: self.log)
        if let lap { self.journal.begin(lap: lap) }
        self.unsettled.removeAll(keepingCapacity: true)
        if changed.snapshots != self.stored.snapshots { self.snapshots.pin(changed.snapshots.map(\.id)) }
        self.stored = changed
        self.newest = changed
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
