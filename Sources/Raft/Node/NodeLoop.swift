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

    private let eventLoop: any EventLoop
    private let storage: StorageThread
    private let transport: PeerTransport
    private let logger: Logger
    private let publish: (NodeStatus) -> Void

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
    private var writers: [ProposalID: (Outcome<Machine.Response>) -> Void] = [:]
    private var readers: [ReadID: (Result<Applied<Machine>, ReadError>) -> Void] = [:]
    private var applyWatchers: [UInt64: (beyond: LogIndex, wake: () -> Void)] = [:]
    private var leaderWatchers: [UInt64: (NodeID?) -> Void] = [:]
    private var leaderCalls: [UInt64: (leader: NodeID, answer: EventLoopPromise<ByteBuffer>)] = [:]
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
        self.status = NodeStatus(consensus: core.status, applied: .zero)
        publish(self.status)
    }

    // MARK: Inputs

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

    func propose(_ payload: [UInt8], timeout: TimeAmount, _ answer: @escaping (Outcome<Machine.Response>) -> Void) {
        if self.isStopped { return answer(.failure(.notAccepted(leader: nil))) }
        if payload.count > Entry.payloadBytesMax { return answer(.failure(.tooLarge)) }
        let id = ProposalID(self.newID())
        self.writers[id] = answer
        self.proposals.append(Proposal(id: id, payload: payload))
        self.after(timeout) { loop in loop.writers.removeValue(forKey: id)?(.failure(.outcomeUnknown)) }
        self.planDrain()
    }

    func read(timeout: TimeAmount, _ answer: @escaping (Result<Applied<Machine>, ReadError>) -> Void) {
        if self.isStopped { return answer(.failure(.notLeader(nil))) }
        let id = ReadID(self.newID())
        self.readers[id] = answer
        self.after(timeout) { loop in loop.readers.removeValue(forKey: id)?(.failure(.timedOut)) }
        self.post([.read(id, .index)])
    }

    /// Answers with the leader as soon as one is known, or with nil when the time is up.
    func leader(waiting timeout: TimeAmount, _ answer: @escaping (NodeID?) -> Void) {
        if let leader = self.core.leader { return answer(leader) }
        let id = self.newID()
        self.leaderWatchers[id] = answer
        self.after(timeout) { loop in loop.leaderWatchers.removeValue(forKey: id)?(nil) }
    }

    /// Asks a member for what only a leader can answer: given up as soon as another one is known to lead.
    func call(leader: NodeID, _ body: ByteBuffer, timeout: TimeAmount) -> EventLoopFuture<ByteBuffer> {
        let id = self.newID()
        let answer = self.eventLoop.makePromise(of: ByteBuffer.self)
        self.leaderCalls[id] = (leader, answer)
        let loop = NIOLoopBound(self, eventLoop: self.eventLoop)
        self.transport.call(leader, body, timeout: timeout).hop(to: self.eventLoop).whenComplete { result in
            loop.value.leaderCalls.removeValue(forKey: id)?.answer.completeWith(result)
        }
        return answer.futureResult
    }

    private func giveUpCalls(butTo leader: NodeID) {
        for (id, call) in self.leaderCalls where call.leader != leader {
            self.leaderCalls[id] = nil
            call.answer.fail(CallError.superseded)
        }
    }

    /// Wakes the caller when something beyond `index` is applied, or when the time is up.
    func applied(beyond index: LogIndex, waiting timeout: TimeAmount, _ wake: @escaping () -> Void) {
        if self.isStopped || self.applied.index > index { return wake() }
        let id = self.newID()
        self.applyWatchers[id] = (index, wake)
        self.after(timeout) { loop in loop.applyWatchers.removeValue(forKey: id)?.wake() }
    }

    /// Ends the node's work here. What is still open has an unknown outcome.
    func stop() {
        self.isStopped = true
        self.timer?.task.cancel()
        for answer in self.writers.values { answer(.failure(.outcomeUnknown)) }
        for answer in self.readers.values { answer(.failure(.notLeader(nil))) }
        for answer in self.leaderWatchers.values { answer(nil) }
        for watcher in self.applyWatchers.values { watcher.wake() }
        self.applyWatchers = [:]
        self.writers = [:]
        self.readers = [:]
        self.leaderWatchers = [:]
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
        if !self.effects.messages.isEmpty {
            for envelope in self.effects.messages { self.transport.send(envelope.message, to: envelope.to) }
            self.transport.flush()
        }
        self.answer()
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
                guard let done = next, done.position.index == entry.index else { continue }
                if let response { self.writers.removeValue(forKey: done.proposal)?(.success(response)) }
                next = completed.next()
            }
        }
        self.wakeApplyWatchers()
        for refusal in effects.refused { self.writers.removeValue(forKey: refusal.proposal)?(.failure(refusal.error)) }
        for grant in effects.grantedReads { self.readers.removeValue(forKey: grant.read)?(.success(self.local)) }
        for refusal in effects.refusedReads {
            self.readers.removeValue(forKey: refusal.read)?(.failure(.notLeader(refusal.leader)))
        }
    }

    private func wakeApplyWatchers() {
        guard !self.applyWatchers.isEmpty else { return }
        let due = self.applyWatchers.filter { $0.value.beyond < self.applied.index }
        for (id, watcher) in due {
            self.applyWatchers[id] = nil
            watcher.wake()
        }
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
        if let leader = after.leader, !self.leaderWatchers.isEmpty {
            let watchers = self.leaderWatchers.values
            self.leaderWatchers = [:]
            for answer in watchers { answer(leader) }
        }
    }

    // MARK: Small things

    private func newID() -> UInt64 {
        self.nextID += 1
        return self.nextID
    }

    private func after(_ timeout: TimeAmount, _ act: @escaping (NodeLoop) -> Void) {
        let act = NIOLoopBound(act, eventLoop: self.eventLoop)
        let loop = NIOLoopBound(self, eventLoop: self.eventLoop)
        self.eventLoop.scheduleTask(in: timeout) { act.value(loop.value) }
    }

    private static func wallClock() -> LogTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return LogTime(milliseconds: UInt64(max(0, time.tv_sec)) * 1_000 + UInt64(time.tv_nsec) / 1_000_000)
    }
}
