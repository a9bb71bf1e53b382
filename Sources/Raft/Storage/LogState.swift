internal import LMDB
internal import RaftCore

/// What is stored beside the entries, kept in memory so that a commit needs no read; and how a write changes it.
///
/// Each write is checked to continue what is stored before it changes anything: an engine gone wrong must not spoil
/// the log that it was right about. A transaction changes a copy, which takes the place of the original once the
/// transaction has committed.
struct LogState {
    var bounds: LogBounds
    var hardState: HardState
    /// Those that reach back to the log, the oldest first. The last is the one to start from.
    var snapshots: [Snapshot]
    /// Whether there may be entries that were cut off and are still to be deleted.
    var hasLeftovers: Bool
    var lastWrite = WriteID(0)

    /// Carries out `writes` in one transaction. From then on the journal's records count from `nextLap` on, if there is
    /// one.
    func changed(
        by writes: [Write],
        nextLap: UInt64?,
        on log: LogEnvironment
    ) throws(StorageError) -> LogState {
        let appended = writes.reduce(0) { $0 + $1.entries.count }
        return try StorageError.wrapping {
            try log.environment.write { transaction in
                var change = self
                for write in writes { try change.carryOut(write, on: log, in: transaction) }
                if change.bounds != self.bounds { try transaction.put(change.bounds, at: .bounds, in: log.state) }
                if change.hardState != self.hardState { try transaction.put(change.hardState, in: log.state) }
                if let nextLap { try transaction.put(JournalLap(nextLap), at: .journal, in: log.state) }
                if change.hasLeftovers {
                    try change.sweep(atMost: max(RaftDatabase.sweepMax, appended), on: log, in: transaction)
                }
                return change
            }
        }
    }

    private mutating func carryOut(
        _ write: Write,
        on log: LogEnvironment,
        in transaction: borrowing WriteTransaction
    ) throws {
        try self.begin(write)
        if let index = write.truncateFrom { try self.truncate(from: index, of: write, on: log, in: transaction) }
        if let snapshot = write.snapshot {
            if write.replacesLog {
                try self.replaceLog(by: snapshot, of: write, on: log, in: transaction)
            } else {
                try self.add(snapshot, of: write, on: log, in: transaction)
            }
        } else if write.replacesLog {
            throw Self.refused(write, "nothing is to take the log's place")
        }
        if let base = write.base { try self.cut(through: base, of: write, on: log, in: transaction) }
        try self.append(write.entries, of: write)
        var encoded: [UInt8] = []
        for entry in write.entries {
            encoded.removeAll(keepingCapacity: true)
            try EntryCodec.append(entry, to: &encoded)
            try transaction.put(Key(entry.index.rawValue), encoded, in: log.entries, append: true)
        }
    }

    /// What is stored after a write that only appends.
    mutating func goOn(with write: Write) throws(StorageError) {
        try self.begin(write)
        try self.append(write.entries, of: write)
    }

    private mutating func begin(_ write: Write) throws(StorageError) {
        guard write.id > self.lastWrite else {
            throw Self.refused(write, "it comes after write \(self.lastWrite.rawValue)")
        }
        self.lastWrite = write.id
        if let hardState = write.hardState { try self.adopt(hardState, of: write) }
    }

    private mutating func append(_ entries: [Entry], of write: Write) throws(StorageError) {
        for entry in entries {
            let last = self.bounds.last
            guard last.index.rawValue < .max, entry.index == last.index.next, entry.term >= last.term else {
                throw Self.refused(write, "entry \(entry.position) can't follow \(last)")
            }
            guard entry.term <= self.hardState.term else {
                throw Self.refused(write, "entry \(entry.position) is of a later term than this member")
            }
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
        on log: LogEnvironment,
        in transaction: borrowing WriteTransaction
    ) throws {
        guard index > self.bounds.before.index, index > self.snapshots.last?.index ?? .zero,
            let end = try self.position(at: index.previous, on: log, in: transaction)
        else {
            throw Self.refused(
                write,
                "the log after \(self.bounds.before) up to \(self.bounds.last), with a snapshot at "
                    + "\(self.snapshots.last?.index ?? .zero), can't end before \(index)"
            )
        }
        try transaction.delete(KeyRange(from: Key(index.rawValue)), in: log.entries)
        self.bounds.last = end
    }

    /// The position at `index`, if the log reaches there; its beginning counts.
    func position(
        at index: LogIndex,
        on log: LogEnvironment,
        in transaction: borrowing WriteTransaction
    ) throws -> LogPosition? {
        guard index > self.bounds.before.index, index < self.bounds.last.index else {
            return [self.bounds.before, self.bounds.last].first { $0.index == index }
        }
        return try transaction.get(Key(index.rawValue), in: log.entries) { value in
            guard let value else {
                throw StorageError(.missingEntry, "Entry \(index) is missing from the log.", index: index)
            }
            return try EntryCodec.decode(value, at: index).position
        }
    }

    static func refused(_ write: Write, _ reason: String) -> StorageError {
        StorageError(.badWrite, "Write \(write.id.rawValue) contradicts what is stored: \(reason).")
    }
}
