import Dispatch
import RaftCore
import Synchronization
import Testing

@testable import RaftStorage

@Suite("StorageThread")
struct StorageThreadTests {
    private let directory: TemporaryDirectory

    init() throws { self.directory = try TemporaryDirectory() }

    /// What a thread reported, in order.
    private final class Reports: Sendable {
        let receipts = Mutex<[Receipt]>([])
        let failures = Mutex<[StorageError]>([])
        /// Signalled at each report.
        let arrivals = DispatchSemaphore(value: 0)

        func received(_ receipt: Receipt) {
            self.receipts.withLock { $0.append(receipt) }
            self.arrivals.signal()
        }

        func failed(_ error: StorageError) {
            self.failures.withLock { $0.append(error) }
            self.arrivals.signal()
        }
    }

    private func start(_ reports: Reports, mapBytes: Int = 1 << 26) throws -> StorageThread {
        try StorageThread(
            database: try open(self.directory, mapBytes: mapBytes),
            onFailure: { reports.failed($0) },
            onCommit: { reports.received($0) }
        )
    }

    @Test("everything submitted before the end is stored and acknowledged in order")
    func submitAndClose() throws {
        let reports = Reports()
        let thread = try self.start(reports)
        #expect(thread.submit([]) == .accepted)
        #expect(thread.submit([write(1, term: 1, vote: 2)]) == .accepted)
        for index in 1...500 as ClosedRange<UInt64> {
            #expect(thread.submit([write(index + 1, [entry(index)])]) == .accepted)
        }
        thread.close()
        let receipts = reports.receipts.withLock { $0.map(\.write.rawValue) }
        #expect(receipts == receipts.sorted() && Set(receipts).count == receipts.count)
        #expect(receipts.last == 501)
        let metrics = thread.metrics
        #expect(metrics.commits == receipts.count)
        #expect(metrics.entries == 500)
        #expect(metrics.waitingWrites == 0 && metrics.waitingEntries == 0 && metrics.waitingBytes == 0)
        #expect(metrics.lastCommit > .zero && metrics.slowestCommit >= metrics.lastCommit)
        #expect(try open(self.directory).recover().entries == (1...500).map { entry($0) })
    }

    @Test("a closed thread takes nothing, may be closed again, and has let the directory go")
    func closed() throws {
        let thread = try self.start(Reports())
        thread.close()
        thread.close()
        #expect(thread.submit([write(1, term: 1)]) == .closed)
        _ = try open(self.directory)
    }

    /// The numbers of the writes in the queue's next drain; nil once it is closed and empty.
    private func next(_ queue: WriteQueue) -> [UInt64]? {
        guard case .writes(let writes) = queue.next(atMost: nil) else { return nil }
        return writes.map(\.id.rawValue)
    }

    @Test("what gathers while a commit is under way goes into one transaction")
    func groupCommit() throws {
        let queue = WriteQueue(limits: .init())
        for index in 1...10 as ClosedRange<UInt64> {
            #expect(queue.submit([write(index, [entry(index)])]) == .accepted)
        }
        #expect(self.next(queue) == Array(1...10))
        queue.close()
        #expect(self.next(queue) == nil)
    }

    @Test("one transaction holds no more than its limits, and a single write of any size")
    func transactionLimits() {
        var limits = StorageThread.Limits()
        limits.commitEntriesMax = 4
        limits.commitBytesMax = 1_000
        let queue = WriteQueue(limits: limits)
        let large = String(repeating: "x", count: 2_000)
        let writes = [
            write(1, entries(1...3)), write(2, entries(4...4)), write(3, entries(5...5)), write(4, entries(6...15)),
            write(5, [entry(16)]), write(6, [entry(17, large)]), write(7, [entry(18)]),
        ]
        #expect(queue.submit(writes) == .accepted)
        queue.close()
        var drains: [[UInt64]] = []
        while let drain = self.next(queue) { drains.append(drain) }
        #expect(drains == [[1, 2], [3], [4], [5], [6], [7]])
    }

    @Test("a full queue refuses all of a submission, counts it, and takes it once there is room")
    func fullQueue() {
        var limits = StorageThread.Limits()
        limits.waitingEntriesMax = 3
        let queue = WriteQueue(limits: limits)
        #expect(queue.submit([write(1, entries(1...2))]) == .accepted)
        #expect(queue.hasRoom)
        #expect(queue.submit([write(2, entries(3...4))]) == .accepted)
        #expect(!queue.hasRoom)
        #expect(queue.submit([write(3, [entry(5)])]) == .full)
        #expect(queue.metrics.refusals == 1)
        #expect(queue.metrics.waitingWrites == 2 && queue.metrics.waitingEntries == 4)
        #expect(self.next(queue) == [1, 2])
        #expect(queue.submit([write(3, [entry(5)])]) == .accepted)
        #expect(self.next(queue) == [3])
        #expect(queue.metrics.waitingBytes == 0)
    }

    @Test("a queue is full by its bytes, too")
    func fullOfBytes() {
        var limits = StorageThread.Limits()
        limits.waitingBytesMax = 1_000
        let queue = WriteQueue(limits: limits)
        #expect(queue.submit([write(1, [entry(1, String(repeating: "x", count: 1_000))])]) == .accepted)
        #expect(queue.submit([write(2, term: 1)]) == .full)
    }

    @Test("a commit that fails is reported once, ends the thread, and loses nothing that was acknowledged")
    func failure() throws {
        let reports = Reports()
        let thread = try self.start(reports, mapBytes: 1 << 18)
        let payload = String(repeating: "x", count: 20_000)
        #expect(thread.submit([write(1, term: 1)]) == .accepted)
        var index: UInt64 = 0
        while reports.failures.withLock({ $0.isEmpty }) {
            index += 1
            if thread.submit([write(index + 1, [entry(index, payload)])]) == .closed { break }
            reports.arrivals.wait()
        }
        thread.close()
        #expect(thread.submit([write(index + 2, term: 2)]) == .closed)
        let failures = reports.failures.withLock { $0 }
        #expect(failures.map(\.code) == [.full])
        let acknowledged = try #require(reports.receipts.withLock { $0.last?.write.rawValue })
        #expect(acknowledged > 1)
        let recovered = try open(self.directory).recover()
        #expect(recovered.entries == (1..<acknowledged).map { entry($0, payload) })
    }

    @Test("without a handler a failure ends the process with status 74 and the reason on standard error")
    func failureEndsTheProcess() async throws {
        let path = self.directory.path
        let result = await #expect(processExitsWith: .exitCode(74), observing: [\.standardErrorContent]) {
            [path = path as String] in
            let database = try RaftDatabase(directory: path, member: NodeID(1), of: threePeers)
            let thread = try StorageThread(database: database) { _ in }
            _ = thread.submit([write(1, [entry(2)])])
            thread.close()
        }
        let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(message.contains("the Raft storage failed") && message.contains("[bad_write]"))
    }
}
