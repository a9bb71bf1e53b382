internal import LMDB
public import RaftCore

extension RaftDatabase {
    /// Carries out `writes`, in order, in one transaction. When it returns, they survive a crash of the machine; when
    /// it throws, nothing of them is stored.
    ///
    /// After an error of the disk the database must not be used again: what the system's cache holds need not be what
    /// is on the disk.
    public mutating func commit(_ writes: [Write]) throws(StorageError) -> Receipt {
        guard let newest = writes.last else { throw StorageError(.badWrite, "There is nothing to commit.") }
        let stored = Change(bounds: self.bounds, hardState: self.hardState, lastWrite: self.lastWrite)
        let (environment, entries, state) = (self.environment, self.entries, self.state)
        let change = try StorageError.wrapping {
            try environment.write { transaction in
                var change = stored
                for write in writes { try change.carryOut(write, on: entries, in: transaction) }
                if change.bounds != stored.bounds { try transaction.put(change.bounds, at: .bounds, in: state) }
                if change.hardState != stored.hardState { try transaction.put(change.hardState, in: state) }
                return change
            }
        }
        self.bounds = change.bounds
        self.hardState = change.hardState
        self.lastWrite = change.lastWrite
        return Receipt(write: newest.id)
    }
}

/// What is stored once the transaction under way has committed.
///
/// Each write is checked to continue what is stored before it changes anything: an engine gone wrong must not spoil
/// the log that it was right about.
private struct Change {
    var bounds: LogBounds
    var hardState: HardState
    var lastWrite: WriteID

    mutating func carryOut(
        _ write: Write,
        on entries: Database,
        in transaction: borrowing WriteTransaction
    ) throws {
        guard write.id > self.lastWrite else {
            throw Self.refused(write, "it comes after write \(self.lastWrite.rawValue)")
        }
        self.lastWrite = write.id
        if let hardState = write.hardState { try self.adopt(hardState, of: write) }
        if let index = write.truncateFrom { try self.truncate(from: index, of: write, on: entries, in: transaction) }
        var encoded: [UInt8] = []
        for entry in write.entries {
            let last = self.bounds.last
            guard last.index.rawValue < .max, entry.index == last.index.next, entry.term >= last.term else {
                throw Self.refused(write, "entry \(entry.position) can't follow \(last)")
            }
            guard entry.term <= self.hardState.term else {
                throw Self.refused(write, "entry \(entry.position) is of a later term than this member")
            }
            try EntryCodec.encode(entry, into: &encoded)
            try transaction.put(Key(entry.index.rawValue), encoded, in: entries, append: true)
            self.bounds.last = entry.position
        }
    }

    private mutating func adopt(_ hardState: HardState, of write: Write) throws(StorageError) {
        let stored = self.hardState
        guard hardState.term >= stored.term else {
            throw Self.refused(write, "its term \(hardState.term.rawValue) is before term \(stored.term.rawValue)")
        }
        guard hardState.term > stored.term || stored.vote == nil || hardState.vote == stored.vote else {
            throw Self.refused(write, "it changes the vote in term \(stored.term.rawValue)")
        }
        self.hardState = hardState
    }

    private mutating func truncate(
        from index: LogIndex,
        of write: Write,
        on entries: Database,
        in transaction: borrowing WriteTransaction
    ) throws {
        let previous = index.previous
        guard index > self.bounds.before.index, previous <= self.bounds.last.index else {
            throw Self.refused(
                write,
                "the log after \(self.bounds.before) up to \(self.bounds.last) has no entry \(index)"
            )
        }
        try transaction.delete(KeyRange(from: Key(index.rawValue)), in: entries)
        if previous == self.bounds.before.index {
            self.bounds.last = self.bounds.before
        } else {
            self.bounds.last = try transaction.get(Key(previous.rawValue), in: entries) { value in
                guard let value else {
                    throw StorageError(.missingEntry, "Entry \(previous) is missing from the log.", index: previous)
                }
                return try EntryCodec.decode(value, at: previous).position
            }
        }
    }

    private static func refused(_ write: Write, _ reason: String) -> StorageError {
        StorageError(.badWrite, "Write \(write.id.rawValue) contradicts what is stored: \(reason).")
    }
}
