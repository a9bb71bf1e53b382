import Dispatch
import LMDB
import RaftCore
import Synchronization

@testable import RaftStorage

func position(_ index: UInt64, term: UInt64 = 1) -> LogPosition {
    LogPosition(index: LogIndex(index), term: Term(term))
}

/// Bytes that differ from place to place, and from seed to seed.
func content(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    let block = (0..<1_000).map { _ in UInt8.random(in: 0 ... .max, using: &generator) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 1_008)
    while bytes.count < count {
        withUnsafeBytes(of: bytes.count) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: block)
    }
    bytes.removeLast(bytes.count - count)
    return bytes
}

extension SnapshotStore {
    /// Takes a snapshot of those bytes.
    func capture(_ bytes: [UInt8], at position: LogPosition) throws -> Snapshot {
        try self.capture(
            position: position,
            time: LogTime(milliseconds: position.index.rawValue),
            membership: threePeers.membership,
            encode: { try $0.write(bytes) }
        )
    }

    /// All bytes of a whole snapshot.
    func bytes(of id: Snapshot.ID) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try self.read(id) { chunk in bytes += chunk.bytes() }
        return bytes
    }

    /// Deletes everything that belongs to no snapshot.
    func sweepAll() throws {
        while try self.sweep() {}
    }

    /// How many chunks there are, whatever they belong to.
    func chunkCount() throws -> Int {
        try self.environment.read { try $0.count(of: self.chunks) }
    }
}

/// A snapshot as another member would describe it, and its chunks.
func foreignSnapshot(_ bytes: [UInt8], at position: LogPosition) throws -> (snapshot: Snapshot, chunks: [[UInt8]]) {
    let directory = try TemporaryDirectory()
    let store = try open(directory).snapshots
    let snapshot = try store.capture(bytes, at: position)
    let chunks = try (0..<snapshot.chunkCount).compactMap { try store.chunk($0, of: snapshot.id) }
    return (snapshot, chunks)
}

/// Waits for what a thread tells by a callback.
func outcome<Outcome: Sendable>(
    _ ask: (@escaping @Sendable (Result<Outcome, StorageError>) -> Void) -> Void
) throws -> Outcome {
    let arrival = DispatchSemaphore(value: 0)
    let result = Mutex<Result<Outcome, StorageError>?>(nil)
    ask { outcome in
        result.withLock { $0 = outcome }
        arrival.signal()
    }
    arrival.wait()
    guard let found = result.withLock({ $0 }) else { throw StorageError(.closed, "There was no outcome.") }
    return try found.get()
}

/// Flips a bit in the middle of a stored chunk.
func damage(_ directory: TemporaryDirectory, _ chunk: ChunkKey) throws {
    try tamperSnapshots(directory) { transaction, chunks, _ in
        guard var value = try transaction.get(chunk.key, in: chunks) else {
            throw StorageError(.noSnapshot, "There is no chunk \(chunk).")
        }
        value[value.count / 2] ^= 4
        try transaction.put(chunk.key, value, in: chunks)
    }
}
