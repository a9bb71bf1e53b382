internal import Glibc
internal import LMDB
public import RaftCore

/// What keeps a member's database from being taken for another.
public struct DatabaseIdentity: Hashable, Sendable {
    public var cluster: ClusterID
    public var member: NodeID
    /// Minted when the database was created.
    public var incarnation: Incarnation

    public init(cluster: ClusterID, member: NodeID, incarnation: Incarnation) {
        self.cluster = cluster
        self.member = member
        self.incarnation = incarnation
    }
}

extension RaftDatabase {
    /// Whose database is in the directory; nil if none is. Creates nothing where there is nothing.
    public static func identity(
        in path: String,
        mapBytes: Int = RaftDatabase.defaultMapBytes
    ) throws(StorageError) -> DatabaseIdentity? {
        if access(path + "/data.mdb", F_OK) != 0 && errno == ENOENT { return nil }
        let log = try LogEnvironment(try DataDirectory(path), mapBytes: mapBytes)
        let isEmpty = try StorageError.wrapping { try log.environment.read { try log.isEmpty($0) } }
        return isEmpty ? nil : try StoredState(log).identity
    }
}
