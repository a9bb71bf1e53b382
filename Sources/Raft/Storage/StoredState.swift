internal import LMDB
internal import RaftCore

/// The records beside the log, as they are found when a database is opened.
struct StoredState {
    let identity: DatabaseIdentity
    let membership: Membership
    let bounds: LogBounds
    let hardState: HardState
    /// The journal's lap to carry out on top; nil if there never was a journal.
    let lap: UInt64?
    /// The oldest first.
    let snapshots: [Snapshot]
    /// One copy of the hard state could not be read.
    let isHardStateDamaged: Bool

    init(_ log: LogEnvironment) throws(StorageError) {
        self = try StorageError.wrapping {
            try log.environment.read { transaction throws in try StoredState(transaction, log.state) }
        }
    }

    private init(_ transaction: borrowing ReadTransaction, _ state: Database) throws {
        self.identity = try transaction.record(at: .identity, in: state)
        self.membership = try transaction.record(at: .membership, in: state)
        self.bounds = try transaction.record(at: .bounds, in: state)
        self.lap = try transaction.recordIfThere(at: .journal, in: state)?.number

        var snapshots: [Snapshot] = []
        try transaction.forEach(in: state, RecordKey<Snapshot>.snapshots) { key, value in
            snapshots.append(try RecordKey<Snapshot>.found(under: key).key.decode(value))
            return .next
        }
        self.snapshots = snapshots
        let (first, last) = (self.bounds.before, self.bounds.last)
        guard (first.index...last.index).contains(snapshots.last?.index ?? .zero) else {
            throw StorageError(
                .damagedRecord,
                "The log begins after \(first) and ends at \(last), and the newest snapshot, at "
                    + "\(snapshots.last?.index ?? .zero), is not in there: replace the member."
            )
        }

        var copies: [HardState] = []
        var failures: [StorageError] = []
        for key in RecordKey<HardState>.copies {
            do {
                copies.append(try transaction.record(at: key, in: state))
            } catch let error as StorageError {
                failures.append(error)
            }
        }
        guard let hardState = copies.first else {
            throw failures.first { $0.code == .unknownFormat }
                ?? StorageError(
                    .damagedRecord,
                    "Both copies of this member's term and vote are damaged or missing, so it might vote twice in one "
                        + "term. It must not start from this database: replace the member."
                )
        }
        guard copies.allSatisfy({ $0 == hardState }) else {
            throw StorageError(
                .damagedRecord,
                "The two copies of this member's term and vote differ, although they are always written together. It "
                    + "must not start from this database: replace the member."
            )
        }
        self.hardState = hardState
        self.isHardStateDamaged = !failures.isEmpty
    }
}

extension Transaction {
    /// Reads a record that must be there.
    func record<Value: Record>(at key: RecordKey<Value>, in state: Database) throws -> Value {
        guard let value = try self.recordIfThere(at: key, in: state) else {
            throw StorageError(
                .damagedRecord,
                "The record \(key.name) is missing from the database. It was damaged or changed from outside: restore "
                    + "it, or replace the member."
            )
        }
        return value
    }

    func recordIfThere<Value: Record>(at key: RecordKey<Value>, in state: Database) throws -> Value? {
        guard let bytes = try self.get(Key(key.name), in: state) else { return nil }
        return try key.decode(bytes.span.bytes)
    }
}
