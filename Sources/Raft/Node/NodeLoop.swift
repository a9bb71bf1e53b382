import Logging
import NIOCore
import RaftCore
import RaftStorage
import RaftTransport

#if canImport(Glibc)
    import Glibc
#endif

/// Drives the core: drains what has come in, steps the core once for each, carries the effects out together.
///
/// Everything here happens on one event loop; nothing waits. A turn of the loop is one drain: however many inputs came
/// in, the disk gets one submission and each connection one flush.
final class NodeLoop {
    typealias Outcome<Value> = Result<Value, ProposalError>
    typealias ReadAnswer = (Result<Reach, ReadError>) -> Void

    private static var answersFirstMax: UInt64 { 8 }
    /// So many proposals don't wait for the turn's end: disks have something to do while the rest of the turn goes on.
    static var gatheredMax: Int { 64 }

    let eventLoop: any EventLoop
    private let storage: StorageThread
    let snapshots: SnapshotThread
    let transport: PeerTransport
    let logger: Logger
    let publish: (NodeStatus) -> Void

    private(set) var core: Consensus
    let host: any MachineHost
    var applied: LogPosition
    var schedule: SnapshotSchedule
    var isCapturing = false
    /// The snapshots whose bytes the snapshots' thread was told to keep.
    var kept: (snapshots: [Snapshot], fetching: Snapshot.ID?)
    /// A pulled snapshot's state, until the core says whether to install it.
    var fetched: (id: Snapshot.ID, machine: any StateMachine)?
    private(set) var fetcher: SnapshotFetcher?
    var effects = Effects()
    private var inbox: [Input] = []
    private var unsubmitted: [Write] = []
    var proposals: [Proposal] = []
    private var isDrainPlanned = false
    /// Whether `effects` are being made and carried out. Who is answered meanwhile may propose something more.
    private(set) var isInTurn = false
    var news = CommitNews()
    var isNewsPlanned = false
    private var timer: (deadline: RaftCore.Instant, task: Scheduled<Void>)?
    private(set) var isStopped = false

    private var nextID: UInt64 = 1
    let settings: Settings
    let limits: RaftConfiguration.Limits
    let peers: PeerDirectory
    /// Each is told while its command is the last one that was applied.
    let writers: Waiters<ProposalID, (Outcome<Void>) -> Void>
    let changers: Waiters<ProposalID, (Outcome<Membership>) -> Void>
    let successionWatchers: Waiters<UInt64, (NodeID?) -> Void>
    let readers: Waiters<ReadID, ReadAnswer>
    /// Reads that see the newest state once this much is applied.
    var granted: [(read: ReadID, index: LogIndex)] = []
    let applyWatchers: Waiters<UInt64, (beyond: LogIndex, wake: () -> Void)>
    let leaderWatchers: Waiters<UInt64, (NodeID?) -> Void>
    var leaderCalls: [UInt64: (leader: NodeID, answer: (Result<ByteBuffer, any Error>) -> Void)] = [:]
    var status: NodeStatus
    var leaderHeard: NIODeadline?
    /// The committed membership that the transport knows.
    var committed = Membership.unknown
    /// The membership of the snapshot that is being pulled.
    var offered: Membership?

    init(
        core: Consensus,
        host: any MachineHost,
        configuration: RaftConfiguration,
        storage: StorageThread,
        snapshots: SnapshotThread,
        transport: PeerTransport,
        eventLoop: any EventLoop,
        publish: @escaping (NodeStatus) -> Void
    ) {
        self.core = core
        self.host = host
        self.applied = core.snapshots.last?.position ?? .zero
        self.schedule = SnapshotSchedule(configuration.settings, last: core.snapshots.last)
        self.kept = (core.snapshots, core.fetching?.id)
        self.settings = configuration.settings
        self.storage = storage
        self.snapshots = snapshots
        self.transport = transport
        self.eventLoop = eventLoop
        self.logger = configuration.logger
        self.limits = configuration.limits
        self.peers = PeerDirectory(own: configuration.identity.node, configured: configuration.addresses)
        self.publish = publish
        self.writers = Waiters(eventLoop: eventLoop) { $0(.failure(.outcomeUnknown)) }
        self.changers = Waiters(eventLoop: eventLoop) { $0(.failure(.outcomeUnknown)) }
        self.successionWatchers = Waiters(eventLoop: eventLoop) { $0(nil) }
        self.readers = Waiters(eventLoop: eventLoop) { $0(.failure(.timedOut)) }
        self.applyWatchers = Waiters(eventLoop: eventLoop) { $0.wake() }
        self.leaderWatchers = Waiters(eventLoop: eventLoop) { $0(nil) }
        self.status = NodeStatus(consensus: core.status, applied: self.applied)
        self.status.hasBegunEmpty = core.status.last == .zero
        self.status.snapshots.bytes = core.snapshots.last?.size ?? 0
        publish(self.status)
        let loop = NIOLoopBound(self, eventLoop: eventLoop)
        self.fetcher = SnapshotFetcher(
            snapshots: snapshots,
            transport: transport,
            eventLoop: eventLoop,
            logger: configuration.logger,
            kind: host.kind,
            fetched: { snapshot, machine in loop.value.arrived(snapshot, machine) }
        )
    }

    // MARK: Inputs

    func start() {
        self.knowPeers()
        self.transport.start()
        self.planTimer()
    }

    func post(_ inputs: some Sequence<Input>) {
        self.inbox.append(contentsOf: inputs)
        self.planDrain()
    }

    /// Takes messages in. What does not fit is dropped: the protocol repeats what matters.
    func receive(_ envelopes: [Envelope]) {
        guard self.inbox.count + envelopes.count <= self.limits.inputsMax else {
            self.status.messagesDropped += envelopes.count
            return
        }
        for envelope in envelopes {
            switch envelope.message {
            case .append, .offer: self.leaderHeard = .now()
            default: break
            }
        }
        self.post(envelopes.lazy.map { .message($0) })
    }

    /// Ends the node's work here. What is still open has an unknown outcome.
    func stop() {
        self.isStopped = true
        self.timer?.task.cancel()
        self.fetcher?.stop()
        self.fetcher = nil  // the two refer to each other
        for answer in self.writers.removeAll() { answer(.failure(.outcomeUnknown)) }
        for answer in self.changers.removeAll() { answer(.failure(.outcomeUnknown)) }
        for answer in self.successionWatchers.removeAll() { answer(nil) }
        for answer in self.readers.removeAll() { answer(.failure(.notServed(leader: nil))) }
        for answer in self.leaderWatchers.removeAll() { answer(nil) }
        for watcher in self.applyWatchers.removeAll() { watcher.wake() }
    }

    // MARK: Draining

    func planDrain() {
        guard !self.isDrainPlanned else { return }
        self.isDrainPlanned = true
        let loop = NIOLoopBound(self, eventLoop: self.eventLoop)
        self.eventLoop.execute { loop.value.drain() }
    }

    /// Begins what has been proposed so far.
    func begin() {
        self.isInTurn = true
        defer { self.isInTurn = false }
        self.effects.removeAll()
        self.handProposals(now: Self.now)
        self.carryOut()
    }

    private func handProposals(now: RaftCore.Instant) {
        self.core.handle(.proposals(self.proposals, time: Self.wallClock()), now: now, into: &self.effects)
        self.proposals.removeAll(keepingCapacity: true)
    }

    private func drain() {
        self.isDrainPlanned = false
        if self.isStopped { return }
        self.isInTurn = true
        defer { self.isInTurn = false }
        let now = Self.now
        self.effects.removeAll()
        let inputs = self.inbox
        self.inbox.removeAll(keepingCapacity: true)
        for input in inputs { self.step(input, now: now) }
        if !self.proposals.isEmpty { self.handProposals(now: now) }
        self.carryOut()
    }

    private func step(_ input: Input, now: RaftCore.Instant) {
        // A snapshot that takes the place of the state comes between what was committed before it and after it.
        if case .fetched = input { self.carryOutAtOnce() }
        self.core.handle(input, now: now, into: &self.effects)
        if self.effects.install != nil { self.carryOutAtOnce() }
        if case .fetched = input { self.fetched = nil }  // not wanted any more, if it was not installed
    }

    private func carryOutAtOnce() {
        self.carryOut()
        self.effects.removeAll()
    }

    private func carryOut() {
        if let violation = self.effects.violation {
            self.logger.critical("consensus is broken, stopping at once", metadata: ["violation": "\(violation)"])
            exit(70)  // EX_SOFTWARE: going on could lose what was acknowledged
        }
        self.unsubmitted.append(contentsOf: self.effects.writes)
        // What is new goes to the followers at once: their disks have a longer way to go than this member's. Other
        // messages can wait for a few answers, which are waited for; not while a whole log is applied after a start.
        let isAnsweredFirst = self.effects.writes.isEmpty && self.openApplies < Self.answersFirstMax
        if !isAnsweredFirst { self.send() }
        self.submitWrites()
        if let snapshot = self.effects.install { self.install(snapshot) }
        self.answer()
        if isAnsweredFirst { self.send() }
        if let (snapshot, member) = self.effects.fetch { self.fetcher?.fetch(snapshot, from: member) }
        self.keepSnapshots()
        self.planTimer()
        self.noteStatus()
    }

    /// Entries that are committed and not applied.
    private var openApplies: UInt64 {
        guard let committed = self.effects.committed, committed > self.applied.index else { return 0 }
        return committed.rawValue - self.applied.index.rawValue
    }

    /// Hands the writes to the disk, in order. What it does not take now goes with the next receipt.
    private func submitWrites() {
        guard !self.unsubmitted.isEmpty else { return }
        switch self.storage.submit(self.unsubmitted) {
        case .accepted: self.unsubmitted.removeAll(keepingCapacity: true)
        case .full, .closed: break
        }
    }

    // MARK: Small things

    /// Asks the core something, where it lies: it is large, and as a property it would be copied for each question.
    func ask<Answer>(_ question: (inout Consensus) -> Answer) -> Answer { question(&self.core) }

    private func planTimer() {
        let deadline = self.ask { $0.deadline }
        if let timer = self.timer, timer.deadline <= deadline { return }
        self.timer?.task.cancel()
        let loop = NIOLoopBound(self, eventLoop: self.eventLoop)
        let task = self.eventLoop.scheduleTask(deadline: .uptimeNanoseconds(deadline.nanoseconds)) {
            loop.value.timer = nil
            loop.value.post([.timer])
        }
        self.timer = (deadline, task)
    }

    func newID() -> UInt64 {
        self.nextID += 1
        return self.nextID
    }

    private static var now: RaftCore.Instant { .init(nanoseconds: NIODeadline.now().uptimeNanoseconds) }

    static func wallClock() -> LogTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return LogTime(milliseconds: UInt64(max(0, time.tv_sec)) * 1_000 + UInt64(time.tv_nsec) / 1_000_000)
    }
}
