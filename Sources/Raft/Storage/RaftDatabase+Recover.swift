internal import LMDB
public import RaftCore

extension RaftDatabase {
    /// Reads everything back, every entry's checksum included.
    ///
    /// What is returned is exactly what was committed. Anything else is an error: LMDB never shows half a transaction,
    /// so a gap or a damaged entry is no torn end that could be cut off, but a loss of what this member promised to
    /// keep.
    public func recover() throws(StorageError) -> Recovered {
        let (environment, database, bounds, term) = (self.environment, self.entries, self.bounds, self.hardState.term)
        let entries = try StorageError.wrapping {
            var entries: [Entry] = []
            try environment.read { transaction in
                try transaction.forEach(in: database) { key, value in
                    guard let number = UInt64(key: key) else {
                        throw StorageError(.unexpectedEntry, "The log has a key that is no index.")
                    }
                    let index = LogIndex(number)
                    let before = entries.last?.position ?? bounds.before
                    guard index > before.index, index <= bounds.last.index else {
                        throw StorageError(
                            .unexpectedEntry,
                            "The log has an entry \(index), although its bounds are \(bounds.before.index) and "
                                + "\(bounds.last.index). The database was changed from outside: replace the member.",
                            index: index
                        )
                    }
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
        return Recovered(
            hardState: self.hardState,
            entries: entries,
            membership: self.membership,
            incarnation: self.incarnation
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
