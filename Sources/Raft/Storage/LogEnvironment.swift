internal import LMDB

/// The LMDB environment of a member's log, term and vote, and its two databases.
struct LogEnvironment: Sendable {
    let environment: Environment
    /// The log's entries, by their index.
    let entries: Database
    /// The records beside the log.
    let state: Database

    /// Opens the environment in `directory`, creating its files if they are missing.
    init(_ directory: DataDirectory, mapBytes: Int) throws(StorageError) {
        (self.environment, self.entries, self.state) = try StorageError.wrapping {
            let environment = try Environment(
                directory: directory.path,
                limits: .init(mapBytes: mapBytes, databasesMax: 4)
            )
            try environment.checkReaders()
            return (environment, try environment.openDatabase("entries"), try environment.openDatabase("state"))
        }
    }

    /// Whether no database was ever begun here. The incarnation of one to come may be.
    func isEmpty(_ transaction: borrowing Transaction<some Any>) throws -> Bool {
        let count = try transaction.count(of: self.state) + transaction.count(of: self.entries)
        return try count == 0 || count == 1 && transaction.comingIncarnation(in: self.state) != nil
    }
}
