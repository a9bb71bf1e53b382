import Glibc
import LMDB
import RaftCore
import Testing

@testable import RaftStorage

/// Snapshots that stand for the log's beginning, or take the place of all of it.
@Suite("RaftDatabase, compaction")
struct CompactionTests {
    private let directory: TemporaryDirectory

    init() throws { self.directory = try TemporaryDirectory() }

    /// Entries in the database, cut off or not.
    private func stored() throws -> [UInt64] {
        var found: [UInt64] = []
        try tamper(self.directory) { transaction, entries, _ in
            try transaction.forEach(in: entries) { key, _ in
                found.append(UInt64(key: key) ?? .max)
                return .next
            }
        }
        return found
    }

    @Test("a snapshot and a log that begins later are recovered, and the snapshots before that are forgotten")
    func cut() throws {
        var snapshots: [Snapshot] = []
        do {
            var database = try open(self.directory)
            _ = try database.commit([write(1, term: 1, entries(1...10))])
            for index in [4, 6, 9] as [UInt64] {
                snapshots.append(try database.snapshots.capture(content(10, seed: index), at: position(index)))
            }
            _ = try database.commit([write(2, snapshot: snapshots[0])])
            let found = try database.recover()
            #expect(found.base == .zero)
            #expect(found.entries == entries(1...10))
            #expect(found.snapshots == [snapshots[0]])
            _ = try database.commit([write(3, snapshot: snapshots[1], base: position(3))])
            _ = try database.commit([write(4, snapshot: snapshots[2], base: position(5), entries(11...12))])
        }
        for _ in 0..<2 {
            let found = try open(self.directory).recover()
            #expect(found.base == position(5))
            #expect(found.entries == entries(6...12))
            #expect(found.snapshots == Array(snapshots[1...]))
            #expect(found.fetching == nil)
        }
        #expect(try self.stored() == Array(6...12))
    }

    @Test("the log may be cut up to its end, and is appended to after that")
    func cutAll() throws {
        do {
            var database = try open(self.directory)
            _ = try database.commit([write(1, term: 1, entries(1...3))])
            let snapshot = try database.snapshots.capture([1], at: position(3))
            _ = try database.commit([write(2, snapshot: snapshot, base: position(3))])
        }
        do {
            var database = try open(self.directory)
            #expect(try database.recover().entries == [])
            #expect(try database.recover().base == position(3))
            _ = try database.commit([write(1, entries(4...5))])
        }
        #expect(try open(self.directory).recover().entries == entries(4...5))
    }

    @Test("what is cut off goes little by little, a few entries with each transaction")
    func littleByLittle() throws {
        let count = 4 * UInt64(RaftDatabase.sweepMax)
        var database = try open(self.directory)
        _ = try database.commit([write(1, term: 1, entries(1...count))])
        try database.settle()
        let snapshot = try database.snapshots.capture([1], at: position(count))
        var before = try database.entryCount()
        var id: UInt64 = 2
        _ = try database.commit([write(2, snapshot: snapshot, base: position(count - 10))])
        while database.hasLeftovers {
            let now = try database.entryCount()
            #expect(before - now <= RaftDatabase.sweepMax)
            before = now
            #expect(try database.recover().entries.first?.index == LogIndex(count - 9))
            id += 1
            if id % 2 == 0 {
                try database.sweep()
            } else {
                _ = try database.commit([write(id, term: id)])
                try database.settle()
            }
        }
        #expect(id == 5)
        #expect(try database.entryCount() == 10)
        // A transaction that appends more may delete more: what goes keeps up with what comes.
        let next = count + 1...2 * count
        _ = try database.commit([write(100, entries(next))])
        try database.settle()
        let second = try database.snapshots.capture([2], at: position(2 * count))
        _ = try database.commit([write(101, snapshot: second, base: position(2 * count))])
        _ = try database.commit([write(102, entries(2 * count + 1...3 * count))])
        try database.settle()
        #expect(database.hasLeftovers == false)
        #expect(try database.entryCount() == Int(count))
    }

    @Test("what is cut off and still there does no harm, and goes after the next start")
    func leftovers() throws {
        let cut = 3 * UInt64(RaftDatabase.sweepMax)
        do {
            var database = try open(self.directory)
            _ = try database.commit([write(1, term: 1, entries(1...(cut + 5)))])
            try database.settle()
            let snapshot = try database.snapshots.capture([1], at: position(cut))
            _ = try database.commit([write(2, snapshot: snapshot, base: position(cut))])
        }
        #expect(try self.stored().count > 5)
        for _ in 0..<3 {
            var database = try open(self.directory)
            #expect(try database.recover().entries == entries((cut + 1)...(cut + 5)))
            try database.sweep()
        }
        #expect(try self.stored() == Array((cut + 1)...(cut + 5)))
    }

    @Test("an idle thread deletes what is cut off")
    func idleThread() throws {
        let cut = 5 * UInt64(RaftDatabase.sweepMax)
        var database = try open(self.directory)
        _ = try database.commit([write(1, term: 1, entries(1...cut))])
        let snapshot = try database.snapshots.capture([1], at: position(cut))
        let (log, store) = (database.log, database.snapshots)
        let thread = try StorageThread(database: database) { _ in }
        #expect(thread.submit([write(2, snapshot: snapshot, base: position(cut))]) == .accepted)
        while try log.environment.read({ try $0.count(of: log.entries) }) > 0 { sched_yield() }
        thread.close()
        #expect(store.pinned == [snapshot.id])
    }

    @Test(
        "a snapshot from elsewhere takes the place of the whole log, whichever is longer",
        arguments: [3, 5, 500] as [UInt64]
    )
    func replaced(index: UInt64) throws {
        let snapshot: Snapshot
        do {
            var database = try open(self.directory)
            _ = try database.commit([write(1, term: 1, entries(1...5))])
            snapshot = try database.snapshots.capture(content(100), at: position(index, term: 2))
            _ = try database.commit([
                write(2, term: 2, snapshot: snapshot, replacesLog: true, base: snapshot.position),
                write(3, [entry(index + 1, term: 2)]),
            ])
            #expect(try database.entryCount() == 1)
        }
        let found = try open(self.directory).recover()
        #expect(found.base == snapshot.position)
        #expect(found.snapshots == [snapshot])
        #expect(found.entries == [entry(index + 1, term: 2)])
        #expect(found.hardState.term == Term(2))
    }

    @Test("a replaced log and what had been cut off it leave nothing behind")
    func replacedAfterCut() throws {
        let count = 4 * UInt64(RaftDatabase.sweepMax)
        var database = try open(self.directory)
        _ = try database.commit([write(1, term: 1, entries(1...count))])
        let own = try database.snapshots.capture([1], at: position(count / 2))
        _ = try database.commit([write(2, snapshot: own, base: position(count / 2))])
        let other = try database.snapshots.capture([2], at: position(count / 2 + 9, term: 2))
        _ = try database.commit([write(3, term: 3, snapshot: other, replacesLog: true)])
        #expect(try database.entryCount() == 0)
        #expect(database.hasLeftovers == false)
        let found = try database.recover()
        #expect(found.base == other.position && found.snapshots == [other] && found.entries == [])
    }

    @Test(
        "a write about snapshots that contradicts what is stored is refused, and nothing of it is stored",
        arguments: [
            ("a snapshot as old as the last", write(9, snapshot: describe(4))),
            ("a snapshot of another term", write(9, snapshot: describe(5, term: 2))),
            ("a snapshot beyond the log", write(9, snapshot: describe(9))),
            ("a base before the last", write(9, base: position(1))),
            ("a base of another term", write(9, base: position(3, term: 2))),
            ("a base that no snapshot covers", write(9, base: position(5))),
            ("a truncation of what a snapshot contains", write(9, truncateFrom: 4)),
            ("a replacement by nothing", write(9, replacesLog: true)),
            (
                "a replacement of a log that goes on from it",
                write(9, snapshot: describe(6), replacesLog: true)
            ),
            (
                "a replacement by what is older",
                write(9, snapshot: describe(3, term: 2), replacesLog: true)
            ),
            (
                "a replacement of a later term than the member's",
                write(9, snapshot: describe(9, term: 3), replacesLog: true)
            ),
        ] as [(String, Write)]
    )
    func refusals(name: String, wrong: Write) throws {
        var database = try open(self.directory)
        _ = try database.commit([write(1, term: 2, vote: 2, entries(1...7))])
        let snapshot = try database.snapshots.capture([1], at: position(4))
        _ = try database.commit([write(2, snapshot: snapshot, base: position(2))])
        do {
            _ = try database.commit([write(8, [entry(8)]), wrong])
            Issue.record("\(name) was stored")
        } catch {
            #expect(error.code == .badWrite)
        }
        let found = try database.recover()
        #expect(found.entries == entries(3...7))
        #expect(found.base == position(2))
        #expect(found.snapshots == [snapshot])
        #expect(database.snapshots.pinned == [snapshot.id])
    }
}

/// A snapshot's description, with nothing behind it.
private func describe(_ index: UInt64, term: UInt64 = 1) -> Snapshot {
    Snapshot(
        position: position(index, term: term),
        time: .zero,
        membership: threePeers.membership,
        size: 0,
        chunkCount: 0,
        digest: [UInt8](repeating: 7, count: Snapshot.digestBytes)
    )
}

extension RaftDatabase {
    /// How many entries are stored, cut off or not.
    fileprivate func entryCount() throws -> Int {
        let log = self.log
        return try log.environment.read { try $0.count(of: log.entries) }
    }
}
