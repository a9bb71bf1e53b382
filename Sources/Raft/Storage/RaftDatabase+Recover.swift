internal import LMDB
public import RaftCore

extension RaftDatabase {
    /// Reads everything back, every entry's checksum and every chunk's of the snapshot to start from included.
    ///
    /// What is returned is exactly what was committed. Anything else is an error: LMDB never shows half a transaction,
    /// so a gap or a damaged entry is no torn end that could be cut off, but a loss of what this member promised to
    /// keep.
    public func recover() throws(StorageError) -> Recovered {
        let entries = try self.recoverEntries() + self.unsettled.flatMap(\.entries)
        return Recovered(
            hardState: self.newest.hardState,
            entries: entries,
            base: self.stored.bounds.before,
            snapshots: try self.recoverSnapshots(entries),
            fetching: try self.snapshots.transfer(),
            membership: self.membership,
            incarnation: self.incarnation
        )
    }

    private func recoverEntries() throws(StorageError) -> [Entry] {
        let (log, bounds, term) = (self.log, self.stored.bounds, self.stored.hardState.term)
        let entries = try StorageError.wrapping {
            var entries: [Entry] = []
            let count = bounds.last.index.rawValue - bounds.before.index.rawValue
            entries.reserveCapacity(Int(min(count, 1 << 20)))
            try log.environment.read { transaction in
                guard try transaction.get(Key(0), in: log.entries) == nil else { throw Self.unexpected(.zero, bounds) }
                // What was cut off before the bounds may not be deleted yet.
                let held = KeyRange(from: Key(bounds.before.index.next.rawValue))
                try transaction.forEach(in: log.entries, held) { key, value in
                    guard let number = UInt64(key: key) else {
                        throw StorageError(.unexpectedEntry, "The log has a key that is no index.")
                    }
                    let index = LogIndex(number)
                    let before = entries.last?.position ?? bounds.before
                    guard index <= bounds.last.index else { throw Self.unexpected(index, bounds) }
                    guard index == before.index.next else { throw Self.missing(before.index.next, bounds) }
                    let entry = try EntryCodec.decode(value, at: index)
                    guard entry.term >= before.term, entry.term <= term else {
                        throw StorageError(
                            .damagedEntry,
                            "Entry \(index) is of term \(entry.term.rawValue), which can't follow term "
                                + "\(before.term.rawValue) in the log of a member in term \(term.rawValue): replace "
                                + "the member.",
                            index: index
                        )
                    }
                    entries.append(entry)
                    return .next
                }
            }
            return entries
        }
        let last = entries.last?.position ?? bounds.before
        guard last.index == bounds.last.index else { throw Self.missing(last.index.next, bounds) }
        guard last == bounds.last else {
            throw StorageError(
                .damagedRecord,
                "The log ends at \(last), but its bounds say \(bounds.last): replace the member.",
                index: last.index
            )
        }
        return entries
    }

    /// The snapshots that are whole. The last one has to be: what it stands for may be nowhere else on this disk.
    private func recoverSnapshots(_ entries: [Entry]) throws(StorageError) -> [Snapshot] {
        let bounds = self.stored.bounds
        guard let last = self.stored.snapshots.last else { return [] }
        guard last.position == bounds.before || entries.contains(where: { $0.position == last.position }) else {
            throw StorageError(
                .damagedRecord,
                "The snapshot at \(last.position) is of another log than the one after \(bounds.before) up to "
                    + "\(bounds.last): replace the member."
            )
        }
        do {
            try self.snapshots.check(last.id)
        } catch  where error.code == .damagedSnapshot || error.code == .noSnapshot {
            throw StorageError(
                .damagedSnapshot,
                "This member can't start: \(error.message) The entries that the snapshot stands for are no longer in "
                    + "its log. Replace the member."
            )
        }
        let whole = try self.snapshots.whole()
        return self.stored.snapshots.filter { whole.contains($0.id) }
    }

    private static func unexpected(_ index: LogIndex, _ bounds: LogBounds) -> StorageError {
        StorageError(
            .unexpectedEntry,
            "The log has an entry \(index), although its bounds are \(bounds.before.index) and "
                + "\(bounds.last.index). The database was changed from outside: replace the member.",
            index: index
        )
    }

    private static func missing(_ index: LogIndex, _ bounds: LogBounds) -> StorageError {
        StorageError(
            .missingEntry,
            "Entry \(index) is missing from the log, which should go up to \(bounds.last.index). This member promised "
                + "to keep it: replace the member, do not start it with a shorter log.",
            index: index
        )
    }
}
