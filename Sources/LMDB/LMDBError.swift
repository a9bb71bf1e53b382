internal import CLMDB

/// What LMDB, or the system below it, refused to do.
public struct LMDBError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A result code: one of LMDB's own (negative) or an `errno` value of the system (positive).
    public struct Code: RawRepresentable, Hashable, Sendable {
        public var rawValue: Int
        public init(rawValue: Int) { self.rawValue = rawValue }

        /// The key is there already, or an append would not come last.
        public static let keyExists = Code(rawValue: Int(MDB_KEYEXIST))
        /// There is no such key or database.
        public static let notFound = Code(rawValue: Int(MDB_NOTFOUND))
        /// A page is not where the tree says: the file is damaged.
        public static let pageNotFound = Code(rawValue: Int(MDB_PAGE_NOTFOUND))
        /// A page is of the wrong kind: the file is damaged.
        public static let corrupted = Code(rawValue: Int(MDB_CORRUPTED))
        /// An earlier failure to write the meta page made the environment unusable.
        public static let panic = Code(rawValue: Int(MDB_PANIC))
        /// The file was written by another version of LMDB.
        public static let versionMismatch = Code(rawValue: Int(MDB_VERSION_MISMATCH))
        /// The file is not an LMDB file, or its header is damaged.
        public static let invalid = Code(rawValue: Int(MDB_INVALID))
        /// The map size is used up. Nothing of the transaction is kept.
        public static let mapFull = Code(rawValue: Int(MDB_MAP_FULL))
        /// More databases were opened than the environment was told to expect.
        public static let databasesFull = Code(rawValue: Int(MDB_DBS_FULL))
        /// More read transactions are open than the environment was told to expect.
        public static let readersFull = Code(rawValue: Int(MDB_READERS_FULL))
        /// The transaction changed too many pages.
        public static let transactionFull = Code(rawValue: Int(MDB_TXN_FULL))
        /// The transaction has failed before and can only be aborted.
        public static let badTransaction = Code(rawValue: Int(MDB_BAD_TXN))
        /// A key is empty or longer than 511 bytes, or a value is too large.
        public static let badValueSize = Code(rawValue: Int(MDB_BAD_VALSIZE))
        /// This process has the same environment open already. Not one of LMDB's codes: LMDB leaves this to its user.
        public static let alreadyOpen = Code(rawValue: -1)
    }

    public var code: Code
    /// What was being done, as in "could not *commit a transaction*".
    public var operation: String

    init(_ code: Code, during operation: String) {
        self.code = code
        self.operation = operation
    }

    public var description: String {
        let reason =
            self.code == .alreadyOpen
            ? "this process has it open already"
            : String(cString: mdb_strerror(CInt(truncatingIfNeeded: self.code.rawValue)))
        return "LMDB could not \(self.operation): \(reason) (\(self.code.rawValue))"
    }
}

/// Turns a result code other than success into an error that says what was being done.
func check(_ result: CInt, _ operation: @autoclosure () -> String) throws(LMDBError) {
    guard result != MDB_SUCCESS else { return }
    throw LMDBError(LMDBError.Code(rawValue: Int(result)), during: operation())
}
