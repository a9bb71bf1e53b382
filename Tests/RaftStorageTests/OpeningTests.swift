import Foundation
import LMDB
import RaftCore
import Testing

@testable import RaftStorage

/// Openings that must be refused, and damage that must be found.
@Suite("RaftDatabase, refused and damaged")
struct OpeningTests {
    private let directory: TemporaryDirectory

    init() throws { self.directory = try TemporaryDirectory() }

    private func error(_ body: () throws -> Void) -> StorageError? {
        #expect(throws: StorageError.self) { try body() }
    }

    /// A log of five entries in term 2, with a vote.
    private func fill() throws {
        var database = try open(self.directory)
        _ = try database.commit([
            write(1, term: 1, entries(1...2)), write(2, term: 2, vote: 3, entries(3...5, term: 2)),
        ])
        try database.settle()
    }

    @Test("the database of another cluster or member is refused, and the message names both")
    func foreign() throws {
        _ = try open(self.directory)
        let renamed = genesis("a:9001", "b:9001", "c:9001", name: "other")
        let otherCluster = self.error {
            _ = try RaftDatabase(directory: self.directory.path, member: NodeID(1), of: renamed)
        }
        #expect(otherCluster?.code == .foreignDatabase)
        #expect(otherCluster?.message.contains("member 1 of cluster \(threePeers.cluster)") == true)
        #expect(otherCluster?.message.contains("member 1 of cluster \(renamed.cluster)") == true)
        let otherMember = self.error {
            _ = try RaftDatabase(directory: self.directory.path, member: NodeID(2), of: threePeers)
        }
        #expect(otherMember?.code == .foreignDatabase)
        #expect(otherMember?.message.contains("belongs to member 1 of") == true)
        #expect(otherMember?.message.contains("to be member 2 of") == true)
    }

    @Test("a member that the list of peers does not have is refused before anything is created", arguments: [0, 4])
    func noMember(number: UInt32) {
        let path = self.directory.path + "/data"
        let error = self.error { _ = try RaftDatabase(directory: path, member: NodeID(number), of: threePeers) }
        #expect(error?.code == .notAMember)
        #expect(throws: LMDBError.self) { try Environment(directory: path, limits: .init(mapBytes: 1 << 20)) }
    }

    @Test("a directory that is in use is refused, until its user is done")
    func inUse() throws {
        let first = try open(self.directory)
        let error = self.error { _ = try open(self.directory) }
        #expect(error?.code == .locked)
        #expect(error?.message.contains(self.directory.path) == true)
        _ = consume first
        _ = try open(self.directory)
    }

    @Test("a directory that another process has in use is refused, and the message names the process")
    func inUseByAnotherProcess() async throws {
        let path = self.directory.path
        let database = try open(self.directory)
        await #expect(processExitsWith: .success) { [path = path as String] in
            let error = #expect(throws: StorageError.self) {
                _ = try RaftDatabase(directory: path, member: NodeID(1), of: threePeers)
            }
            #expect(error?.code == .locked)
            #expect(error?.message.contains("in use by process ") == true)
        }
        _ = consume database
    }

    @Test("a flipped bit of an entry is found, with its index", arguments: [1, 3, 5] as [UInt64], [0, 10, 27, 30])
    func damagedEntry(index: UInt64, byte: Int) throws {
        try self.fill()
        try tamper(self.directory) { transaction, entries, _ in
            var value = try #require(try transaction.get(Key(index), in: entries))
            value[byte] ^= 0x10
            try transaction.put(Key(index), value, in: entries)
        }
        let error = self.error { _ = try open(self.directory).recover() }
        #expect(error?.code == .damagedEntry)
        #expect(error?.index == LogIndex(index))
        #expect(error?.message.contains("Entry \(index) ") == true)
    }

    @Test("two entries that changed places are found")
    func swappedEntries() throws {
        try self.fill()
        try tamper(self.directory) { transaction, entries, _ in
            let (three, four) = (
                try #require(try transaction.get(Key(3), in: entries)),
                try #require(try transaction.get(Key(4), in: entries))
            )
            try transaction.put(Key(3), four, in: entries)
            try transaction.put(Key(4), three, in: entries)
        }
        let error = self.error { _ = try open(self.directory).recover() }
        #expect(error?.code == .damagedEntry)
        #expect(error?.index == LogIndex(3))
    }

    @Test("a missing entry is found, at the beginning, in the middle and at the end", arguments: [1, 3, 5] as [UInt64])
    func missingEntry(index: UInt64) throws {
        try self.fill()
        try tamper(self.directory) { transaction, entries, _ in try transaction.delete(Key(index), in: entries) }
        let error = self.error { _ = try open(self.directory).recover() }
        #expect(error?.code == .missingEntry)
        #expect(error?.index == LogIndex(index))
    }

    @Test("all entries missing are found")
    func allMissing() throws {
        try self.fill()
        try tamper(self.directory) { transaction, entries, _ in try transaction.delete(.all, in: entries) }
        let error = self.error { _ = try open(self.directory).recover() }
        #expect(error?.code == .missingEntry)
        #expect(error?.index == LogIndex(1))
    }

    @Test("an entry too many, before or after the log, is found", arguments: [0, 6, UInt64.max])
    func unexpectedEntry(index: UInt64) throws {
        try self.fill()
        try tamper(self.directory) { transaction, entries, _ in
            let value = try #require(try transaction.get(Key(5), in: entries))
            try transaction.put(Key(index), value, in: entries)
        }
        let error = self.error { _ = try open(self.directory).recover() }
        #expect(error?.code == .unexpectedEntry)
        #expect(error?.index == LogIndex(index))
    }

    @Test("a key that is no index is found")
    func strangeKey() throws {
        try self.fill()
        try tamper(self.directory) { transaction, entries, _ in try transaction.put("x", [1], in: entries) }
        #expect(self.error { _ = try open(self.directory).recover() }?.code == .unexpectedEntry)
    }

    @Test("one damaged or missing copy of term and vote is mended from the other", arguments: ["hard/a", "hard/b"])
    func oneCopy(name: String) throws {
        for damage in 0..<2 {
            try self.removeAndFill(name, damage: damage)
            do {
                let database = try open(self.directory)
                #expect(database.mendedHardState == true)
                #expect(try database.recover().hardState == HardState(term: Term(2), vote: NodeID(3)))
            }
            let database = try open(self.directory)
            #expect(database.mendedHardState == false)
        }
    }

    private func removeAndFill(_ name: String, damage: Int) throws {
        if damage == 0 { try self.fill() }
        try tamper(self.directory) { transaction, _, state in
            if damage == 0 {
                var value = try #require(try transaction.get(Key(name), in: state))
                value[8] ^= 1
                try transaction.put(Key(name), value, in: state)
            } else {
                #expect(try transaction.delete(Key(name), in: state))
            }
        }
    }

    @Test("both copies of term and vote lost, or different, keep the member from starting")
    func bothCopies() throws {
        try self.fill()
        let old = try self.value(of: "hard/a")
        do {
            var database = try open(self.directory)
            _ = try database.commit([write(1, term: 3)])
            try database.settle()
        }
        try tamper(self.directory) { transaction, _, state in try transaction.put("hard/a", old, in: state) }
        let different = self.error { _ = try open(self.directory) }
        #expect(different?.code == .damagedRecord)
        #expect(different?.message.contains("differ") == true)
        try tamper(self.directory) { transaction, _, state in
            try transaction.put("hard/a", [1, 2, 3], in: state)
            try transaction.delete("hard/b", in: state)
        }
        let lost = self.error { _ = try open(self.directory) }
        #expect(lost?.code == .damagedRecord)
        #expect(lost?.message.contains("vote twice") == true)
    }

    private func value(of name: String) throws -> [UInt8] {
        var found: [UInt8] = []
        try tamper(self.directory) { transaction, _, state in
            found = try #require(try transaction.get(Key(name), in: state))
        }
        return found
    }

    @Test(
        "a record that is missing or damaged keeps the member from starting",
        arguments: ["identity", "bounds", "membership", "journal"],
        [true, false]
    )
    func damagedRecord(name: String, isMissing: Bool) throws {
        try self.fill()
        try tamper(self.directory) { transaction, _, state in
            if isMissing {
                try transaction.delete(Key(name), in: state)
            } else {
                var value = try #require(try transaction.get(Key(name), in: state))
                value[3] ^= 1
                try transaction.put(Key(name), value, in: state)
            }
        }
        let error = self.error { _ = try open(self.directory) }
        #expect(error?.code == .damagedRecord)
        #expect(error?.message.contains("record \(name) is") == true)
    }

    @Test("entries without the records beside them are no empty database: nothing is begun over them")
    func stateLost() throws {
        try self.fill()
        try tamper(self.directory) { transaction, _, state in try transaction.delete(.all, in: state) }
        #expect(self.error { _ = try open(self.directory) }?.code == .damagedRecord)
    }

    @Test("a file that is no database is refused")
    func noDatabase() throws {
        try Array(repeating: "garbage", count: 10_000).joined()
            .write(toFile: self.directory.path + "/data.mdb", atomically: true, encoding: .utf8)
        #expect(self.error { _ = try open(self.directory) }?.code == .databaseFailed)
    }

    @Test("bounds of an older commit do not fit the log")
    func oldBounds() throws {
        try self.fill()
        let old = try self.value(of: "bounds")
        do {
            var database = try open(self.directory)
            _ = try database.commit([write(1, [entry(6, term: 2)])])
            try database.settle()
        }
        try tamper(self.directory) { transaction, _, state in try transaction.put("bounds", old, in: state) }
        #expect(self.error { _ = try open(self.directory).recover() }?.code == .unexpectedEntry)
    }
}
