internal import LMDB
internal import OpenSSL
public import RaftCore

/// A member's log, term and vote in one LMDB environment, in a directory of its own.
///
/// It has one owner, and one thread that uses it: neither copyable nor `Sendable`, so the compiler sees to it.
/// `StorageThread` takes it over once it has been opened and recovered. It closes when its owner lets it go.
public struct RaftDatabase: ~Copyable {
    /// Minted when the database was created.
    public let incarnation: Incarnation
    /// Whether this opening found an empty directory and created the database.
    public let isNew: Bool
    /// Whether one of the two copies of term and vote was damaged, and was written again from the other.
    public let mendedHardState: Bool

    let environment: Environment
    let entries: Database
    let state: Database
    let directory: DataDirectory
    let membership: Membership

    /// What is stored, so that a commit needs no read.
    var bounds: LogBounds
    var hardState: HardState
    var lastWrite = WriteID(0)

    /// Address space for the data file. Costs nothing until it is used, and is never changed while the file is open.
    public static let defaultMapBytes = 16 << 30

    /// Opens the database in `directory`, creating both if they are missing.
    ///
    /// Throws if another process has it open, if it belongs to another member or cluster, or if a record beside the
    /// log is damaged.
    public init(
        directory path: String,
        member: NodeID,
        of genesis: Genesis,
        mapBytes: Int = RaftDatabase.defaultMapBytes
    ) throws(StorageError) {
        guard genesis.membership.isVoter(member) else {
            throw StorageError(
                .notAMember,
                "This process is to be member \(member), but there are \(genesis.peers.count) peers: its number must "
                    + "be the place of its own address in the list, counted from 1."
            )
        }
        let directory = try DataDirectory(path)
        let opened = try StorageError.wrapping { () throws in
            let environment = try Environment(directory: path, limits: .init(mapBytes: mapBytes, databasesMax: 4))
            try environment.checkReaders()
            let entries = try environment.openDatabase("entries")
            let state = try environment.openDatabase("state")
            return (environment: environment, entries: entries, state: state)
        }
        let isNew = try Self.beginIfEmpty(opened.environment, opened.entries, opened.state, member, genesis)
        try directory.sync()

        let found = try StoredState(opened.environment, opened.state)
        guard found.identity.cluster == genesis.cluster, found.identity.member == member else {
            throw StorageError(
                .foreignDatabase,
                "The database in \(path) belongs to member \(found.identity.member) of cluster "
                    + "\(found.identity.cluster), but this process is to be member \(member) of cluster "
                    + "\(genesis.cluster). Start it with the cluster name, the list of peers and the number that the "
                    + "database was created with, or give it an empty directory."
            )
        }
        if found.isHardStateDamaged {
            try StorageError.wrapping {
                try opened.environment.write { transaction in
                    try transaction.put(found.hardState, in: opened.state)
                }
            }
        }
        self.directory = directory
        self.environment = opened.environment
        self.entries = opened.entries
        self.state = opened.state
        self.isNew = isNew
        self.incarnation = found.identity.incarnation
        self.membership = found.membership
        self.bounds = found.bounds
        self.hardState = found.hardState
        self.mendedHardState = found.isHardStateDamaged
    }

    /// Writes what a member begins with, if nothing was ever written. All of it in one transaction: a crash leaves a
    /// database that is still empty, or one that is complete and never begun again.
    private static func beginIfEmpty(
        _ environment: Environment,
        _ entries: Database,
        _ state: Database,
        _ member: NodeID,
        _ genesis: Genesis
    ) throws(StorageError) -> Bool {
        try StorageError.wrapping {
            let incarnation = Incarnation(try SecureRandom.number())
            return try environment.write { transaction in
                guard try transaction.count(of: state) == 0, try transaction.count(of: entries) == 0 else {
                    return false
                }
                let identity = IdentityRecord(cluster: genesis.cluster, member: member, incarnation: incarnation)
                try transaction.put(identity, at: .identity, in: state)
                try transaction.put(genesis.membership, at: .membership, in: state)
                try transaction.put(LogBounds.empty, at: .bounds, in: state)
                try transaction.put(HardState(), in: state)
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
