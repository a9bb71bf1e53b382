import RaftCore
import Testing

@testable import RaftStorage

@Suite("RaftDatabase, joining")
struct JoiningTests {
    private let directory: TemporaryDirectory

    init() throws { self.directory = try TemporaryDirectory() }

    private func join(_ member: UInt32 = 4, _ cluster: ClusterID = threePeers.cluster) throws -> RaftDatabase {
        try RaftDatabase(directory: self.directory.path, member: NodeID(member), joining: cluster, mapBytes: 1 << 26)
    }

    @Test("a member that joins begins with an empty log and knows nobody")
    func empty() throws {
        let database = try self.join()
        #expect(database.isNew == true)
        let found = try database.recover()
        #expect(found.membership == .unknown)
        #expect(found.entries == [] && found.base == .zero && found.snapshots == [])
        #expect(found.incarnation == database.incarnation)
    }

    @Test("what it was told is there after a restart, and it is still who it was")
    func restart() throws {
        let incarnation: Incarnation
        do {
            var database = try self.join()
            incarnation = database.incarnation
            let (snapshot, chunks) = try foreignSnapshot([1, 2, 3], at: position(9))
            #expect(try database.snapshots.begin(snapshot) == 0)
            #expect(try database.snapshots.store(0, chunks[0], of: snapshot.id) == 1)
            #expect(try database.snapshots.complete(snapshot))
            _ = try database.commit([write(1, term: 3, snapshot: snapshot, replacesLog: true, [entry(10)])])
        }
        let database = try self.join()
        #expect(database.isNew == false)
        #expect(database.incarnation == incarnation)
        let found = try database.recover()
        #expect(found.snapshots.last?.membership == threePeers.membership)
        #expect(found.entries == [entry(10)])
    }

    @Test("a newcomer keeps the incarnation it asks under, and its database gets it")
    func incarnationToCome() throws {
        let path = self.directory.path
        let incarnation = try RaftDatabase.incarnationToCome(in: path, mapBytes: 1 << 26)
        #expect(try RaftDatabase.incarnationToCome(in: path, mapBytes: 1 << 26) == incarnation)
        #expect(try RaftDatabase.identity(in: path) == nil)
        do {
            let database = try self.join()
            #expect(database.isNew == true)
            #expect(database.incarnation == incarnation)
        }
        do {
            let database = try self.join()
            #expect(database.isNew == false)
            #expect(database.incarnation == incarnation)
        }
        let error = #expect(throws: StorageError.self) { _ = try RaftDatabase.incarnationToCome(in: path) }
        #expect(error?.code == .foreignDatabase)
        let other = try TemporaryDirectory()
        #expect(try RaftDatabase.incarnationToCome(in: other.path, mapBytes: 1 << 26) != incarnation)
    }

    @Test("a directory tells whose database it holds, and that it holds none, without becoming one")
    func identity() throws {
        for path in [self.directory.path, self.directory.path + "/missing"] {
            #expect(try RaftDatabase.identity(in: path) == nil)
            #expect(try RaftDatabase.identity(in: path) == nil)
        }
        let identity: DatabaseIdentity
        do { identity = try self.join().identity }
        #expect(identity.cluster == threePeers.cluster && identity.member == NodeID(4))
        #expect(try RaftDatabase.identity(in: self.directory.path) == identity)
        let database = try self.join()
        let error = #expect(throws: StorageError.self) {
            _ = try RaftDatabase.identity(in: self.directory.path)
        }
        #expect(error?.code == .locked)
        _ = consume database
    }

    @Test("a database is not joined over another cluster's or member's, nor begun over one that joined")
    func foreign() throws {
        _ = try self.join()
        func code(_ body: () throws -> Void) -> StorageError.Code? {
            (#expect(throws: StorageError.self) { try body() })?.code
        }
        #expect(code { _ = try self.join(5) } == .foreignDatabase)
        #expect(code { _ = try self.join(4, ClusterID(high: 1, low: 1)) } == .foreignDatabase)
        #expect(code { _ = try self.join(0) } == .notAMember)
        #expect(code { _ = try open(self.directory) } == .foreignDatabase)
        let four = genesis("a:9001", "b:9001", "c:9001", "d:9001")
        #expect(
            code { _ = try RaftDatabase(directory: self.directory.path, member: NodeID(4), of: four) }
                == .foreignDatabase
        )
    }

    @Test("a member the cluster began with may be opened by its identity alone")
    func genesisMember() throws {
        do {
            var database = try open(self.directory)
            _ = try database.commit([write(1, term: 1, entries(1...3))])
        }
        let found = try self.join(1).recover()
        #expect(found.membership == threePeers.membership)
        #expect(found.entries == entries(1...3))
    }
}
