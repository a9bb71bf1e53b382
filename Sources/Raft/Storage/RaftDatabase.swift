internal import LMDB
internal import OpenSSL
public import RaftCore

/// A member's log, term and vote in one LMDB environment with a journal before it, in a directory of its own, and its
/// snapshots in another environment below it.
///
/// It has one owner, and one thread that uses it: neither copyable nor `Sendable`, so the compiler sees to it.
/// `StorageThread` takes it over once it has been opened and recovered. It closes when its owner lets it go; the
/// directory is free again once `snapshots` has been let go as well.
public struct RaftDatabase: ~Copyable {
    /// Whose database it is.
    public let identity: DatabaseIdentity
    /// Whether this opening found an empty directory and created the database.
    public let isNew: Bool
    /// Whether one of the two copies of term and vote was damaged, and was written again from the other.
    public let mendedHardState: Bool
    /// The bytes of the snapshots. `SnapshotThread` works on them once the member runs.
    public let snapshots: SnapshotStore

    let log: LogEnvironment
    let membership: Membership
    /// What the environment holds.
    var stored: LogState
    /// What it holds together with the journal.
    var newest: LogState
    var journal: Journal
    /// What only the journal holds.
    var unsettled: [Write]

    /// Minted when the database was created.
    public var incarnation: Incarnation { self.identity.incarnation }

    /// Address space for a data file. Costs nothing until it is used, and is never changed while the file is open.
    public static let defaultMapBytes = 16 << 30

    /// Opens the database of one of the members that a cluster begins with, creating it and its directory if they are
    /// missing.
    ///
    /// Throws if another process has it open, if it belongs to another member or cluster, or if a record beside the
    /// log is damaged.
    public init(
        directory path: String,
        member: NodeID,
        of genesis: Genesis,
        mapBytes: Int = RaftDatabase.defaultMapBytes,
        snapshotMapBytes: Int = RaftDatabase.defaultMapBytes
    ) throws(StorageError) {
        guard genesis.membership.isVoter(member) else {
            throw StorageError(
                .notAMember,
                "This process is to be member \(member), but there are \(genesis.peers.count) peers: its number must "
                    + "be the place of its own address in the list, counted from 1."
            )
        }
        try self.init(path, genesis.cluster, member, beginningWith: genesis.membership, mapBytes, snapshotMapBytes)
    }

    /// Opens the database of a member that a cluster has taken in under that number, creating it and its directory if
    /// they are missing: empty, and without a word on who belongs to the cluster, which the cluster tells it. Its
    /// incarnation is the one that `incarnationToCome` gave, if that was asked.
    ///
    /// Also opens the database of a member the cluster began with, for which see the other initialiser.
    public init(
        directory path: String,
        member: NodeID,
        joining cluster: ClusterID,
        mapBytes: Int = RaftDatabase.defaultMapBytes,
        snapshotMapBytes: Int = RaftDatabase.defaultMapBytes
    ) throws(StorageError) {
        guard member > NodeID(0) else {
            throw StorageError(.notAMember, "Members are numbered from 1, so this process can't be member 0.")
        }
        try self.init(path, cluster, member, beginningWith: .unknown, mapBytes, snapshotMapBytes)
    }

    private init(
        _ path: String,
        _ cluster: ClusterID,
        _ member: NodeID,
        beginningWith membership: Membership,
        _ mapBytes: Int,
        _ snapshotMapBytes: Int
    ) throws(StorageError) {
        let directory = try DataDirectory(path)
        let log = try LogEnvironment(directory, mapBytes: mapBytes)
        let snapshots = try SnapshotStore(in: directory, mapBytes: snapshotMapBytes)
        let isNew = try Self.beginIfEmpty(log, snapshots, directory, cluster, member, membership)
        try directory.sync()

        let found = try StoredState(log)
        guard found.identity.cluster == cluster, found.identity.member == member else {
            throw StorageError(
                .foreignDatabase,
                "The database in \(path) belongs to member \(found.identity.member) of cluster "
                    + "\(found.identity.cluster), but this process is to be member \(member) of cluster "
                    + "\(cluster). Start it with the cluster name, the list of peers and the number that the "
                    + "database was created with, or give it an empty directory."
            )
        }
        try snapshots.claim(for: found.identity)
        if found.isHardStateDamaged {
            try StorageError.wrapping {
                try log.environment.write { transaction in try transaction.put(found.hardState, in: log.state) }
            }
        }
        snapshots.pin(found.snapshots.map(\.id))
        try snapshots.forgetUnpinned()

        var stored = LogState(
            bounds: found.bounds,
            hardState: found.hardState,
            snapshots: found.snapshots,
            // The first commit finds out at little cost.
            hasLeftovers: true
        )
        self.journal = try Self.openJournal(of: found, in: directory, log, &stored)
        self.stored = stored
        self.newest = stored
        self.unsettled = []
        self.identity = found.identity
        self.isNew = isNew
        self.mendedHardState = found.isHardStateDamaged
        self.snapshots = snapshots
        self.log = log
        self.membership = found.membership
    }

    /// The journal of the database that was found, whose records are carried out; `stored` is then what the database
    /// holds. A database that has just been begun gets one.
    private static func openJournal(
        of found: StoredState,
        in directory: DataDirectory,
        _ log: LogEnvironment,
        _ stored: inout LogState
    ) throws(StorageError) -> Journal {
        let owner = found.identity.incarnation
        guard let lap = found.lap else {
            guard try !Journal.isWritten(in: directory) else {
                throw StorageError(
                    .damagedRecord,
                    "The record journal is missing, so it is not known what in the journal counts. This member promised "
                        + "to keep it: replace the member."
                )
            }
            try Journal.create(in: directory)
            stored = try stored.changed(by: [], nextLap: 1, on: log)
            return try Journal(in: directory, of: owner, lap: 1)
        }
        let journal = try Journal(in: directory, of: owner, lap: lap)
        let writes = try journal.read()
        if writes.isEmpty { return journal }
        stored = try stored.changed(by: writes, nextLap: lap + 1, on: log)
        // This process numbers its own writes.
        stored.lastWrite = WriteID(0)
        return try Journal(in: directory, of: owner, lap: lap + 1)
    }

    /// Writes what a member begins with, if nothing was ever written. All of it in one transaction: a crash leaves a
    /// database that is still empty, or one that is complete and never begun again.
    private static func beginIfEmpty(
        _ log: LogEnvironment,
        _ snapshots: SnapshotStore,
        _ directory: DataDirectory,
        _ cluster: ClusterID,
        _ member: NodeID,
        _ membership: Membership
    ) throws(StorageError) -> Bool {
        let hadSnapshots = try snapshots.isClaimed()
        return try StorageError.wrapping {
            let minted = Incarnation(try SecureRandom.number())
            return try log.environment.write { transaction in
                guard try log.isEmpty(transaction) else { return false }
                guard try !hadSnapshots && !Journal.isWritten(in: directory) else {
                    throw StorageError(
                        .damagedRecord,
                        "The journal or the snapshots of a member are here, but its log, term and vote are gone. It "
                            + "must not start without them: replace the member, with an empty directory."
                    )
                }
                let incarnation = try transaction.comingIncarnation(in: log.state) ?? minted
                let identity = DatabaseIdentity(cluster: cluster, member: member, incarnation: incarnation)
                _ = try transaction.delete(Key(RecordKey.comingIncarnation.name), in: log.state)
                try transaction.put(identity, at: .identity, in: log.state)
                try transaction.put(membership, at: .membership, in: log.state)
                try transaction.put(LogBounds.empty, at: .bounds, in: log.state)
                try transaction.put(HardState(), in: log.state)
                return true
            }
        }
    }
}

extension Transaction where Access == ReadWrite {
    func put<Value: Record>(_ value: Value, at key: RecordKey<Value>, in state: Database) throws(LMDBError) {
        try self.put(Key(key.name), key.encode(value), in: state)
    }

    func put(_ hardState: HardState, in state: Database) throws(LMDBError) {
        for copy in RecordKey<HardState>.copies { try self.put(hardState, at: copy, in: state) }
    }
}
