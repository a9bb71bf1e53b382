import Logging
import NIOCore
import RaftCore
import RaftStorage
import RaftTransport
import Synchronization

/// Answers other members' wishes for chunks of snapshots. Called on any thread.
final class ChunkService: Sendable {
    typealias Read =
        @Sendable (UInt32, Snapshot.ID, @escaping @Sendable (Result<[UInt8]?, StorageError>) -> Void) -> Void

    private let read: Read
    private let logger: Logger
    private let complaints = Occasions()
    private let sentCount = Atomic(0)

    /// `read` fetches a chunk from the disk; nil if it is not there.
    init(logger: Logger, read: @escaping Read) {
        self.read = read
        self.logger = logger
    }

    /// Chunks that were sent since the start.
    var sent: Int { self.sentCount.load(ordering: .relaxed) }

    /// The answer is the chunk, or empty.
    func serve(_ number: UInt32, of snapshot: Snapshot.ID, _ answer: @escaping @Sendable (ByteBuffer) -> Void) {
        self.read(number, snapshot) { result in
            switch result {
            case .success(.some(let bytes)):
                self.sentCount.add(1, ordering: .relaxed)
                answer(ByteBuffer(bytes: bytes))
            case .success(.none):
                answer(ByteBuffer())
            case .failure(let error):
                if self.complaints.arises() {
                    self.logger.warning(
                        "a chunk of a snapshot can't be read",
                        metadata: ["position": "\(snapshot.position)", "chunk": "\(number)", "error": "\(error)"]
                    )
                }
                answer(ByteBuffer())
            }
        }
    }
}

/// When to tell of something that may happen all the time: once in ten seconds.
final class Occasions: Sendable {
    private static let interval = Duration.seconds(10)
    private let last = Mutex<ContinuousClock.Instant?>(nil)

    func arises() -> Bool {
        let now = ContinuousClock.now
        return self.last.withLock { last in
            if let last, now - last < Self.interval { return false }
            last = now
            return true
        }
    }
}
