import Foundation
import LMDB
import RaftCore
import Testing

@testable import RaftStorage

/// What a member's disk should hold, in the plainest form.
private struct Twin {
    var hardState = HardState()
    var base = LogPosition.zero
    var entries: [Entry] = []
    var snapshots: [Snapshot] = []
    var fetching: Snapshot?
    /// Whole snapshots that are on the disk, pointed at or not.
    var whole: [Snapshot] = []
    var held: UInt32 = 0
    /// What is in the snapshots that were ever made.
    var contents: [Snapshot.ID: [UInt8]] = [:]

    var last: LogPosition { self.entries.last?.position ?? self.base }

    func holds(_ position: LogPosition) -> Bool {
        position == self.base || self.entries.contains { $0.position == position }
    }

    mutating func carryOut(_ write: Write) {
        if let hardState = write.hardState { self.hardState = hardState }
        if let index = write.truncateFrom { self.entries.removeAll { $0.index >= index } }
        if let snapshot = write.snapshot {
            if write.replacesLog {
                self.snapshots = []
                self.entries = []
                self.base = snapshot.position
            }
            self.snapshots.append(snapshot)
        }
        if let base = write.base {
            self.base = base
            self.entries.removeAll { $0.index <= base.index }
            self.snapshots.removeAll { $0.index < base.index }
        }
        self.entries += write.entries
    }

    /// The process ends and begins again.
    mutating func restart() {
        self.whole.removeAll { snapshot in !self.snapshots.contains(snapshot) }
        if let fetching = self.fetching, fetching.index <= self.snapshots.last?.index ?? .zero { self.fetching = nil }
    }

    mutating func keep(_ ids: [Snapshot.ID]) {
        let kept = Set(ids + self.snapshots.map(\.id))
        let newest = self.snapshots.last?.index ?? .zero
        self.whole.removeAll { $0.index <= newest && !kept.contains($0.id) }
        if let fetching = self.fetching, fetching.index <= newest, !kept.contains(fetching.id) { self.fetching = nil }
    }
}

/// A member's disk, driven at random along with its twin.
private final class Run {
    var random: SeededGenerator
    let directory: TemporaryDirectory
    var database: RaftDatabase?
    var twin = Twin()
    var writes: UInt64 = 0

    init(seed: UInt64) throws {
        self.random = SeededGenerator(seed: seed)
        self.directory = try TemporaryDirectory()
        self.database = try open(self.directory)
    }

    private func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &self.random) == 0 }

    private var store: SnapshotStore {
        get throws {
            let store = self.database?.snapshots
            return try #require(store)
        }
    }

    func step() throws {
        switch Int.random(in: 0..<20, using: &self.random) {
        case 0: try self.restart()
        case 1, 2: try self.capture()
        case 3, 4: try self.pull()
        case 5: try self.install()
        case 6:
            let known = self.twin.snapshots + self.twin.whole + (self.twin.fetching.map { [$0] } ?? [])
            let ids = known.map(\.id).filter { _ in Bool.random(using: &self.random) }
            try self.store.keep(only: ids)
            self.twin.keep(ids)
        case 7: _ = try self.store.sweep()
        case 8: try self.database?.sweep()
        case 9: try self.database?.settle()
        default: try self.commit(try self.randomWrite())
        }
    }

    private func commit(_ write: Write) throws {
        let extra = self.chance(4) ? [Write(id: self.nextID())] : []
        _ = try self.database?.commit([write] + extra)
        self.twin.carryOut(write)
    }

    private func nextID() -> WriteID {
        self.writes += 1
        return WriteID(self.writes)
    }

    private func randomWrite() throws -> Write {
        var write = Write(id: self.nextID())
        var after = self.twin
        if self.chance(3) {
            let term = Term(after.hardState.term.rawValue + UInt64.random(in: 1...3, using: &self.random))
            write.hardState = HardState(term: term, vote: self.chance(2) ? NodeID(2) : nil)
            after.hardState.term = term
        }
        let floor = max(after.base.index, after.snapshots.last?.index ?? .zero)
        if self.chance(4), after.last.index > floor {
            let index = UInt64.random(in: (floor.rawValue + 1)...after.last.index.rawValue, using: &self.random)
            write.truncateFrom = LogIndex(index)
            after.entries.removeAll { $0.index >= LogIndex(index) }
        }
        let due = after.whole.filter { $0.index > after.snapshots.last?.index ?? .zero && after.holds($0.position) }
        if let snapshot = due.randomElement(using: &self.random), self.chance(2) {
            write.snapshot = snapshot
            after.snapshots.append(snapshot)
        }
        if self.chance(3), let newest = after.snapshots.last {
            let bases = after.entries.map(\.position).filter { $0.index <= newest.index }
            write.base = bases.randomElement(using: &self.random)
        }
        if after.hardState.term > .zero {
            for _ in 0..<Int.random(in: 0...self.batchMax(), using: &self.random) {
                let length = self.chance(30) ? 5_000 : Int.random(in: 0...60, using: &self.random)
                write.entries.append(
                    entry(
                        after.last.index.rawValue + 1,
                        term: after.hardState.term.rawValue,
                        String(repeating: "x", count: length)
                    )
                )
                after.entries.append(write.entries[write.entries.count - 1])
            }
        }
        return write
    }

    private func batchMax() -> Int { self.chance(8) ? 2 * RaftDatabase.sweepMax : 12 }

    private func newContent() -> [UInt8] {
        let chunks = self.chance(5) ? 4 : 0
        let count = Int.random(in: 1...(chunks * Snapshot.chunkBytes + 500), using: &self.random)
        return content(count, seed: self.random.next())
    }

    /// Takes a snapshot of something in the log; whether anything ever points at it is another matter.
    private func capture() throws {
        guard let position = self.twin.entries.randomElement(using: &self.random)?.position else { return }
        let bytes = self.newContent()
        let snapshot = try self.store.capture(bytes, at: position)
        self.twin.contents[snapshot.id] = bytes
        if !self.twin.whole.contains(snapshot) { self.twin.whole.append(snapshot) }
    }

    /// Begins a transfer or goes on with it.
    private func pull() throws {
        if self.twin.fetching == nil || self.chance(10) {
            let bytes = self.newContent()
            let index = self.twin.last.index.rawValue + UInt64.random(in: 1...900, using: &self.random)
            let (snapshot, _) = try foreignSnapshot(bytes, at: position(index, term: 1))
            self.twin.contents[snapshot.id] = bytes
            self.twin.fetching = snapshot
            self.twin.held = 0
        }
        guard let fetching = self.twin.fetching, let bytes = self.twin.contents[fetching.id] else { return }
        #expect(try self.store.begin(fetching) == self.twin.held)
        for _ in 0..<Int.random(in: 0...3, using: &self.random) where self.twin.held < fetching.chunkCount {
            let start = Int(self.twin.held) * Snapshot.chunkBytes
            let chunk = Array(bytes[start..<min(bytes.count, start + Snapshot.chunkBytes)])
            self.twin.held += 1
            #expect(try self.store.store(self.twin.held - 1, chunk, of: fetching.id) == self.twin.held)
        }
        if self.twin.held == fetching.chunkCount, self.chance(2) {
            #expect(try self.store.complete(fetching) == true)
            self.twin.fetching = nil
            self.twin.whole.append(fetching)
        }
    }

    /// Replaces the log by a whole snapshot that is not of this log, if there is one.
    private func install() throws {
        let candidates = self.twin.whole.filter { snapshot in
            snapshot.index > self.twin.snapshots.last?.index ?? .zero && snapshot.index > self.twin.base.index
                && !self.twin.holds(snapshot.position)
        }
        guard let snapshot = candidates.randomElement(using: &self.random) else { return }
        var write = Write(id: self.nextID(), snapshot: snapshot, replacesLog: true, base: snapshot.position)
        let term = max(self.twin.hardState.term, snapshot.position.term)
        if term > self.twin.hardState.term { write.hardState = HardState(term: term) }
        if self.chance(2) { write.entries = [entry(snapshot.index.rawValue + 1, term: term.rawValue)] }
        try self.commit(write)
    }

    private func restart() throws {
        self.database = nil
        self.database = try open(self.directory)
        self.writes = 0
        self.twin.restart()
        try self.compare()
    }

    func compare() throws {
        let recovered = try self.database?.recover()
        let found = try #require(recovered)
        #expect(found.hardState == self.twin.hardState)
        #expect(found.base == self.twin.base)
        #expect(found.entries == self.twin.entries)
        #expect(found.snapshots == self.twin.snapshots)
        #expect(found.fetching == self.twin.fetching)
        for snapshot in found.snapshots {
            #expect(try self.store.bytes(of: snapshot.id) == self.twin.contents[snapshot.id])
        }
    }

    /// Nothing is left on the disk but what is needed.
    func compareAfterSweeping() throws {
        try self.restart()
        try self.store.sweepAll()
        while self.database?.hasLeftovers == true { try self.database?.sweep() }
        var chunks = self.twin.fetching == nil ? 0 : self.twin.held
        for snapshot in self.twin.snapshots { chunks += snapshot.chunkCount }
        #expect(try self.store.chunkCount() == Int(chunks))
        let opened = self.database?.log
        let log = try #require(opened)
        #expect(try log.environment.read { try $0.count(of: log.entries) } == self.twin.entries.count)
        try self.compare()
    }
}

@Suite("RaftDatabase beside its twin")
struct RandomWritesTests {
    /// `SEED=n swift test --filter RandomWritesTests` repeats one run.
    private static let seeds: [UInt64] =
        ProcessInfo.processInfo.environment["SEED"].flatMap { UInt64($0) }.map { [$0] } ?? Array(1...20)

    @Test("random writes, snapshots, transfers and restarts leave what the twin has", arguments: seeds)
    func random(seed: UInt64) throws {
        let run = try Run(seed: seed)
        for _ in 0..<120 { try run.step() }
        try run.compareAfterSweeping()
    }
}
