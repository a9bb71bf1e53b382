import Dispatch
import Glibc
import RaftCore
import Synchronization
import Testing

@testable import RaftStorage

@Suite("SnapshotThread")
struct SnapshotThreadTests {
    private let directory: TemporaryDirectory
    private let store: SnapshotStore

    init() throws {
        self.directory = try TemporaryDirectory()
        self.store = try open(self.directory).snapshots
    }

    private func start(_ limits: SnapshotThread.Limits = .init()) -> SnapshotThread {
        SnapshotThread(store: self.store, limits: limits) { Issue.record("the disk failed: \($0)") }
    }

    private func capture(_ thread: SnapshotThread, _ bytes: [UInt8], at position: LogPosition) throws -> Snapshot {
        try outcome { done in
            thread.capture(
                position: position,
                time: .zero,
                membership: threePeers.membership,
                encode: { try $0.write(bytes) },
                done: done
            )
        }
    }

    /// Keeps the thread busy until the semaphore is signalled; returns once it is.
    private func block(_ thread: SnapshotThread) -> DispatchSemaphore {
        let (begun, release) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        thread.capture(position: position(1), time: .zero, membership: .unknown) { _ in
            begun.signal()
            release.wait()
            throw CancellationError()
        } done: { _ in
        }
        begun.wait()
        return release
    }

    @Test("a snapshot goes from one member to another, and is read there")
    func wholeWay() throws {
        let bytes = content(3 * Snapshot.chunkBytes + 100)
        let sender = self.start()
        let snapshot = try self.capture(sender, bytes, at: position(7))
        let directory = try TemporaryDirectory()
        let receiver = SnapshotThread(store: try open(directory).snapshots)
        var held = try outcome { receiver.begin(snapshot, done: $0) }
        while held < snapshot.chunkCount {
            let chunk = try #require(try outcome { sender.chunk(held, of: snapshot.id, done: $0) })
            held = try outcome { receiver.store(held, chunk, of: snapshot.id, done: $0) }
        }
        #expect(try outcome { receiver.complete(snapshot, done: $0) })
        let read = Mutex<[UInt8]>([])
        try outcome { done in
            receiver.read(snapshot.id, each: { chunk in read.withLock { $0 += chunk.bytes() } }, done: done)
        }
        #expect(read.withLock { $0 } == bytes)
        #expect(try outcome { sender.chunk(9, of: snapshot.id, done: $0) } == nil)
        sender.close()
        receiver.close()
    }

    @Test("a failure of the reader, the encoder or the request is told, and the next request is served")
    func failures() throws {
        let thread = self.start()
        func code<Outcome: Sendable>(
            _ ask: (@escaping @Sendable (Result<Outcome, StorageError>) -> Void) -> Void
        ) -> StorageError.Code? {
            (#expect(throws: StorageError.self) { _ = try outcome(ask) })?.code
        }
        let snapshot = try self.capture(thread, [1, 2, 3], at: position(1))
        #expect(
            code { thread.read(snapshot.id, each: { _ in throw CancellationError() }, done: $0) } == .snapshotFailed
        )
        let unknown = Snapshot.ID(position: position(9), digest: snapshot.digest)
        #expect(code { thread.read(unknown, each: { _ in }, done: $0) } == .noSnapshot)
        #expect(
            code { done in
                thread.capture(
                    position: position(2),
                    time: .zero,
                    membership: .unknown,
                    encode: { _ in throw CancellationError() },
                    done: done
                )
            } == .snapshotFailed
        )
        #expect(try outcome { thread.chunk(0, of: snapshot.id, done: $0) } == [1, 2, 3])
        thread.close()
    }

    @Test("a full queue refuses at once, by number and by bytes, and what waits is still done")
    func busy() throws {
        var limits = SnapshotThread.Limits()
        limits.waitingRequestsMax = 3
        limits.waitingBytesMax = 1_000
        let thread = self.start(limits)
        let release = self.block(thread)
        let id = Snapshot.ID(position: position(1), digest: [])
        let codes = Mutex<[StorageError.Code?]>([])
        let arrivals = DispatchSemaphore(value: 0)
        func store(_ byteCount: Int) {
            thread.store(0, content(byteCount), of: id) { outcome in
                codes.withLock { $0.append(outcome.failureCode) }
                arrivals.signal()
            }
        }
        // The second one passes the limit of bytes, and is still taken.
        for _ in 0..<3 { store(600) }
        #expect(codes.withLock { $0 } == [.busy])
        release.signal()
        for _ in 0..<3 { arrivals.wait() }
        #expect(codes.withLock { $0 } == [.busy, nil, nil])
        let again = self.block(thread)
        for _ in 0..<4 { store(0) }
        #expect(codes.withLock { $0 } == [.busy, nil, nil, .busy])
        again.signal()
        for _ in 0..<4 { arrivals.wait() }
        #expect(codes.withLock { $0 } == [.busy, nil, nil, .busy, nil, nil, nil])
        thread.close()
    }

    @Test("a closed thread refuses what waits and what comes, and has let the directory go")
    func closed() throws {
        let directory = try TemporaryDirectory()
        let thread = SnapshotThread(store: try open(directory).snapshots)
        let release = self.block(thread)
        let id = Snapshot.ID(position: position(1), digest: [])
        let codes = Mutex<[StorageError.Code?]>([])
        thread.chunk(0, of: id) { outcome in codes.withLock { $0.append(outcome.failureCode) } }
        DispatchQueue.global().async { thread.close() }
        // Refused at once when the thread is closed, done later as long as it is not.
        let refused = DispatchSemaphore(value: 0)
        while refused.wait(timeout: .now()) == .timedOut {
            thread.keep(only: [])
            thread.chunk(0, of: id) { if $0.failureCode == .closed { refused.signal() } }
        }
        release.signal()
        thread.close()
        #expect(codes.withLock { $0 } == [.closed])
        _ = try open(directory)
    }

    @Test("what is not kept goes a few chunks at a time, and other requests are served in between")
    func keep() throws {
        let thread = self.start()
        let old = try self.capture(thread, content(10 * Snapshot.chunkBytes), at: position(1))
        let kept = try self.capture(thread, content(Snapshot.chunkBytes, seed: 2), at: position(2))
        let newer = try self.capture(thread, content(Snapshot.chunkBytes, seed: 3), at: position(3))
        let release = self.block(thread)
        self.store.pin([kept.id])
        let counts = Mutex<[Int]>([])
        let store = self.store
        for _ in 0..<4 {
            thread.chunk(0, of: old.id) { outcome in
                #expect(outcome.failureCode == nil)
                counts.withLock { $0.append((try? store.chunkCount()) ?? -1) }  // -1 fails the test
            }
        }
        release.signal()
        #expect(try outcome { thread.chunk(0, of: old.id, done: $0) } == nil)
        #expect(counts.withLock { $0 } == [8, 4, 2, 2])
        #expect(try outcome { thread.chunk(0, of: newer.id, done: $0) } != nil)
        #expect(try outcome { thread.chunk(0, of: kept.id, done: $0) } != nil)
        thread.close()
    }

    @Test("what the log starts from stays, whatever is to be kept")
    func pinned() throws {
        let directory = try TemporaryDirectory()
        var database = try open(directory)
        let thread = SnapshotThread(store: database.snapshots)
        _ = try database.commit([write(1, term: 1, entries(1...9))])
        let first = try self.capture(thread, [1], at: position(2))
        _ = try database.commit([write(2, snapshot: first, base: position(2))])
        let second = try self.capture(thread, [2], at: position(5))
        thread.keep(only: [second.id])
        #expect(try outcome { thread.chunk(0, of: first.id, done: $0) } == [1])
        #expect(try database.recover().snapshots == [first])
        // Nobody has to say it again once it is durable that the log starts from another one.
        _ = try database.commit([write(3, snapshot: second, base: position(5))])
        #expect(try outcome { thread.chunk(0, of: first.id, done: $0) } == nil)
        #expect(try outcome { thread.chunk(0, of: second.id, done: $0) } == [2])
        thread.close()
    }

    @Test("a disk that is full fails the request, and once there is room the next one is done")
    func full() throws {
        let thread = self.start()
        let first = try self.capture(thread, content(3 * Snapshot.chunkBytes), at: position(1))
        let (foreign, chunks) = try foreignSnapshot(content(100), at: position(3))
        _ = try outcome { thread.begin(foreign, done: $0) }
        let restore = try redirect(self.directory.path + "/snapshots/data.mdb", to: "/dev/full")
        let captured = #expect(throws: StorageError.self) {
            _ = try self.capture(thread, content(9 * Snapshot.chunkBytes, seed: 2), at: position(2))
        }
        #expect(captured?.code == .full)
        let received = #expect(throws: StorageError.self) {
            _ = try outcome { thread.store(0, chunks[0], of: foreign.id, done: $0) }
        }
        #expect(received?.code == .full)
        thread.keep(only: [first.id])
        #expect(try outcome { thread.chunk(2, of: first.id, done: $0) }?.count == Snapshot.chunkBytes)
        restore()
        #expect(try outcome { thread.store(0, chunks[0], of: foreign.id, done: $0) } == 1)
        #expect(try outcome { thread.complete(foreign, done: $0) })
        let second = try self.capture(thread, content(9 * Snapshot.chunkBytes, seed: 2), at: position(2))
        thread.close()
        #expect(try self.store.whole() == [first.id, second.id, foreign.id])
    }

    @Test("a disk that fails ends the process with status 74 and the reason on standard error")
    func failedSync() async throws {
        let path = self.directory.path + "/other"
        let result = await #expect(processExitsWith: .exitCode(74), observing: [\.standardErrorContent]) {
            [path = path as String] in
            let store = try RaftDatabase(directory: path, member: NodeID(1), of: threePeers).snapshots
            let thread = SnapshotThread(store: store)
            // Takes every byte, and can't be synced.
            _ = try redirect(path + "/snapshots/data.mdb", to: "/dev/null")
            _ = try outcome { done in
                thread.capture(
                    position: position(1),
                    time: .zero,
                    membership: .unknown,
                    encode: { try $0.write([1]) },
                    done: done
                )
            }
        }
        let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(message.contains("the Raft storage failed") && message.contains("[database_failed]"))
    }
}

extension Result where Failure == StorageError {
    fileprivate var failureCode: StorageError.Code? {
        if case .failure(let error) = self { return error.code }
        return nil
    }
}

/// Lets what this process writes to an open file go to a device instead, until the closure returned is called.
private func redirect(_ path: String, to device: String) throws -> () -> Void {
    let target = open(device, O_RDWR)
    try #require(target >= 0)
    let descriptors = (3..<1_024 as Range<CInt>).filter { descriptor in
        var name = [CChar](repeating: 0, count: 4_096)
        let length = max(0, readlink("/proc/self/fd/\(descriptor)", &name, name.count))
        return String(decoding: name.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self) == path
    }
    try #require(!descriptors.isEmpty)
    let copies = descriptors.map { dup($0) }
    for descriptor in descriptors { dup2(target, descriptor) }
    close(target)
    return {
        for (descriptor, copy) in zip(descriptors, copies) {
            dup2(copy, descriptor)
            close(copy)
        }
    }
}
