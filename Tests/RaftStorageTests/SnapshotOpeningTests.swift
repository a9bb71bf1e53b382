import Foundation
import LMDB
import RaftCore
import Testing

@testable import RaftStorage

/// What openings make of snapshots that were left behind, are damaged or belong to another database.
@Suite("RaftDatabase, opened with snapshots")
struct SnapshotOpeningTests {
    private let directory: TemporaryDirectory

    init() throws { self.directory = try TemporaryDirectory() }

    private func error(_ body: () throws -> Void) -> StorageError? {
        #expect(throws: StorageError.self) { try body() }
    }

    /// A log of six entries that begins after the second, and snapshots at 3 and 5 of three chunks each.
    private func fill() throws -> [Snapshot] {
        var database = try open(self.directory)
        let snapshots = try [3, 5].map { index in
            try database.snapshots.capture(content(3 * Snapshot.chunkBytes, seed: index), at: position(index))
        }
        _ = try database.commit([write(1, term: 1, entries(1...6)), write(2, snapshot: snapshots[0])])
        _ = try database.commit([write(3, snapshot: snapshots[1], base: position(2))])
        return snapshots
    }

    @Test("a snapshot that nothing points at is swept after the next start")
    func orphan() throws {
        let snapshots = try self.fill()
        _ = try open(self.directory).snapshots.capture(content(2 * Snapshot.chunkBytes), at: position(6))
        let database = try open(self.directory)
        #expect(try database.snapshots.whole() == Set(snapshots.map(\.id)))
        #expect(try database.snapshots.chunkCount() == 8)
        try database.snapshots.sweepAll()
        #expect(try database.snapshots.chunkCount() == 6)
        #expect(try database.recover().snapshots == snapshots)
    }

    @Test("a transfer of what the log has gone past is given up")
    func staleTransfer() throws {
        _ = try self.fill()
        let (old, _) = try foreignSnapshot(content(10), at: position(5, term: 2))
        _ = try open(self.directory).snapshots.begin(old)
        #expect(try open(self.directory).recover().fetching == nil)
        let (new, _) = try foreignSnapshot(content(10), at: position(6, term: 2))
        _ = try open(self.directory).snapshots.begin(new)
        #expect(try open(self.directory).recover().fetching == new)
    }

    @Test(
        "damage to the snapshot to start from keeps the member from starting",
        arguments: 0...2 as ClosedRange<UInt32>
    )
    func damaged(chunk: UInt32) throws {
        let snapshots = try self.fill()
        try damage(self.directory, ChunkKey(snapshot: 2, chunk: chunk))
        let database = try open(self.directory)
        let error = self.error { _ = try database.recover() }
        #expect(error?.code == .damagedSnapshot)
        #expect(error?.message.contains("chunk \(chunk) of 3") == true)
        #expect(error?.message.contains("Replace the member") == true)
        #expect(self.error { _ = try database.snapshots.chunk(chunk, of: snapshots[1].id) }?.code == .damagedSnapshot)
        #expect(self.error { _ = try database.snapshots.bytes(of: snapshots[1].id) }?.code == .damagedSnapshot)
        let other = (chunk + 1) % 3
        #expect(try database.snapshots.chunk(other, of: snapshots[1].id)?.count == Snapshot.chunkBytes)
    }

    @Test("a chunk that is missing, or in another's place, is found", arguments: 0...2 as ClosedRange<UInt32>)
    func misplaced(chunk: UInt32) throws {
        _ = try self.fill()
        let key = ChunkKey(snapshot: 2, chunk: chunk)
        let other = ChunkKey(snapshot: 1, chunk: chunk)
        try tamperSnapshots(self.directory) { transaction, chunks, _ in
            let value = try #require(try transaction.get(other.key, in: chunks))
            try transaction.put(key.key, value, in: chunks)
        }
        #expect(self.error { _ = try open(self.directory).recover() }?.code == .damagedSnapshot)
        try tamperSnapshots(self.directory) { transaction, chunks, _ in
            try transaction.delete(key.key, in: chunks)
        }
        #expect(self.error { _ = try open(self.directory).recover() }?.code == .damagedSnapshot)
    }

    @Test("damage to an older snapshot is no harm: it is not served, and the member starts from the newest")
    func damagedOlder() throws {
        let snapshots = try self.fill()
        try tamperSnapshots(self.directory) { transaction, _, state in
            try transaction.delete(Key(RecordKey.snapshot(numbered: 1).name), in: state)
        }
        let database = try open(self.directory)
        #expect(try database.recover().snapshots == [snapshots[1]])
        #expect(try database.recover().entries == entries(3...6))
    }

    @Test("snapshots that are gone altogether keep the member from starting")
    func gone() throws {
        _ = try self.fill()
        try FileManager.default.removeItem(atPath: self.directory.path + "/snapshots")
        let error = self.error { _ = try open(self.directory).recover() }
        #expect(error?.code == .damagedSnapshot)
        #expect(error?.message.contains("Replace the member") == true)
    }

    @Test("snapshots without the log beside them are no empty directory: nothing is begun there")
    func logGone() throws {
        _ = try self.fill()
        for file in ["data.mdb", "lock.mdb"] {
            try FileManager.default.removeItem(atPath: self.directory.path + "/" + file)
        }
        for _ in 0..<2 { #expect(self.error { _ = try open(self.directory) }?.code == .damagedRecord) }
    }

    @Test("another database's snapshots are refused, even those of the same member")
    func foreign() throws {
        let other = try TemporaryDirectory()
        for directory in [self.directory, other] { _ = try open(directory) }
        let snapshots = self.directory.path + "/snapshots"
        try FileManager.default.removeItem(atPath: snapshots)
        try FileManager.default.copyItem(atPath: other.path + "/snapshots", toPath: snapshots)
        #expect(self.error { _ = try open(self.directory) }?.code == .foreignDatabase)
    }

    @Test("a record of a snapshot that is damaged or misplaced keeps the member from starting")
    func damagedRecords() throws {
        let snapshots = try self.fill()
        let key = Key(RecordKey.snapshot(at: LogIndex(5)).name)
        var intact: [UInt8] = []
        func change(_ body: (borrowing WriteTransaction, Database) throws -> Void) throws -> StorageError.Code? {
            try tamper(self.directory) { transaction, _, state in
                intact = try transaction.get(key, in: state) ?? intact
                try body(transaction, state)
            }
            let code = self.error { _ = try open(self.directory).recover() }?.code
            try tamper(self.directory) { transaction, _, state in
                try transaction.delete(RecordKey<Snapshot>.snapshots, in: state)
                try transaction.put(key, intact, in: state)
            }
            return code
        }
        let flipped = try change { transaction, state in
            var value = try #require(try transaction.get(key, in: state))
            value[20] ^= 1
            try transaction.put(key, value, in: state)
        }
        #expect(flipped == .damagedRecord)
        let renamed = try change { transaction, state in
            try transaction.put(Key("snapshot/5"), try #require(try transaction.get(key, in: state)), in: state)
        }
        #expect(renamed == .damagedRecord)
        // The log begins after 2, so there has to be one.
        #expect(
            try change { transaction, state in
                try transaction.delete(RecordKey<Snapshot>.snapshots, in: state)
            } == .damagedRecord
        )
        let beyond = try change { transaction, state in
            let last = snapshots[1]
            let moved = Snapshot(
                position: position(7),
                time: last.time,
                membership: last.membership,
                size: last.size,
                chunkCount: last.chunkCount,
                digest: last.digest
            )
            try transaction.put(moved, at: .snapshot(at: LogIndex(7)), in: state)
        }
        #expect(beyond == .damagedRecord)
        #expect(try open(self.directory).recover().snapshots == [snapshots[1]])
    }
}
