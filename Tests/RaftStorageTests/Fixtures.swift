import LMDB
import RaftCore
import RaftStorage

/// A cluster of three whose first member the tests store.
let threePeers: Genesis = genesis("a:9001", "b:9001", "c:9001")

func genesis(_ peers: String..., name: String = "") -> Genesis {
    do {
        return try Genesis(peers: peers.map { try PeerAddress($0) }, name: name)
    } catch {
        preconditionFailure("a fixture is wrong: \(error)")
    }
}

func open(
    _ directory: TemporaryDirectory,
    mapBytes: Int = 1 << 26,
    snapshotMapBytes: Int = 1 << 28
) throws -> RaftDatabase {
    try RaftDatabase(
        directory: directory.path,
        member: NodeID(1),
        of: threePeers,
        mapBytes: mapBytes,
        snapshotMapBytes: snapshotMapBytes
    )
}

func entry(_ index: UInt64, term: UInt64 = 1, _ payload: String = "payload") -> Entry {
    Entry(
        position: LogPosition(index: LogIndex(index), term: Term(term)),
        time: LogTime(milliseconds: 1000 &+ index),
        kind: .command,
        payload: Array(payload.utf8)
    )
}

func entries(_ indexes: ClosedRange<UInt64>, term: UInt64 = 1) -> [Entry] {
    indexes.map { entry($0, term: term, "payload of \($0)") }
}

func write(
    _ id: UInt64,
    term: UInt64? = nil,
    vote: UInt32? = nil,
    truncateFrom: UInt64? = nil,
    snapshot: Snapshot? = nil,
    replacesLog: Bool = false,
    base: LogPosition? = nil,
    _ entries: [Entry] = []
) -> Write {
    Write(
        id: WriteID(id),
        hardState: term.map { HardState(term: Term($0), vote: vote.map { NodeID($0) }) },
        truncateFrom: truncateFrom.map { LogIndex($0) },
        snapshot: snapshot,
        replacesLog: replacesLog,
        base: base,
        entries: entries
    )
}

/// Changes a closed member's database from outside, as a failing disk or a wrong program would.
func tamper(
    _ directory: TemporaryDirectory,
    _ body: (borrowing WriteTransaction, _ entries: Database, _ state: Database) throws -> Void
) throws {
    let environment = try Environment(directory: directory.path, limits: .init(mapBytes: 1 << 26))
    let entries = try environment.openDatabase("entries")
    let state = try environment.openDatabase("state")
    try environment.write { try body($0, entries, state) }
}

/// The same for its snapshots.
func tamperSnapshots(
    _ directory: TemporaryDirectory,
    _ body: (borrowing WriteTransaction, _ chunks: Database, _ state: Database) throws -> Void
) throws {
    let environment = try Environment(directory: directory.path + "/snapshots", limits: .init(mapBytes: 1 << 28))
    let chunks = try environment.openDatabase("chunks")
    let state = try environment.openDatabase("state")
    try environment.write { try body($0, chunks, state) }
}
