internal import LMDB
internal import RaftCore

// Snapshots take the place of the log's beginning. The records `snapshot/…` are what makes them count: chunks without
// one are rubbish, however durable.

extension LogState {
    /// A snapshot of what the log says, to start from instead of the log's beginning.
    mutating func add(
        _ snapshot: Snapshot,
        of write: Write,
        on log: LogEnvironment,
        in transaction: borrowing WriteTransaction
    ) throws {
        let last = self.snapshots.last?.index ?? .zero
        guard snapshot.index > last else {
            throw Self.refused(write, "its snapshot at \(snapshot.index) is no newer than the one at \(last)")
        }
        guard try self.position(at: snapshot.index, on: log, in: transaction) == snapshot.position else {
            throw Self.refused(write, "its snapshot at \(snapshot.position) is of another log")
        }
        try transaction.put(snapshot, at: .snapshot(at: snapshot.index), in: log.state)
        self.snapshots.append(snapshot)
    }

    /// A snapshot of what the log does not say: nothing of the log stays.
    mutating func replaceLog(
        by snapshot: Snapshot,
        of write: Write,
        on log: LogEnvironment,
        in transaction: borrowing WriteTransaction
    ) throws {
        let last = max(self.snapshots.last?.index ?? .zero, self.bounds.before.index)
        guard snapshot.index > last, snapshot.position.term <= self.hardState.term else {
            throw Self.refused(
                write,
                "a snapshot at \(snapshot.position) can't replace a log with one at \(last), in term "
                    + "\(self.hardState.term.rawValue)"
            )
        }
        guard try self.position(at: snapshot.index, on: log, in: transaction) != snapshot.position else {
            throw Self.refused(write, "the log goes on from its snapshot at \(snapshot.position), and must stay")
        }
        try self.forgetSnapshots(before: snapshot.index, on: log, in: transaction)
        try transaction.put(snapshot, at: .snapshot(at: snapshot.index), in: log.state)
        try transaction.deleteAll(in: log.entries)
        self.snapshots = [snapshot]
        self.bounds = LogBounds(before: snapshot.position, last: snapshot.position)
        self.hasLeftovers = false
    }

    /// The log begins after `base` from now on. The entries up to there are deleted little by little: see `sweep`.
    mutating func cut(
        through base: LogPosition,
        of write: Write,
        on log: LogEnvironment,
        in transaction: borrowing WriteTransaction
    ) throws {
        guard try self.position(at: base.index, on: log, in: transaction) == base else {
            throw Self.refused(
                write,
                "\(base) is not in the log after \(self.bounds.before) up to \(self.bounds.last)"
            )
        }
        guard base.index <= self.snapshots.last?.index ?? .zero else {
            throw Self.refused(write, "no snapshot covers the log up to \(base)")
        }
        guard base != self.bounds.before else { return }
        try self.forgetSnapshots(before: base.index, on: log, in: transaction)
        self.snapshots.removeAll { $0.index < base.index }
        self.bounds.before = base
        self.hasLeftovers = true
    }

    /// Deletes up to `limit` of the entries that were cut off.
    mutating func sweep(
        atMost limit: Int,
        on log: LogEnvironment,
        in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        let leftovers = KeyRange(upTo: Key(self.bounds.before.index.next.rawValue))
        self.hasLeftovers = try transaction.delete(leftovers, in: log.entries, atMost: limit) == limit
    }

    private func forgetSnapshots(
        before index: LogIndex,
        on log: LogEnvironment,
        in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        for snapshot in self.snapshots where snapshot.index < index {
            try transaction.delete(Key(RecordKey.snapshot(at: snapshot.index).name), in: log.state)
        }
    }
}
