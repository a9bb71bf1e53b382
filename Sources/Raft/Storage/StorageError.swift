internal import Glibc
internal import LMDB
public import RaftCore

/// Why a member's database can't be opened, read or written. The message is a sentence for the operator that says what
/// was found and, where there is a choice, what to do.
public struct StorageError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong, for programs. There may be more of them one day.
    public struct Code: RawRepresentable, Hashable, Sendable {
        public var rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The data directory can't be created, locked or synced.
        public static let directoryUnusable = Code(rawValue: "directory_unusable")
        /// Another process, or this one, has the directory open.
        public static let locked = Code(rawValue: "locked")
        /// The configuration names a member that its own list of peers does not have.
        public static let notAMember = Code(rawValue: "not_a_member")
        /// The database belongs to another cluster or another member than the configuration says.
        public static let foreignDatabase = Code(rawValue: "foreign_database")
        /// The database was written by another version of the program, in a format this one does not know.
        public static let unknownFormat = Code(rawValue: "unknown_format")
        /// A stored entry is not what was stored. `index` says which.
        public static let damagedEntry = Code(rawValue: "damaged_entry")
        /// An entry that the log's bounds promise is not there. `index` says which.
        public static let missingEntry = Code(rawValue: "missing_entry")
        /// There is an entry outside the log's bounds. `index` says which.
        public static let unexpectedEntry = Code(rawValue: "unexpected_entry")
        /// A record beside the log is missing, damaged or contradicts another.
        public static let damagedRecord = Code(rawValue: "damaged_record")
        /// A chunk of a snapshot is missing or damaged, or the whole is not what its digest says.
        public static let damagedSnapshot = Code(rawValue: "damaged_snapshot")
        /// No such snapshot is here.
        public static let noSnapshot = Code(rawValue: "no_snapshot")
        /// What was to write or to read a snapshot's content failed.
        public static let snapshotFailed = Code(rawValue: "snapshot_failed")
        /// A write contradicts what is stored. Nothing of it is stored.
        public static let badWrite = Code(rawValue: "bad_write")
        /// The map or the disk is full. Nothing of the transaction is stored.
        public static let full = Code(rawValue: "full")
        /// Too much is waiting; nothing was begun. Try again later.
        public static let busy = Code(rawValue: "busy")
        /// The thread has been told to end, or has failed; nothing was begun.
        public static let closed = Code(rawValue: "closed")
        /// The system has no thread to give.
        public static let threadUnavailable = Code(rawValue: "thread_unavailable")
        /// LMDB or the disk failed.
        public static let databaseFailed = Code(rawValue: "database_failed")
    }

    public var code: Code
    public var message: String
    /// The entry concerned, if it is one entry.
    public var index: LogIndex?

    public init(_ code: Code, _ message: String, index: LogIndex? = nil) {
        self.code = code
        self.message = message
        self.index = index
    }

    public var description: String { "\(self.message) [\(self.code.rawValue)]" }
}

extension StorageError {
    /// What LMDB reported, in terms of this module.
    init(_ error: LMDBError) {
        let isFull = error.code == .mapFull || Self.meansFull(error.code.rawValue)
        self.init(isFull ? .full : .databaseFailed, error.description)
    }

    /// The system could not do something with a file.
    init(couldNot what: String, reason: CInt) {
        let isFull = Self.meansFull(Int(reason))
        self.init(isFull ? .full : .databaseFailed, "Could not \(what): \(String(cString: strerror(reason))).")
    }

    private static func meansFull(_ reason: Int) -> Bool { [ENOSPC, EFBIG, EDQUOT].contains { Int($0) == reason } }

    /// Runs `body`, which throws nothing but errors of this module and of LMDB, and gives both one type.
    static func wrapping<Result>(_ body: () throws -> Result) throws(StorageError) -> Result {
        do {
            return try body()
        } catch let error as StorageError {
            throw error
        } catch let error as LMDBError {
            throw StorageError(error)
        } catch {
            throw StorageError(.databaseFailed, "\(error)")
        }
    }
}
