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
final class NodeLoop<Machine: StateMachine> {
    typealias Outcome<Value> = Result<Value, ProposalError>
    typealias ReadAnswer = (Result<Applied<Machine>, ReadError>) -> Void

    let eventLoop: any EventLoop
    private let storage: StorageThread
    let snapshots: SnapshotThread
    private let transport: PeerTransport
    let logger: Logger
    private let publish: (NodeStatus) -> Void
    let answers: AnswerBatches

    private(set) var core: Consensus
    private(set) var machine: Machine
    private(set) var applied: LogPosition
    var schedule: SnapshotSchedule
    var isCapturing = false
    /// The snapshots whose bytes the snapshots' thread was told to keep.
    var kept: (snapshots: [Snapshot], fetching: Snapshot.ID?)
    /// A pulled snapshot's state, until the core says whether to install it.
    var fetched: (id: Snapshot.ID, machine: Machine)?
    private(set) var fetcher: SnapshotFetcher<Machine>?
    private var effects = Effects()
    private var inbox: [Input] = []
    private var unsubmitted: [Write] = []
    private var proposals: [Proposal] = []
    private var isDrainPlanned = false
    private var timer: (deadline: RaftCore.Instant, task: Scheduled<Void>)?
    private(set) var isStopped = false

    private var nextID: UInt64 = 1
    let settings: Settings
    let limits: RaftConfiguration.Limits
    private let peers: PeerDirectory
    private let writers: Waiters<ProposalID, (Outcome<Machine.Response>) -> Void>
    let changers: Waiters<ProposalID, (Outcome<Membership>) -> Void>
    let successionWatchers: Waiters<UInt64, (NodeID?) -> Void>
    let readers: Waiters<ReadID, ReadAnswer>
    /// Reads that see the newest state once this much is applied.
    var granted: [(read: ReadID, index: LogIndex)] = []
    private let applyWatchers: Waiters<UInt64, (beyond: LogIndex, wake: () -> Void)>
    private let leaderWatchers: Waiters<UInt64, (NodeID?) -> Void>
    var status: NodeStatus
    private var leaderHeard: NIODeadline?
    /// The committed membership that the transport knows.
    private var committed = Membership.unknown
    /// The membership of the snapshot that is being pulled.
    private var offered: Membership?

    init(
        core: Consensus,
        machine: Machine,
        configuration: RaftConfiguration,
        storage: StorageThread,
        snapshots: SnapshotThread,
        transport: PeerTransport,
        eventLoop: any EventLoop,
        publish: @escaping (NodeStatus) -> Void
    ) {
        self.core = core
        self.machine = machine
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
        self.answers = AnswerBatches(eventLoop: eventLoop)
        self.writers = Waiters(eventLoop: eventLoop) { $0(.failure(.outcomeUnknown)) }
        self.changers = Waiters(eventLoop: eventLoop) { $0(.failure(.outcomeUnknown)) }
        self.successionWatchers = Waiters(eventLoop: eventLoop) { $0(nil) }
        self.readers = Waiters(eventLoop: eventLoop) { $0(.failure(.timedOut)) }
        self.applyWatchers = Waiters(eventLoop: eventLoop) { $0.wake() }
        self.leaderWatchers = Waiters(eventLoop: eventLoop) { $0(nil) }
        self.status = NodeStatus(consensus: core.status, applied: self.applied)
        publish(self.status)
        let loop = NIOLoopBound(self, eventLoop: eventLoop)
        self.fetcher = SnapshotFetcher(
            snapshots: snapshots,
            transport: transport,
            eventLoop: eventLoop,
            logger: configuration.logger,
            fetched: { snapshot, machine in loop.value.arrived(snapshot, machine) }
        )
    }

    // MARK: Inputs

    /// What somebody on another thread, or on this loop, asks for.
    enum Request {
        case propose([UInt8], timeout: TimeAmount, @Sendable (Outcome<Machine.Response>) -> Void)
        case read(ReadMode, timeout: TimeAmount, @Sendable (Result<Applied<Machine>, ReadError>) -> Void)
        /// A read that is content with everything up to an index.
        case readAtLeast(LogIndex, timeout: TimeAmount, @Sendable (Result<Applied<Machine>, ReadError>) -> Void)
        case look(@Sendable (Applied<Machine>) -> Void)
        case call(NodeID, ByteBuffer, timeout: TimeAmount, @Sendable (Result<ByteBuffer, any Error>) -> Void)
    }

    func take(_ request: Request) {
        switch request {
        case .propose(let payload, let timeout, let answer): self.propose(payload, timeout: timeout, answer)
        case .read(let mode, let timeout, let answer): self.read(mode, timeout: timeout, answer)
        case .readAtLeast(let index, let timeout, let answer): self.read(atLeast: index, timeout: timeout, answer)
        case .look(let answer): answer(self.local)
        case .call(let member, let body, let timeout, let answer):
            self.transport.call(member, body, timeout: timeout).whenComplete(answer)
        }
    }

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

    private func propose(
        _ payload: [UInt8],
        timeout: TimeAmount,
        _ answer: @escaping (Outcome<Machine.Response>) -> Void
    ) {
        if self.isStopped { return answer(.failure(.notAccepted(leader: nil))) }
        if payload.count > Entry.payloadBytesMax { return answer(.failure(.tooLarge)) }
        if self.writers.count >= self.limits.openProposalsMax { return answer(.failure(.overloaded)) }
        let id = ProposalID(self.newID())
        self.writers.add(answer, as: id, timeout: timeout)
        self.proposals.append(Proposal(id: id, payload: payload))
        self.planDrain()
    }

    /// Answers with the leader as soon as one is known, or with nil when the time is up.
    func leader(waiting timeout: TimeAmount, _ answer: @escaping (NodeID?) -> Void) {
        if let leader = self.core.leader { return answer(leader) }
        self.leaderWatchers.add(answer, as: self.newID(), timeout: timeout)
    }

    /// Wakes the caller when something beyond `index` is applied, or when the time is up.
    func applied(beyond index: LogIndex, waiting timeout: TimeAmount, _ wake: @escaping () -> Void) {
        if self.isStopped || self.applied.index > index { return wake() }
        self.applyWatchers.add((index, wake), as: self.newID(), timeout: timeout)
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

    var local: Applied<Machine> {
        var staleness: Duration?
        if self.core.status.role == .leader {
            staleness = .zero
        } else if let heard = self.leaderHeard {
            staleness = .nanoseconds((NIODeadline.now() - heard).nanoseconds)
        }
        return Applied(
            machine: self.machine,
            index: self.applied.index,
            term: self.applied.term,
            staleness: staleness
        )
    }

    // MARK: Draining

    private func planDrain() {
        guard !self.isDrainPlanned else { return }
        self.isDrainPlanned = true
        let loop = NIOLoopBound(self, eventLoop: self.eventLoop)
        self.eventLoop.execute { loop.value.drain() }
    }

    private func drain() {
        self.isDrainPlanned = false
        if self.isStopped { return }
        let now = RaftCore.Instant(nanoseconds: NIODeadline.now().uptimeNanoseconds)
        self.effects.removeAll()
        let inputs = self.inbox
        self.inbox.removeAll(keepingCapacity: true)
        for input in inputs { self.step(input, now: now) }
        if !self.proposals.isEmpty {
            self.core.handle(.proposals(self.proposals, time: Self.wallClock()), now: now, into: &self.effects)
            self.proposals.removeAll(keepingCapacity: true)
        }
        self.carryOut()
    }

    private func step(_ input: Input, now: RaftCore.Instant) {
        // A snapshot that takes the place of the state comes between what was committed before it and after it.
        if case .fetched = input { self.carryOutAtOnce() }
        self.core.handle(input, now: now, into: &self.effects)
        if self.effects.install != nil { self.carryOutAtOnce() }
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
        self.submitWrites()
        if !self.effects.messages.isEmpty {
            for envelope in self.effects.messages { self.transport.send(envelope.message, to: envelope.to) }
            self.transport.flush()
        }
        if let snapshot = self.effects.install { self.install(snapshot) }
        self.answer()
        if let (snapshot, member) = self.effects.fetch { self.fetcher?.fetch(snapshot, from: member) }
        self.keepSnapshots()
        self.planTimer()
        self.noteStatus()
    }

    /// Hands the writes to the disk, in order. What it does not take now goes with the next receipt.
    private func submitWrites() {
        guard !self.unsubmitted.isEmpty else { return }
        switch self.storage.submit(self.unsubmitted) {
        case .accepted: self.unsubmitted.removeAll(keepingCapacity: true)
        case .full, .closed: break
        }
    }

    /// Applies what is committed and answers everybody whose wait is over.
    private func answer() {
        let effects = self.effects
        var completed = effects.completed.makeIterator()
        var next = completed.next()
        if let committed = effects.committed {
            while self.applied.index < committed, let entry = self.core.entry(at: self.applied.index.next) {
                let response = self.apply(entry)
                if self.schedule.applied(entry) { self.capture() }
                guard let done = next, done.position.index == entry.index else { continue }
                if let response { self.writers.remove(done.proposal)?(.success(response)) }
                if entry.kind == .membership { self.changed(entry, by: done.proposal) }
                next = completed.next()
            }
        }
        for watcher in self.applyWatchers.remove(where: { $0.beyond < self.applied.index }) { watcher.wake() }
        for refusal in effects.refused {
            self.writers.remove(refusal.proposal)?(.failure(refusal.error))
            self.changers.remove(refusal.proposal)?(.failure(refusal.error))
        }
        for grant in effects.grantedReads { self.granted.append((grant.read, grant.index)) }
        self.answerGranted()
        for refusal in effects.refusedReads {
            self.readers.remove(refusal.read)?(.failure(.notServed(leader: refusal.leader)))
        }
    }

    func replaceState(_ machine: Machine, at position: LogPosition) {
        self.machine = machine
        self.applied = position
    }

    private func apply(_ entry: Entry) -> Machine.Response? {
        self.applied = entry.position
        switch entry.kind {
        case .noop, .membership: return nil
        case .command: return self.machine.apply(entry.payload, at: entry.index, time: entry.time)
        default:
            // Members that know the kind apply it; going on without it would make this state another one.
            self.logger.critical("an entry of an unknown kind is committed, stopping; upgrade this member")
            exit(70)
        }
    }

    // MARK: Timer and status

    private func planTimer() {
        let deadline = self.core.deadline
        if let timer = self.timer, timer.deadline <= deadline { return }
        self.timer?.task.cancel()
        let loop = NIOLoopBound(self, eventLoop: self.eventLoop)
        let task = self.eventLoop.scheduleTask(deadline: .uptimeNanoseconds(deadline.nanoseconds)) {
            loop.value.timer = nil
            loop.value.post([.timer])
        }
        self.timer = (deadline, task)
    }

    private func noteStatus() {
        let before = self.status.consensus
        let after = self.core.status
        self.status.consensus = after
        self.status.applied = self.applied
        self.status.openProposals = self.writers.count
        self.status.openReads = self.readers.count
        self.noteTransfer()
        if after.role != before.role || after.term != before.term || after.leader != before.leader {
            self.logger.info(
                "role",
                metadata: [
                    "role": "\(after.role)", "term": "\(after.term.rawValue)",
                    "leader": "\(after.leader.map(\.description) ?? "none")",
                ]
            )
            if after.role == .leader && before.role != .leader { self.status.electionsWon += 1 }
        }
        if after.membership != before.membership || self.core.committedMembership != self.committed
            || self.core.fetching?.membership != self.offered
        {
            self.knowPeers()
        }
        self.publish(self.status)
        self.noteSuccession(after)
        if let leader = after.leader { for answer in self.leaderWatchers.removeAll() { answer(leader) } }
    }

    /// Members are dialed where the newest membership says, and let in as the newest committed one says.
    private func knowPeers() {
        self.committed = self.core.committedMembership
        self.offered = self.core.fetching?.membership
        let peers = self.peers.addresses(of: self.core.status.membership, offered: self.offered)
        self.transport.update(peers: peers, committed: self.committed)
    }

    /// How the connections are has changed.
    func noteTransport() {
        self.status.transport = self.transport.status
        self.publish(self.status)
    }

    // MARK: Small things

    func newID() -> UInt64 {
        self.nextID += 1
        return self.nextID
    }

    static func wallClock() -> LogTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return LogTime(milliseconds: UInt64(max(0, time.tv_sec)) * 1_000 + UInt64(time.tv_nsec) / 1_000_000)
    }
}
