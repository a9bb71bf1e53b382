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

    private static var answersFirstMax: Int { 8 }

    private let eventLoop: any EventLoop
    private let storage: StorageThread
    private let transport: PeerTransport
    private let logger: Logger
    private let publish: (NodeStatus) -> Void
    let answers: AnswerBatches

    private var core: Consensus
    private(set) var machine: Machine
    private(set) var applied = LogPosition.zero
    private var effects = Effects()
    private var inbox: [Input] = []
    private var unsubmitted: [Write] = []
    private var proposals: [Proposal] = []
    private var isDrainPlanned = false
    private var timer: (deadline: RaftCore.Instant, task: Scheduled<Void>)?
    private var isStopped = false

    private var nextID: UInt64 = 1
    private let writers: Waiters<ProposalID, (Outcome<Machine.Response>) -> Void>
    private let readers: Waiters<ReadID, (Result<Applied<Machine>, ReadError>) -> Void>
    /// Reads that wait until this member has applied what they are to see. Those that nobody waits for any more go when
    /// their turn comes.
    private var grantedReads: [Effects.ReadGrant] = []
    private let applyWatchers: Waiters<UInt64, (beyond: LogIndex, wake: () -> Void)>
    private let leaderWatchers: Waiters<UInt64, (NodeID?) -> Void>
    private var leaderCalls: [UInt64: (leader: NodeID, answer: (Result<ByteBuffer, any Error>) -> Void)] = [:]
    private var status: NodeStatus
    private var leaderHeard: NIODeadline?

    init(
        core: Consensus,
        machine: Machine,
        storage: StorageThread,
        transport: PeerTransport,
        eventLoop: any EventLoop,
        logger: Logger,
        publish: @escaping (NodeStatus) -> Void
    ) {
        self.core = core
        self.machine = machine
        self.storage = storage
        self.transport = transport
        self.eventLoop = eventLoop
        self.logger = logger
        self.publish = publish
        self.answers = AnswerBatches(eventLoop: eventLoop)
        self.writers = Waiters(eventLoop: eventLoop) { $0(.failure(.outcomeUnknown)) }
        self.readers = Waiters(eventLoop: eventLoop) { $0(.failure(.timedOut)) }
        self.applyWatchers = Waiters(eventLoop: eventLoop) { $0.wake() }
        self.leaderWatchers = Waiters(eventLoop: eventLoop) { $0(nil) }
        self.status = NodeStatus(consensus: core.status, applied: .zero)
        publish(self.status)
    }

    // MARK: Inputs

    /// What somebody on another thread, or on this loop, asks for.
    enum Request {
        case propose([UInt8], timeout: TimeAmount, @Sendable (Outcome<Machine.Response>) -> Void)
        case read(timeout: TimeAmount, @Sendable (Result<Applied<Machine>, ReadError>) -> Void)
        case look(@Sendable (Applied<Machine>) -> Void)
        case call(NodeID, ByteBuffer, timeout: TimeAmount, @Sendable (Result<ByteBuffer, any Error>) -> Void)
        case callLeader(NodeID, ByteBuffer, timeout: TimeAmount, @Sendable (Result<ByteBuffer, any Error>) -> Void)
    }

    func take(_ request: Request) {
        switch request {
        case .propose(let payload, let timeout, let answer): self.propose(payload, timeout: timeout, answer)
        case .read(let timeout, let answer): self.read(timeout: timeout, answer)
        case .look(let answer): answer(self.local)
        case .call(let member, let body, let timeout, let answer):
            self.transport.call(member, body, timeout: timeout).whenComplete(answer)
        case .callLeader(let leader, let body, let timeout, let answer):
            self.call(leader: leader, body, timeout: timeout, answer)
        }
    }

    func start() {
        self.transport.start()
        self.planTimer()
    }

    func post(_ inputs: some Sequence<Input>) {
        self.inbox.append(contentsOf: inputs)
        self.planDrain()
    }

    func receive(_ envelopes: [Envelope]) {
        for envelope in envelopes {
            if case .append = envelope.message { self.leaderHeard = .now() }
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
        let id = ProposalID(self.newID())
        self.writers.add(answer, as: id, timeout: timeout)
        self.proposals.append(Proposal(id: id, payload: payload))
        self.planDrain()
    }

    private func read(timeout: TimeAmount, _ answer: @escaping (Result<Applied<Machine>, ReadError>) -> Void) {
        if self.isStopped { return answer(.failure(.notLeader(nil))) }
        let id = ReadID(self.newID())
        self.readers.add(answer, as: id, timeout: timeout)
        self.inbox.append(.read(id, .index))
        self.planDrain()
    }

    /// Answers with the leader as soon as one is known, or with nil when the time is up.
    func leader(waiting timeout: TimeAmount, _ answer: @escaping (NodeID?) -> Void) {
        if let leader = self.core.leader { return answer(leader) }
        self.leaderWatchers.add(answer, as: self.newID(), timeout: timeout)
    }

    /// Asks a member for what only a leader can answer: given up as soon as another one is known to lead.
    private func call(
        leader: NodeID,
        _ body: ByteBuffer,
        timeout: TimeAmount,
        _ answer: @escaping (Result<ByteBuffer, any Error>) -> Void
    ) {
        let id = self.newID()
        self.leaderCalls[id] = (leader, answer)
        let loop = NIOLoopBound(self, eventLoop: self.eventLoop)
        self.transport.call(leader, body, timeout: timeout).whenComplete { result in
            loop.value.leaderCalls.removeValue(forKey: id)?.answer(result)
        }
    }

    private func giveUpCalls(butTo leader: NodeID) {
        for (id, call) in self.leaderCalls where call.leader != leader {
            self.leaderCalls[id] = nil
            call.answer(.failure(CallError.superseded))
        }
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
        for answer in self.writers.removeAll() { answer(.failure(.outcomeUnknown)) }
        for answer in self.readers.removeAll() { answer(.failure(.notLeader(nil))) }
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
        for input in inputs { self.core.handle(input, now: now, into: &self.effects) }
        if !self.proposals.isEmpty {
            self.core.handle(.proposals(self.proposals, time: Self.wallClock()), now: now, into: &self.effects)
            self.proposals.removeAll(keepingCapacity: true)
        }
        self.carryOut()
    }

    private func carryOut() {
        if let violation = self.effects.violation {
            self.logger.critical("consensus is broken, stopping at once", metadata: ["violation": "\(violation)"])
            exit(70)  // EX_SOFTWARE: going on could lose what was acknowledged
        }
        self.unsubmitted.append(contentsOf: self.effects.writes)
        self.submitWrites()
        // What is new goes to the followers at once. News of a commit can wait for a few answers, which are waited for.
        if self.effects.writes.isEmpty && self.effects.completed.count < Self.answersFirstMax {
            self.answer()
            self.send()
        } else {
            self.send()
            self.answer()
        }
        self.planTimer()
        self.noteStatus()
    }

    private func send() {
        guard !self.effects.messages.isEmpty else { return }
        for envelope in self.effects.messages { self.transport.send(envelope.message, to: envelope.to) }
        self.transport.flush()
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
                guard let done = next, done.position.index == entry.index else { continue }
                if let response { self.writers.remove(done.proposal)?(.success(response)) }
                next = completed.next()
            }
        }
        for watcher in self.applyWatchers.remove(where: { $0.beyond < self.applied.index }) { watcher.wake() }
        for refusal in effects.refused { self.writers.remove(refusal.proposal)?(.failure(refusal.error)) }
        self.answerReads(effects.grantedReads)
        for refusal in effects.refusedReads {
            self.readers.remove(refusal.read)?(.failure(.notLeader(refusal.leader)))
        }
    }

    /// A follower may be told that a read sees more than it has applied: such a read waits for the rest.
    private func answerReads(_ grants: [Effects.ReadGrant]) {
        self.grantedReads.append(contentsOf: grants)
        guard !self.grantedReads.isEmpty else { return }
        let due = self.grantedReads.filter { $0.index <= self.applied.index }
        self.grantedReads.removeAll { $0.index <= self.applied.index }
        let local = self.local
        for grant in due { self.readers.remove(grant.read)?(.success(local)) }
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
        self.publish(self.status)
        if let leader = after.leader, leader != before.leader { self.giveUpCalls(butTo: leader) }
        if let leader = after.leader { for answer in self.leaderWatchers.removeAll() { answer(leader) } }
    }

    // MARK: Small things

    private func newID() -> UInt64 {
        self.nextID += 1
        return self.nextID
    }

    private static func wallClock() -> LogTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return LogTime(milliseconds: UInt64(max(0, time.tv_sec)) * 1_000 + UInt64(time.tv_nsec) / 1_000_000)
    }
}
