internal import LMDB
internal import RaftCore
internal import Synchronization

/// The bytes of a member's snapshots, in an LMDB environment of their own: no append to the log ever waits for them.
///
/// A snapshot here means nothing by itself. What counts is the record that the log's database keeps of it: the bytes
/// are durable before that record is written, and go only after it has been deleted; whatever else is found here when a
/// database is opened is swept. The records that the log's database holds are called pins here.
///
/// Everything but reading belongs to one thread, that of the `SnapshotThread`: its transactions would not mind others,
/// but from one to the next it counts on finding what it left.
public final class SnapshotStore: Sendable {
    let environment: Environment
    /// The owner's identity, and a record for each snapshot that is here or on its way.
    let state: Database
    let chunks: Database
    /// Keeps the directory locked.
    private let directory: DataDirectory
    private let pins = Mutex(Pins())

    private struct Pins {
        var ids: [Snapshot.ID] = []
        var onChange: (@Sendable () -> Void)?
    }

    /// How many chunks a transaction writes or deletes at most.
    static let transactionChunksMax = 4

    init(in directory: DataDirectory, mapBytes: Int) throws(StorageError) {
        let path = try directory.subdirectory("snapshots")
        (self.environment, self.state, self.chunks) = try StorageError.wrapping {
            let environment = try Environment(directory: path, limits: .init(mapBytes: mapBytes, databasesMax: 4))
            try environment.checkReaders()
            return (environment, try environment.openDatabase("state"), try environment.openDatabase("chunks"))
        }
        try DataDirectory.sync(path)
        self.directory = directory
    }

    // MARK: Whose it is

    /// Whether the bytes of a member's snapshots are or were here.
    func isClaimed() throws(StorageError) -> Bool {
        try StorageError.wrapping {
            try self.environment.read {
                try $0.count(of: self.state) > 0 || $0.count(of: self.chunks) > 0
            }
        }
    }

    /// Throws if the snapshots are another's; writes down whose they are if there are none.
    func claim(for identity: DatabaseIdentity) throws(StorageError) {
        if try !self.isClaimed() {
            return try StorageError.wrapping {
                try self.environment.write { try $0.put(identity, at: .identity, in: self.state) }
            }
        }
        let owner = try StorageError.wrapping {
            try self.environment.read { transaction throws in
                try transaction.record(at: .identity, in: self.state)
            }
        }
        guard owner == identity else {
            throw StorageError(
                .foreignDatabase,
                "The snapshots in \(self.directory.path) belong to member \(owner.member) of cluster \(owner.cluster), "
                    + "but the log beside them to member \(identity.member) of cluster \(identity.cluster), or to an "
                    + "earlier or later database of the same member. Files of two databases were mixed: replace the "
                    + "member, with an empty directory."
            )
        }
    }

    // MARK: What is here

    /// The records and their numbers, in the order in which the snapshots were begun.
    func records(
        _ transaction: borrowing Transaction<some Any>
    ) throws -> [(number: UInt64, stored: StoredSnapshot)] {
        var records: [(UInt64, StoredSnapshot)] = []
        try transaction.forEach(in: self.state, RecordKey<StoredSnapshot>.snapshots) { key, value in
            let (key, number) = try RecordKey<StoredSnapshot>.found(under: key)
            records.append((number, try key.decode(value)))
            return .next
        }
        return records
    }

    /// A number that no snapshot has, nor any chunk that is still to be swept.
    func newNumber(_ transaction: borrowing Transaction<some Any>) throws -> UInt64 {
        var newest = try self.records(transaction).last?.number ?? 0
        try transaction.forEach(in: self.chunks, order: .descending) { key, _ in
            newest = max(newest, ChunkKey(key)?.snapshot ?? 0)
            return .stop
        }
        return newest + 1
    }

    /// The snapshots that are whole.
    func whole() throws(StorageError) -> Set<Snapshot.ID> {
        try StorageError.wrapping {
            let records = try self.environment.read { try self.records($0) }
            return Set(records.filter(\.stored.isWhole).map(\.stored.snapshot.id))
        }
    }

    /// The snapshot whose transfer is under way.
    func transfer() throws(StorageError) -> Snapshot? {
        try StorageError.wrapping {
            try self.environment.read { try self.records($0) }.last { !$0.stored.isWhole }?.stored.snapshot
        }
    }

    // MARK: Pins

    /// These are the snapshots that the log's database has records of, durably. May be called on any thread.
    func pin(_ ids: [Snapshot.ID]) {
        let onChange = self.pins.withLock { pins in
            pins.ids = ids
            return pins.onChange
        }
        onChange?()
    }

    var pinned: [Snapshot.ID] { self.pins.withLock { $0.ids } }

    /// `body` is called when other snapshots are pinned.
    func whenPinned(_ body: @escaping @Sendable () -> Void) { self.pins.withLock { $0.onChange = body } }
}
