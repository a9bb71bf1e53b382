import RaftCore
import RaftStorage
import Synchronization

extension SnapshotThread {
    /// Reads a snapshot's state back. `done` is called on this thread.
    func restore(
        _ snapshot: Snapshot,
        as kind: any StateMachine.Type,
        done: @escaping @Sendable (Result<any StateMachine, any Error>) -> Void
    ) {
        let pieces = Pieces(byteCount: Int(clamping: snapshot.size))
        self.read(
            snapshot.id,
            each: { bytes in pieces.add(bytes) },
            done: { result in
                done(
                    Result { () throws in
                        try result.get()
                        return try kind.init(restoring: pieces.take())
                    }
                )
            }
        )
    }

    func restore(_ snapshot: Snapshot, as kind: any StateMachine.Type) async throws -> any StateMachine {
        try await withCheckedThrowingContinuation { continuation in
            self.restore(snapshot, as: kind) { continuation.resume(with: $0) }
        }
    }
}

/// The chunks one after the other, in memory that is taken once.
private final class Pieces: Sendable {
    private let bytes: Mutex<[UInt8]>

    init(byteCount: Int) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount)
        self.bytes = Mutex(bytes)
    }

    func add(_ chunk: RawSpan) {
        self.bytes.withLock { bytes in chunk.withUnsafeBytes { bytes.append(contentsOf: $0) } }
    }

    func take() -> [[UInt8]] {
        self.bytes.withLock { bytes in
            let all = bytes
            bytes = []
            return [all]
        }
    }
}
