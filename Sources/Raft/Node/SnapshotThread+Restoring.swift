import RaftCore
import RaftStorage
import Synchronization

extension SnapshotThread {
    /// Reads a snapshot's state back. `done` is called on this thread.
    func restore<Machine: StateMachine>(
        _ snapshot: Snapshot,
        as type: Machine.Type,
        done: @escaping @Sendable (Result<Machine, any Error>) -> Void
    ) {
        let pieces = Pieces()
        self.read(
            snapshot.id,
            each: { bytes in pieces.bytes.withLock { $0.append(bytes.withUnsafeBytes { Array($0) }) } },
            done: { result in
                done(
                    Result { () throws in
                        try result.get()
                        return try Machine(restoring: pieces.bytes.withLock { $0 })
                    }
                )
            }
        )
    }

    func restore<Machine: StateMachine>(_ snapshot: Snapshot, as type: Machine.Type) async throws -> Machine {
        try await withCheckedThrowingContinuation { continuation in
            self.restore(snapshot, as: type) { continuation.resume(with: $0) }
        }
    }
}

private final class Pieces: Sendable {
    let bytes = Mutex<[[UInt8]]>([])
}
