internal import Glibc
public import RaftCore

/// A thread that owns a member's database and commits to it what is submitted, in order.
///
/// One drain of the queue is one commit. While it is being synced the next ones gather: that is group commit without a
/// timer. A commit that fails is never tried again, since the system may have dropped what it could not write
/// and forgotten that it did: the process ends at once, and what was not acknowledged is not promised.
public final class StorageThread: Sendable {
    /// What may be in a commit, and what may wait for one. A write weighs its entries' weight and 64 bytes.
    public struct Limits: Sendable {
        /// What one commit holds at most, unless a single write is larger.
        public var commitEntriesMax = 1_024
        public var commitBytesMax = 1 << 20
        /// Nothing more is accepted once this much waits. The submission that passes the limit is still accepted.
        public var waitingEntriesMax = 65_536
        public var waitingBytesMax = 64 << 20

        public init() {}
    }

    /// What became of writes that were handed over: all of them are taken, or none.
    public enum Submission: Hashable, Sendable {
        case accepted
        /// Nothing was taken: too much is waiting. Submit the same writes again, before any other, after the next
        /// receipt.
        case full
        /// Nothing was taken, and nothing will be: the thread has been told to end, or has failed.
        case closed
    }

    private let queue: WriteQueue

    /// Starts the thread. `onCommit` is called on it once for each drain, `onFailure` once, if a commit fails: it
    /// should not return.
    public init(
        database: consuming sending RaftDatabase,
        limits: Limits = Limits(),
        onFailure: @escaping @Sendable (StorageError) -> Void = { StorageThread.endProcess($0) },
        onCommit: @escaping @Sendable (Receipt) -> Void
    ) throws(StorageError) {
        self.queue = WriteQueue(limits: limits)
        let loop = StorageLoop(database: database, queue: self.queue, onFailure: onFailure, onCommit: onCommit)
        // The thread takes the reference over, and with it the only way to the database.
        let reference = Unmanaged.passRetained(loop)
        var thread = pthread_t()
        let result = pthread_create(
            &thread,
            nil,
            { argument in
                if let argument { Unmanaged<StorageLoop>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            },
            reference.toOpaque()
        )
        guard result == 0 else {
            reference.release()
            let reason = String(cString: strerror(result))
            throw StorageError(.threadUnavailable, "Could not start the storage thread: \(reason).")
        }
        pthread_detach(thread)
    }

    deinit { self.queue.close() }

    /// Hands over what is to be made durable. Never waits.
    public func submit(_ writes: [Write]) -> Submission { self.queue.submit(writes) }

    /// Whether a submission would be accepted now. While it is false, take in nothing that leads to writes.
    public var hasRoom: Bool { self.queue.hasRoom }

    /// What has been done and is waiting, at the moment. May be read on any thread.
    public var metrics: StorageMetrics { self.queue.metrics }

    /// Commits what is waiting, ends the thread and closes the database. Returns when all of that is done; blocks, so
    /// not to be called on an event loop, nor from `onCommit`.
    public func close() {
        self.queue.close()
        self.queue.waitForEnd()
    }

    /// Says why on standard error and ends the process with the exit status 74 (`EX_IOERR`), running nothing more.
    public static func endProcess(_ error: StorageError) -> Never {
        let message = Array(
            "varpulis: the Raft storage failed; this process ends before it promises what may be lost. \(error)\n".utf8
        )
        _ = write(STDERR_FILENO, message, message.count)
        _exit(74)
    }
}

/// What the thread runs.
private final class StorageLoop {
    private var database: RaftDatabase?
    private let queue: WriteQueue
    private let onFailure: @Sendable (StorageError) -> Void
    private let onCommit: @Sendable (Receipt) -> Void

    init(
        database: consuming RaftDatabase,
        queue: WriteQueue,
        onFailure: @escaping @Sendable (StorageError) -> Void,
        onCommit: @escaping @Sendable (Receipt) -> Void
    ) {
        self.database = consume database
        self.queue = queue
        self.onFailure = onFailure
        self.onCommit = onCommit
    }

    func run() {
        do throws(StorageError) {
            try self.commitUntilClosed()
        } catch {
            self.onFailure(error)
        }
        self.database = nil
        self.queue.end()
    }

    /// How long nothing has to be written before the database does what is left over: it takes over what is in the
    /// journal, and deletes what was cut off from the log.
    private static let idleInterval = Duration.milliseconds(10)

    private func commitUntilClosed() throws(StorageError) {
        let clock = ContinuousClock()
        while true {
            let isBehind = self.database?.isUnsettled == true || self.database?.hasLeftovers == true
            switch self.queue.next(atMost: isBehind ? Self.idleInterval : nil) {
            case .writes(let writes):
                let start = clock.now
                guard let receipt = try self.database?.commit(writes) else { return }
                self.queue.committed(writes, in: clock.now - start)
                self.onCommit(receipt)
                if self.database?.isSettlingDue == true { try self.database?.settle() }
            case .idle:
                if self.database?.isUnsettled == true {
                    try self.database?.settle()
                } else {
                    try self.database?.sweep()
                }
            case .closed: return try self.database?.settle() ?? ()
            }
        }
    }
}
