internal import CLMDB
internal import Glibc
internal import Synchronization

/// An open LMDB environment: a directory with a data file and a lock file, holding a few named databases.
///
/// Commits are always fully synchronous: when `write` returns, its changes survive a crash of the machine.
/// One environment per process and directory; a second is refused. Open the databases once, at start. The directory
/// closes when the last reference goes.
///
/// `@unchecked Sendable`: the only state is an immutable pointer, and lmdb.h says: "A thread can only use one
/// transaction at a time, plus any child transactions. [...] Multiple threads may use the same environment".
/// Transactions never leave the closure, and so the thread, that they began in.
public final class Environment: @unchecked Sendable {
    /// Limits that are fixed when an environment is opened.
    public struct Limits: Sendable {
        /// Address space to reserve, and the size that the data file can grow to. Costs nothing until it is used.
        public var mapBytes: Int
        /// Named databases.
        public var databasesMax: Int
        /// Read transactions open at once.
        public var readersMax: Int

        public init(mapBytes: Int, databasesMax: Int = 8, readersMax: Int = 126) {
            self.mapBytes = mapBytes
            self.databasesMax = databasesMax
            self.readersMax = readersMax
        }
    }

    private let handle: OpaquePointer
    private let identity: FileIdentity
    /// The thread inside `write`, 0 for none: LMDB's writer lock would wait for ever for its own thread.
    private let writer = Atomic<UInt>(0)

    /// Opens the environment in an existing directory; creates its files if they are missing.
    public init(directory: String, limits: Limits) throws(LMDBError) {
        let identity = try FileIdentity(of: directory)
        guard openEnvironments.withLock({ $0.insert(identity).inserted }) else {
            throw LMDBError(.alreadyOpen, during: "open the environment in \(directory)")
        }
        do throws(LMDBError) {
            self.handle = try Self.open(directory: directory, limits: limits)
        } catch {
            _ = openEnvironments.withLock { $0.remove(identity) }
            throw error
        }
        self.identity = identity
    }

    deinit {
        mdb_env_close(self.handle)
        let identity = self.identity
        _ = openEnvironments.withLock { $0.remove(identity) }
    }

    private static func open(directory: String, limits: Limits) throws(LMDBError) -> OpaquePointer {
        let operation = "open the environment in \(directory)"
        var created: OpaquePointer?
        try check(mdb_env_create(&created), operation)
        guard let handle = created else { throw LMDBError(.invalid, during: operation) }
        do throws(LMDBError) {
            try check(mdb_env_set_mapsize(handle, limits.mapBytes), operation)
            try check(mdb_env_set_maxdbs(handle, MDB_dbi(limits.databasesMax)), operation)
            try check(mdb_env_set_maxreaders(handle, CUnsignedInt(limits.readersMax)), operation)
            // Without thread-local reader slots a read may run inside a write, and on any thread.
            try check(mdb_env_open(handle, directory, CUnsignedInt(MDB_NOTLS), 0o600), operation)
        } catch {
            mdb_env_close(handle)
            throw error
        }
        return handle
    }

    // MARK: - Databases

    /// Opens a database, creating it if it is missing. Call it once per name, before the environment is shared.
    public func openDatabase(_ name: String) throws -> Database {
        try self.write { transaction in
            var handle: MDB_dbi = 0
            try check(
                mdb_dbi_open(transaction.handle, name, CUnsignedInt(MDB_CREATE), &handle),
                "open the database \(name)"
            )
            return Database(name: name, handle: handle)
        }
    }

    // MARK: - Transactions

    /// Runs `body` in a write transaction: commits if it returns, leaves no trace if it throws. Waits for the write
    /// transaction of another thread to end; must not be called inside another on the same thread.
    public func write<Result>(_ body: (borrowing WriteTransaction) throws -> Result) throws -> Result {
        let thread = UInt(pthread_self())
        precondition(
            self.writer.load(ordering: .relaxed) != thread,
            "a write transaction was begun inside another on the same thread"
        )
        let transaction = try WriteTransaction(beginIn: self.handle)
        self.writer.store(thread, ordering: .relaxed)
        defer { self.writer.store(0, ordering: .relaxed) }
        let result = try body(transaction)
        try transaction.commit()
        return result
    }

    /// Runs `body` over the state as of the last commit. Keep it short: an old reader stops pages from being used
    /// again, and the file grows.
    public func read<Result>(_ body: (borrowing ReadTransaction) throws -> Result) throws -> Result {
        let transaction = try ReadTransaction(beginIn: self.handle)
        return try body(transaction)
    }

    // MARK: - Housekeeping

    /// Frees the reader slots of processes that died inside a read. Returns how many there were.
    @discardableResult
    public func checkReaders() throws(LMDBError) -> Int {
        var dead: CInt = 0
        try check(mdb_reader_check(self.handle, &dead), "check the reader table")
        return Int(dead)
    }

    /// How much of the map is reserved, and how much of it the data file has ever used.
    public struct Usage: Hashable, Sendable {
        public var mapBytes: Int
        public var usedBytes: Int
    }

    public func usage() throws(LMDBError) -> Usage {
        var info = MDB_envinfo()
        var statistics = MDB_stat()
        try check(mdb_env_info(self.handle, &info), "read the environment's size")
        try check(mdb_env_stat(self.handle, &statistics), "read the environment's page size")
        return Usage(mapBytes: info.me_mapsize, usedBytes: (info.me_last_pgno + 1) * Int(statistics.ms_psize))
    }
}

/// A named database of an environment: an ordered map from keys to values.
public struct Database: Hashable, Sendable {
    public let name: String
    let handle: UInt32
}

/// Which directory a path means, whatever the path.
private struct FileIdentity: Hashable {
    let device: UInt
    let inode: UInt

    init(of path: String) throws(LMDBError) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw LMDBError(LMDBError.Code(rawValue: Int(errno)), during: "find the directory \(path)")
        }
        self.device = UInt(status.st_dev)
        self.inode = UInt(status.st_ino)
    }
}

/// lmdb.h: "Do not have open an LMDB database twice in the same process at the same time."
private let openEnvironments = Mutex<Set<FileIdentity>>([])
