public import RaftCore
internal import Threads

/// A thread that takes, receives and serves a member's snapshots.
///
/// Requests are carried out one after the other, in the order in which they came. Each is told its outcome by `done`,
/// called once, on this thread; or at once, by the call itself, if the request is not even begun: `busy` when too much
/// is waiting, `closed` when the thread has been told to end. `done` must not block.
///
/// A disk that is full (`full`) fails the request and nothing else: ask again later. Any other failure of the disk ends
/// the process, as it does for `StorageThread`.
public final class SnapshotThread: Sendable {
    /// What may wait for the thread.
    public struct Limits: Sendable {
        /// Nothing more is accepted once this much waits. The request that passes the limit is still accepted.
        public var waitingRequestsMax = 256
        /// Bytes of chunks that wait to be stored; other requests weigh nothing.
        public var waitingBytesMax = 16 << 20

        public init() {}
    }

    private let queue: SnapshotQueue
    private let thread: NamedThread

    /// Starts the thread. `onFailure` is called on it once, if the disk fails: it should not return.
    public init(
        store: SnapshotStore,
        limits: Limits = Limits(),
        onFailure: @escaping @Sendable (StorageError) -> Void = { StorageThread.endProcess($0) }
    ) {
        let queue = SnapshotQueue(limits)
        self.queue = queue
        store.whenPinned { queue.keepAgain() }
        self.thread = NamedThread(name: "raft-snapshots") {
            SnapshotLoop(store: store, queue: queue, onFailure: onFailure).run()
        }
    }

    deinit { self.queue.close() }

    // MARK: Taking

    /// Takes a snapshot of the state at `position`: `encode` writes its bytes, on this thread. The same state gives the
    /// same snapshot, and one that is here already is as good as a new one.
    public func capture(
        position: LogPosition,
        time: LogTime,
        membership: Membership,
        encode: @escaping @Sendable (inout SnapshotWriter) throws -> Void,
        done: @escaping @Sendable (Result<Snapshot, StorageError>) -> Void
    ) {
        self.queue.submit(done: done) { store throws(StorageError) in
            try store.capture(position: position, time: time, membership: membership, encode: encode)
        }
    }

    // MARK: Receiving

    /// Begins the transfer of a snapshot, or goes on with it, even one from before a restart; any other transfer is
    /// given up. The outcome is the number of chunks that are here, the next one to ask for.
    public func begin(_ snapshot: Snapshot, done: @escaping @Sendable (Result<UInt32, StorageError>) -> Void) {
        self.queue.submit(done: done) { store throws(StorageError) in try store.begin(snapshot) }
    }

    /// Stores a chunk of the transfer under way, if it is the next one and has the right length; anything else changes
    /// nothing. The outcome is the number of chunks that are here, durably.
    public func store(
        _ number: UInt32,
        _ bytes: [UInt8],
        of id: Snapshot.ID,
        done: @escaping @Sendable (Result<UInt32, StorageError>) -> Void
    ) {
        self.queue.submit(weight: bytes.count, done: done) { store throws(StorageError) in
            try store.store(number, bytes, of: id)
        }
    }

    /// Ends the transfer. The outcome is whether the snapshot is here as a whole and is what its digest says. If it is
    /// all here and is not, it goes: `begin` the transfer anew.
    public func complete(_ snapshot: Snapshot, done: @escaping @Sendable (Result<Bool, StorageError>) -> Void) {
        self.queue.submit(done: done) { store throws(StorageError) in try store.complete(snapshot) }
    }

    // MARK: Serving

    /// Reads a chunk for another member; nil if no such snapshot is here, or it has no such chunk.
    public func chunk(
        _ number: UInt32,
        of id: Snapshot.ID,
        done: @escaping @Sendable (Result<[UInt8]?, StorageError>) -> Void
    ) {
        self.queue.submit(done: done) { store throws(StorageError) in try store.chunk(number, of: id) }
    }

    /// Gives `each` the bytes of a whole snapshot, on this thread: see `SnapshotStore.read`.
    public func read(
        _ id: Snapshot.ID,
        each: @escaping @Sendable (RawSpan) throws -> Void,
        done: @escaping @Sendable (Result<Void, StorageError>) -> Void
    ) {
        self.queue.submit(done: done) { store throws(StorageError) in try store.read(id, each: each) }
    }

    // MARK: Housekeeping

    /// These are the snapshots that may still be asked for, and the one that is being pulled. Whatever else is older
    /// than what the log's database starts from goes, little by little, as soon as that database no longer needs it:
    /// this may be called long before.
    public func keep(only ids: [Snapshot.ID]) { self.queue.keep(ids) }

    /// Carries out what is under way, refuses what waits, and ends the thread. Blocks until that is done, so not to be
    /// called on an event loop, nor from `done`.
    public func close() {
        self.queue.close()
        self.thread.join()
    }
}

/// What the thread runs.
private struct SnapshotLoop {
    let store: SnapshotStore
    let queue: SnapshotQueue
    let onFailure: @Sendable (StorageError) -> Void

    func run() {
        self.workUntilClosed()
        self.queue.end()
    }

    private func workUntilClosed() {
        // The last run may have left something.
        var hasRubbish = true
        while let task = self.queue.next(waiting: !hasRubbish) {
            do throws(StorageError) {
                switch task {
                case .request(let request): guard request.carryOut(self.store, self.onFailure) else { return }
                case .keep(let ids): try self.store.keep(only: ids)
                case .nothing: break
                }
                // A little after each request: a thread that is never idle has to get rid of it, too.
                hasRubbish = try self.store.sweep()
            } catch {
                guard error.code == .full else { return self.onFailure(error) }
                // Even deleting needs room. The next request tries again.
                hasRubbish = false
            }
        }
    }
}
