import Foundation
import Glibc
import RaftCore
import Synchronization
import Testing

@testable import RaftStorage

/// What every snapshot at an index contains, so that one can be checked without the process that took it.
private func expectedContent(_ index: LogIndex) -> [UInt8] {
    content(Int(index.rawValue * 7_919 % 900_000), seed: index.rawValue)
}

private func expectedEntry(_ index: UInt64, term: UInt64) -> Entry {
    entry(index, term: term, String(repeating: "\(index % 10)", count: Int(index * 31 % 2_000)))
}

private func die() { kill(getpid(), SIGKILL) }

/// Everything that must be true of a directory whenever its process died.
private func check(_ directory: TemporaryDirectory) throws -> Recovered {
    let database = try open(directory)
    let found = try database.recover()
    for (offset, entry) in found.entries.enumerated() {
        #expect(entry == expectedEntry(found.base.index.rawValue + UInt64(offset) + 1, term: entry.term.rawValue))
    }
    #expect(found.base.index <= found.snapshots.last?.index ?? .zero)
    for snapshot in found.snapshots {
        #expect(try database.snapshots.bytes(of: snapshot.id) == expectedContent(snapshot.index))
    }
    // Nothing that nobody needs stays for ever.
    try database.snapshots.sweepAll()
    var chunks = found.snapshots.reduce(0) { $0 + $1.chunkCount }
    if let fetching = found.fetching { chunks += try database.snapshots.begin(fetching) }
    #expect(try database.snapshots.chunkCount() == Int(chunks))
    return found
}

@Suite("Crashes around snapshots")
struct SnapshotCrashTests {
    private let directory: TemporaryDirectory
    private let other: TemporaryDirectory

    init() throws {
        self.directory = try TemporaryDirectory()
        self.other = try TemporaryDirectory()
    }

    /// A member with 2,000 entries and a snapshot at 500.
    private func fill() throws {
        var database = try open(self.directory)
        _ = try database.commit([write(1, term: 1, (1...2_000).map { expectedEntry($0, term: 1) })])
        let snapshot = try database.snapshots.capture(expectedContent(LogIndex(500)), at: position(500))
        _ = try database.commit([write(2, snapshot: snapshot, base: position(400))])
    }

    enum Step: String, CaseIterable, Codable {
        case capturing, captured, pointed, keeping, sweepingChunks, sweepingLog
        case receiving, received, completed, installed
    }

    @Test("a process may die at any step", arguments: Step.allCases)
    func step(_ step: Step) async throws {
        try self.fill()
        let (path, other) = (self.directory.path, self.other.path)
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [path = path as String, other = other as String, step = step as Step] in
            try walk(path, other, dyingAt: step)
        }
        let found = try check(self.directory)
        let snapshots = found.snapshots.map(\.index.rawValue)
        switch step {
        case .capturing, .captured:
            #expect(snapshots == [500] && found.base == position(400) && found.fetching == nil)
        case .pointed, .keeping, .sweepingChunks, .sweepingLog:
            #expect(snapshots == [1_500] && found.base == position(1_400) && found.fetching == nil)
        case .receiving, .received:
            #expect(snapshots == [1_500] && found.fetching?.index == LogIndex(2_345))
            let fetching = try #require(found.fetching)
            let held = try open(self.directory).snapshots.begin(fetching)
            #expect(held == (step == .receiving ? 2 : fetching.chunkCount))
        case .completed: #expect(snapshots == [1_500] && found.fetching == nil)
        case .installed:
            #expect(snapshots == [2_345] && found.base == position(2_345, term: 2) && found.entries == [])
        }
        if step != .installed { #expect(found.entries.last?.index == LogIndex(2_000)) }
    }

    @Test("a process that takes, pulls and installs snapshots while it writes may die at any moment")
    func anyMoment() async throws {
        let (path, other) = (self.directory.path, self.other.path)
        var told: [String: UInt64] = [:]
        for round in 0..<15 {
            let result = await #expect(
                processExitsWith: .signal(SIGKILL),
                observing: [\.standardOutputContent]
            ) { [path = path as String, other = other as String, round = round as Int] in
                try workUntilKilled(path, other, afterMilliseconds: Int.random(in: 1...(50 + 40 * round)))
            }
            let output = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
            // The last line may have been cut off by the kill.
            for line in output.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
                let words = line.split(separator: " ")
                guard words.count == 3, words[0] == "durable", let number = UInt64(words[2]) else { continue }
                told[String(words[1])] = number
            }
            let found = try check(self.directory)
            #expect(found.hardState.term.rawValue >= told["term"] ?? 0, "round \(round)")
            #expect(found.snapshots.last?.index.rawValue ?? 0 >= told["snapshot"] ?? 0, "round \(round)")
            let last = found.entries.last?.index ?? found.base.index
            #expect(last.rawValue >= told["entry"] ?? 0, "round \(round)")
        }
        #expect(told.count == 3)
    }
}

/// Goes through everything that happens to snapshots, and dies at one step of it.
private func walk(_ path: String, _ other: String, dyingAt step: SnapshotCrashTests.Step) throws {
    var database = try RaftDatabase(directory: path, member: NodeID(1), of: threePeers)
    let store = database.snapshots
    let snapshot = try store.capture(position: position(1_500), time: .zero, membership: threePeers.membership) {
        let bytes = expectedContent(LogIndex(1_500))
        try $0.write(bytes)
        if step == .capturing {
            try $0.write(content(6 * Snapshot.chunkBytes))
            die()
        }
    }
    if step == .captured { die() }
    _ = try database.commit([write(1, snapshot: snapshot, base: position(1_400))])
    if step == .pointed { die() }
    try store.keep(only: [snapshot.id])
    if step == .keeping { die() }
    _ = try store.sweep()
    if step == .sweepingChunks { die() }
    try database.sweep()
    if step == .sweepingLog { die() }

    let source = try RaftDatabase(directory: other, member: NodeID(1), of: threePeers).snapshots
    let offered = try source.capture(expectedContent(LogIndex(2_345)), at: position(2_345, term: 2))
    _ = try store.begin(offered)
    for number in 0..<offered.chunkCount {
        if step == .receiving && number == 2 { die() }
        guard let chunk = try source.chunk(number, of: offered.id) else { return }
        _ = try store.store(number, chunk, of: offered.id)
    }
    if step == .received { die() }
    guard try store.complete(offered) else { return }
    if step == .completed { die() }
    _ = try database.commit([
        write(2, term: 2, snapshot: offered, replacesLog: true, base: offered.position)
    ])
    if step == .installed { die() }
}

/// A member's two threads at work in `path`, as its driver would let them, until the process is killed.
private func workUntilKilled(_ path: String, _ other: String, afterMilliseconds delay: Int) throws {
    let database = try RaftDatabase(directory: path, member: NodeID(1), of: threePeers, mapBytes: 1 << 30)
    let source = try RaftDatabase(directory: other, member: NodeID(1), of: threePeers).snapshots
    let found = try database.recover()
    let snapshots = SnapshotThread(store: database.snapshots)
    let receipts = DispatchSemaphore(value: 0)
    let storage = try StorageThread(database: database) { _ in receipts.signal() }
    // The moment of death has to be one that no step of the program chooses.
    Thread.detachNewThread {
        usleep(UInt32(delay) * 1_000)
        die()
    }

    var random = SystemRandomNumberGenerator()
    var term = max(1, found.hardState.term.rawValue)
    var last = found.entries.last?.position ?? found.base
    var base = found.base
    var positions: [UInt64: LogPosition] = [:]
    for entry in found.entries { positions[entry.index.rawValue] = entry.position }
    var id: UInt64 = 0
    func commit(_ write: Write) {
        var write = write
        id += 1
        write.id = WriteID(id)
        while storage.submit([write]) != .accepted { sched_yield() }
        receipts.wait()
    }
    func tell(_ what: String, _ number: UInt64) {
        let line = Array("durable \(what) \(number)\n".utf8)
        _ = Glibc.write(STDOUT_FILENO, line, line.count)
    }
    func install(_ snapshot: Snapshot) throws {
        var held = try outcome { snapshots.begin(snapshot, done: $0) }
        while held < snapshot.chunkCount {
            guard let chunk = try source.chunk(held, of: snapshot.id) else { return }
            held = try outcome { snapshots.store(held, chunk, of: snapshot.id, done: $0) }
        }
        guard try outcome({ snapshots.complete(snapshot, done: $0) }) else { return }
        term = max(term, snapshot.position.term.rawValue)
        commit(write(0, term: term, snapshot: snapshot, replacesLog: true, base: snapshot.position))
        (last, base, positions) = (snapshot.position, snapshot.position, [:])
        tell("snapshot", snapshot.index.rawValue)
        snapshots.keep(only: [snapshot.id])
    }

    commit(write(0, term: term))
    if let fetching = found.fetching { try install(fetching) }
    while true {
        let first = last.index.rawValue + 1
        let appended = (first..<first + UInt64.random(in: 1...40, using: &random)).map { expectedEntry($0, term: term) }
        commit(write(0, appended))
        for entry in appended { positions[entry.index.rawValue] = entry.position }
        last = appended[appended.count - 1].position
        tell("entry", last.index.rawValue)
        switch Int.random(in: 0..<6, using: &random) {
        case 0, 1:
            let (position, bytes) = (last, expectedContent(last.index))
            let snapshot = try outcome { done in
                snapshots.capture(
                    position: position,
                    time: .zero,
                    membership: threePeers.membership,
                    encode: { try $0.write(bytes) },
                    done: done
                )
            }
            let cut = UInt64.random(in: base.index.rawValue...last.index.rawValue, using: &random)
            base = positions[cut] ?? base
            commit(write(0, snapshot: snapshot, base: base))
            tell("snapshot", snapshot.index.rawValue)
            snapshots.keep(only: [snapshot.id])
        case 2:
            term += 1
            commit(write(0, term: term))
            let ahead = LogIndex(last.index.rawValue + 50)
            let offered = try source.capture(
                expectedContent(ahead),
                at: LogPosition(index: ahead, term: Term(term))
            )
            try install(offered)
            tell("term", term)
        default: break
        }
    }
}
