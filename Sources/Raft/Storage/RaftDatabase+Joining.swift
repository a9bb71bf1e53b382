internal import LMDB
internal import OpenSSL
public import RaftCore

extension RaftDatabase {
    /// The incarnation that the database in the directory will have, for a member that has yet to hear under which
    /// number its cluster takes it in: minted with the first call, and kept until the database is begun. So whoever
    /// asks the cluster, fails and asks again is one newcomer and not two.
    ///
    /// Throws if a database was begun in the directory.
    public static func incarnationToCome(
        in path: String,
        mapBytes: Int = RaftDatabase.defaultMapBytes
    ) throws(StorageError) -> Incarnation {
        let directory = try DataDirectory(path)
        let log = try LogEnvironment(directory, mapBytes: mapBytes)
        let incarnation = try StorageError.wrapping {
            let minted = ComingIncarnation(incarnation: Incarnation(try SecureRandom.number()))
            return try log.environment.write { transaction in
                guard try log.isEmpty(transaction) else {
                    throw StorageError(
                        .foreignDatabase,
                        "The directory \(path) holds the database of a member already."
                    )
                }
                if let kept = try transaction.comingIncarnation(in: log.state) { return kept }
                try transaction.put(minted, at: .comingIncarnation, in: log.state)
                return minted.incarnation
            }
        }
        try directory.sync()
        return incarnation
    }
}

/// What is stored before a database is begun.
struct ComingIncarnation: Record {
    var incarnation: Incarnation

    init(incarnation: Incarnation) { self.incarnation = incarnation }

    var fields: [UInt8] {
        var bytes = [recordFormatVersion]
        bytes.append(bigEndian: self.incarnation.rawValue)
        return bytes
    }

    init?(fields: RawSpan) {
        guard fields.byteCount == 9, let number = fields.bigEndian(at: 1, as: UInt64.self) else { return nil }
        self.incarnation = Incarnation(number)
    }
}

extension Transaction {
    func comingIncarnation(in state: Database) throws -> Incarnation? {
        try self.recordIfThere(at: .comingIncarnation, in: state)?.incarnation
    }
}
