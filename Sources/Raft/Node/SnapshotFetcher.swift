import Logging
import NIOCore
import RaftCore
import RaftStorage
import RaftTransport

/// Pulls the snapshot that the core asks for, chunk by chunk, and reads the state from it once it is whole. One at a
/// time. Lives on the node's event loop.
final class SnapshotFetcher {
    private let snapshots: SnapshotThread
    private let transport: PeerTransport
    private let eventLoop: any EventLoop
    private let logger: Logger
    private let kind: any StateMachine.Type
    /// A snapshot is whole, durable, and restored.
    private let fetched: (Snapshot, any StateMachine) -> Void
    private var task: Task?
    /// After a failure that has nothing to do with the source.
    private var pausedUntil = NIODeadline.uptimeNanoseconds(0)
    private(set) var chunksReceived = 0
    private let complaints = Occasions()

    /// One transfer. What comes back for another one than the present is passed over.
    private final class Task {
        let snapshot: Snapshot
        /// Nil until it is known what is here already.
        var download: SnapshotDownload?
        var source: NodeID
        /// Chunks that arrived and are not handed to the disk yet.
        var waiting: [UInt32: [UInt8]] = [:]
        var isStoring = false
        var isEnding = false
        var timer: Scheduled<Void>?

        init(_ snapshot: Snapshot, from source: NodeID) {
            self.snapshot = snapshot
            self.source = source
        }
    }

    /// A chunk on a link that hardly moves may take this long; the download itself gives up earlier if nothing comes.
    private static var chunkTimeout: TimeAmount { .seconds(60) }
    private static var pause: TimeAmount { .seconds(2) }

    init(
        snapshots: SnapshotThread,
        transport: PeerTransport,
        eventLoop: any EventLoop,
        logger: Logger,
        kind: any StateMachine.Type,
        fetched: @escaping (Snapshot, any StateMachine) -> Void
    ) {
        self.snapshots = snapshots
        self.transport = transport
        self.eventLoop = eventLoop
        self.logger = logger
        self.kind = kind
        self.fetched = fetched
    }

    /// What is being pulled, how many of its chunks are here, and how many there are.
    var progress: (snapshot: Snapshot, stored: UInt32)? {
        self.task.map { ($0.snapshot, $0.download?.stored ?? 0) }
    }

    /// That member offers the snapshot that is wanted.
    func fetch(_ snapshot: Snapshot, from member: NodeID) {
        if let task = self.task, task.snapshot.id == snapshot.id {
            task.source = member
            task.download?.offered(by: member, now: Self.now)
            return self.proceed(task)
        }
        guard NIODeadline.now() >= self.pausedUntil else { return }
        self.stop()
        let task = Task(snapshot, from: member)
        self.task = task
        let bound = self.bound(task)
        self.snapshots.begin(snapshot) { result in bound { $0.begun($1, result) } }
    }

    /// The core wants that snapshot, or none.
    func keep(_ wanted: Snapshot.ID?) {
        if let task = self.task, task.snapshot.id != wanted { self.stop() }
    }

    func stop() {
        guard let task = self.task else { return }
        task.timer?.cancel()
        self.task = nil
        self.transport.closeSnapshotLanes(except: nil)
    }

    // MARK: Steps

    private func begun(_ task: Task, _ result: Result<UInt32, StorageError>) {
        switch result {
        case .success(let stored):
            self.logger.info(
                "pulling a snapshot",
                metadata: [
                    "position": "\(task.snapshot.position)", "chunks": "\(task.snapshot.chunkCount)",
                    "here": "\(stored)", "from": "\(task.source)",
                ]
            )
            task.download = SnapshotDownload(task.snapshot, from: task.source, stored: stored, now: Self.now)
            self.proceed(task)
        case .failure(let error): self.giveUp(task, "\(error)")
        }
    }

    /// Asks for what may be asked for now, and finishes when everything is here.
    private func proceed(_ task: Task) {
        guard let numbers = task.download?.requests(now: Self.now), let source = task.download?.source else { return }
        let bound = self.bound(task)
        for number in numbers {
            self.transport.chunk(number, of: task.snapshot.id, from: source, timeout: Self.chunkTimeout)
                .whenComplete { result in bound { $0.answered($1, number, by: source, result) } }
        }
        if task.download?.isComplete == true { self.complete(task) }
        self.planTimer(task)
    }

    private func answered(
        _ task: Task,
        _ number: UInt32,
        by source: NodeID,
        _ result: Result<[UInt8]?, any Error>
    ) {
        if case .success(.some(let bytes)) = result {
            if task.download?.received(number, byteCount: bytes.count, now: Self.now) == true {
                self.chunksReceived += 1
                task.waiting[number] = bytes
                self.store(task)
            }
        } else {
            if case .success(.none) = result, self.complaints.arises() {
                self.logger.warning(
                    "a member has no chunk of the snapshot it offers",
                    metadata: ["position": "\(task.snapshot.position)", "chunk": "\(number)", "member": "\(source)"]
                )
            }
            task.download?.failed(number, of: source, now: Self.now)
        }
        self.proceed(task)
    }

    /// Hands the next chunk to the disk, if it is here and the one before is stored.
    private func store(_ task: Task) {
        guard !task.isStoring, let number = task.download?.stored,
            let bytes = task.waiting.removeValue(forKey: number)
        else { return }
        task.isStoring = true
        let bound = self.bound(task)
        self.snapshots.store(number, bytes, of: task.snapshot.id) { result in bound { $0.stored($1, number, result) } }
    }

    private func stored(_ task: Task, _ number: UInt32, _ result: Result<UInt32, StorageError>) {
        task.isStoring = false
        switch result {
        case .success(let count) where count > number: task.download?.stored(upTo: count)
        case .success: return self.giveUp(task, "the transfer has been dropped")
        case .failure(let error):
            self.logger.warning("a chunk of a snapshot was not stored", metadata: ["error": "\(error)"])
            task.download?.dropped(number, now: Self.now)
        }
        self.store(task)
        self.proceed(task)
    }

    private func complete(_ task: Task) {
        guard !task.isEnding else { return }
        task.isEnding = true
        let bound = self.bound(task)
        let (snapshots, snapshot, kind) = (self.snapshots, task.snapshot, self.kind)
        snapshots.complete(snapshot) { result in
            switch result {
            case .success(true):
                snapshots.restore(snapshot, as: kind) { result in bound { $0.restored($1, result) } }
            case .success(false): bound { $0.giveUp($1, "its bytes are not what its description says") }
            case .failure(let error): bound { $0.giveUp($1, "\(error)") }
            }
        }
    }

    private func restored(_ task: Task, _ result: Result<any StateMachine, any Error>) {
        switch result {
        case .success(let machine):
            self.stop()
            self.fetched(task.snapshot, machine)
        case .failure(let error): self.giveUp(task, "\(error)")
        }
    }

    /// Nothing comes of this transfer for now. The leader's next offers begin it anew.
    private func giveUp(_ task: Task, _ reason: String) {
        self.logger.error(
            "a snapshot could not be used",
            metadata: ["position": "\(task.snapshot.position)", "reason": "\(reason)"]
        )
        self.pausedUntil = .now() + Self.pause
        self.stop()
    }

    // MARK: Small things

    private static var now: RaftCore.Instant {
        RaftCore.Instant(nanoseconds: NIODeadline.now().uptimeNanoseconds)
    }

    private func planTimer(_ task: Task) {
        task.timer?.cancel()
        guard self.task === task, let deadline = task.download?.deadline, deadline < .never else { return }
        let bound = self.bound(task)
        task.timer = self.eventLoop.scheduleTask(deadline: .uptimeNanoseconds(deadline.nanoseconds)) {
            bound { $0.proceed($1) }
        }
    }

    /// Brings a step back to the event loop, and lets it happen if the transfer is still the present one.
    private func bound(_ task: Task) -> @Sendable (@escaping @Sendable (SnapshotFetcher, Task) -> Void) -> Void {
        let eventLoop = self.eventLoop
        let bound = NIOLoopBound((fetcher: self, task: task), eventLoop: eventLoop)
        return { step in
            eventLoop.execute {
                let (fetcher, task) = bound.value
                if fetcher.task === task { step(fetcher, task) }
            }
        }
    }
}
