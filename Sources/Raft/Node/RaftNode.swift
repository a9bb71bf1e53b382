public import NIOCore
public import RaftCore
public import RaftStorage
public import RaftTransport
import Synchronization

import class Foundation.Thread

/// A member of a cluster: the public face of consensus. Any task may call it.
public final class RaftNode<Machine: StateMachine>: Sendable {
    /// Where peer connections come in: the HTTP server upgrades to it.
    public let transport: PeerTransport
    public let identity: PeerIdentity
    public let addresses: [NodeID: PeerAddress]
    private let eventLoop: any EventLoop
    private let storage: StorageThread
    private let loop: NIOLoopBound<NodeLoop<Machine>>
    private let published: Published
    private let intake = Mutex<[NodeLoop<Machine>.Request]>([])

    private final class Published: Sendable {
        let status: Mutex<NodeStatus>
        init(_ status: NodeStatus) { self.status = Mutex(status) }
    }

    /// Starts a member on a database that is open and recovered.
    ///
    /// - Parameters:
    ///   - machine: the state before the first entry.
    ///   - call: answers other members' calls.
    public static func start(
        _ configuration: RaftConfiguration,
        machine: Machine,
        database: consuming sending RaftDatabase,
        recovered: Recovered,
        on eventLoop: any EventLoop,
        call: @escaping @Sendable (PeerCall) -> Void
    ) async throws -> RaftNode {
        let receipts = ReceiptBox<Machine>(eventLoop)
        let storage = try StorageThread(database: database) { receipt in receipts.deliver(receipt) }
        return try await eventLoop.submit {
            RaftNode(
                configuration,
                machine: machine,
                storage: storage,
                recovered: recovered,
                on: eventLoop,
                receipts: receipts,
                call: call
            )
        }.get()
    }

    private init(
        _ configuration: RaftConfiguration,
        machine: Machine,
        storage: StorageThread,
        recovered: Recovered,
        on eventLoop: any EventLoop,
        receipts: ReceiptBox<Machine>,
        call: @escaping @Sendable (PeerCall) -> Void
    ) {
        let transport = PeerTransport(
            identity: configuration.identity,
            addresses: configuration.addresses,
            eventLoop: eventLoop,
            events: PeerEvents(messages: { receipts.loop?.receive($0) }, call: call),
            logger: configuration.logger
        )
        let core = Consensus(
            id: configuration.identity.node,
            settings: configuration.settings,
            recovered: recovered,
            seed: UInt64.random(in: .min ... .max),
            now: RaftCore.Instant(nanoseconds: NIODeadline.now().uptimeNanoseconds)
        )
        let published = Published(NodeStatus(consensus: core.status, applied: .zero))
        let loop = NodeLoop(
            core: core,
            machine: machine,
            storage: storage,
            transport: transport,
            eventLoop: eventLoop,
            logger: configuration.logger,
            publish: { status in published.status.withLock { $0 = status } }
        )
        self.transport = transport
        self.identity = configuration.identity
        self.addresses = configuration.addresses
        self.eventLoop = eventLoop
        self.storage = storage
        self.loop = NIOLoopBound(loop, eventLoop: eventLoop)
        self.published = published
        receipts.loop = loop
        loop.start()
    }

    // MARK: Use

    /// Puts a command into the log and returns what applying it gave. When it returns, the command is durable on a
    /// majority of disks.
    public func propose(
        _ payload: [UInt8],
        timeout: Duration
    ) async throws(ProposalError) -> Machine.Response {
        let result: Result<Machine.Response, ProposalError> = await withCheckedContinuation { continuation in
            self.take(.propose(payload, timeout: TimeAmount(timeout)) { continuation.resume(returning: $0) })
        }
        return try result.get()
    }

    /// The state with everything in it that was acknowledged anywhere before this call. Only the leader can tell.
    public func read(timeout: Duration) async throws(ReadError) -> Applied<Machine> {
        let result: Result<Applied<Machine>, ReadError> = await withCheckedContinuation { continuation in
            self.take(.read(timeout: TimeAmount(timeout)) { continuation.resume(returning: $0) })
        }
        return try result.get()
    }

    /// This member's own state, as far as it has got.
    public func local() async -> Applied<Machine> {
        await withCheckedContinuation { continuation in
            self.take(.look { continuation.resume(returning: $0) })
        }
    }

    /// The current leader, waiting for one if there is none.
    public func leader(waiting timeout: Duration) async -> NodeID? {
        await withCheckedContinuation { continuation in
            self.eventLoop.execute {
                self.loop.value.leader(waiting: TimeAmount(timeout)) { continuation.resume(returning: $0) }
            }
        }
    }

    /// Returns when this member has applied something beyond `index`, or when the time is up.
    public func applied(beyond index: LogIndex, waiting timeout: Duration) async {
        await withCheckedContinuation { continuation in
            self.eventLoop.execute {
                self.loop.value.applied(beyond: index, waiting: TimeAmount(timeout)) { continuation.resume() }
            }
        }
    }

    /// Asks another member, on the peer connection.
    public func call(_ member: NodeID, _ body: ByteBuffer, timeout: Duration) async throws -> ByteBuffer {
        try await withCheckedThrowingContinuation { continuation in
            self.take(.call(member, body, timeout: TimeAmount(timeout)) { continuation.resume(with: $0) })
        }
    }

    // MARK: Use from event loops

    // The same for callers who can't await: the answer is given on their own loop, all answers that belong to
    // one turn of the node in one hop. A caller on the node's loop pays for no hop at all.

    public func propose(
        _ payload: [UInt8],
        timeout: Duration,
        from caller: any EventLoop,
        _ answer: @escaping @Sendable (Result<Machine.Response, ProposalError>) -> Void
    ) {
        self.take(
            .propose(payload, timeout: TimeAmount(timeout)) { result in
                self.loop.value.answers.deliver(on: caller) { answer(result) }
            }
        )
    }

    public func read(
        timeout: Duration,
        from caller: any EventLoop,
        _ answer: @escaping @Sendable (Result<Applied<Machine>, ReadError>) -> Void
    ) {
        self.take(
            .read(timeout: TimeAmount(timeout)) { result in
                self.loop.value.answers.deliver(on: caller) { answer(result) }
            }
        )
    }

    public func local(from caller: any EventLoop, _ answer: @escaping @Sendable (Applied<Machine>) -> Void) {
        self.take(.look { local in self.loop.value.answers.deliver(on: caller) { answer(local) } })
    }

    public func call(
        leader: NodeID,
        _ body: ByteBuffer,
        timeout: Duration,
        from caller: any EventLoop,
        _ answer: @escaping @Sendable (Result<ByteBuffer, any Error>) -> Void
    ) {
        self.take(
            .callLeader(leader, body, timeout: TimeAmount(timeout)) { result in
                self.loop.value.answers.deliver(on: caller) { answer(result) }
            }
        )
    }

    /// Brings a request to the loop. Those that gather before the loop gets to them cost one wake-up together; there
    /// are never more than callers that wait for their answers.
    private func take(_ request: NodeLoop<Machine>.Request) {
        if self.eventLoop.inEventLoop { return self.loop.value.take(request) }
        let isFirst = self.intake.withLock { waiting in
            waiting.append(request)
            return waiting.count == 1
        }
        guard isFirst else { return }
        self.eventLoop.execute {
            let requests = self.intake.withLock { waiting in
                let requests = waiting
                waiting = []
                return requests
            }
            for request in requests { self.loop.value.take(request) }
        }
    }

    /// The same, of a member that leads: given up with `CallError.superseded` as soon as another one is known to lead.
    public func call(leader: NodeID, _ body: ByteBuffer, timeout: Duration) async throws -> ByteBuffer {
        try await withCheckedThrowingContinuation { continuation in
            self.take(.callLeader(leader, body, timeout: TimeAmount(timeout)) { continuation.resume(with: $0) })
        }
    }

    /// Whether this member leads, and who does as far as it knows.
    public var leadership: (isOwn: Bool, leader: NodeID?) {
        self.published.status.withLock { ($0.consensus.role == .leader, $0.consensus.leader) }
    }

    public var status: NodeStatus { self.published.status.withLock { $0 } }

    /// Stops taking part, and returns when everything written is on disk.
    public func shutdown() async {
        self.transport.close()
        try? await self.eventLoop.submit { self.loop.value.stop() }.get()  // fails only if the loop itself is gone
        // Blocks until the last commit is done, so it gets a thread of its own.
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                self.storage.close()
                continuation.resume()
            }
        }
    }
}

/// Where receipts and messages go once the loop exists. `loop` is set and read on the event loop only, and weak: the
/// loop holds the transport, whose events hold this.
// @unchecked: see above; `deliver` hops there first.
private final class ReceiptBox<Machine: StateMachine>: @unchecked Sendable {
    private let eventLoop: any EventLoop
    weak var loop: NodeLoop<Machine>?

    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func deliver(_ receipt: Receipt) {
        self.eventLoop.execute { self.loop?.post([.persisted(receipt)]) }
    }
}
