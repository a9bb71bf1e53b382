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
    /// As the other members are told it.
    public let identity: PeerIdentity
    private let directory: PeerDirectory
    private let handOverTimeout: Duration
    private let eventLoop: any EventLoop
    private let storage: StorageThread
    private let snapshots: SnapshotThread
    private let chunks: ChunkService
    private let loop: NIOLoopBound<NodeLoop>
    @usableFromInline let host: NIOLoopBound<HostedMachine<Machine>>
    @usableFromInline let answers: AnswerBatches
    @usableFromInline let intake: Intake
    private let published: Published

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
        let receipts = ReceiptBox(eventLoop)
        let snapshots = SnapshotThread(store: database.snapshots)
        var restored: (any StateMachine)?
        if let newest = recovered.snapshots.last {
            restored = try await snapshots.restore(newest, as: Machine.self)
        }
        let storage = try StorageThread(database: database) { receipt in receipts.deliver(receipt) }
        return try await eventLoop.submit { [restored] in
            let host = HostedMachine(machine)
            if let restored { host.replace(by: restored) }
            return RaftNode(
                configuration,
                host: host,
                storage: storage,
                snapshots: snapshots,
                recovered: recovered,
                on: eventLoop,
                receipts: receipts,
                call: call
            )
        }.get()
    }

    private init(
        _ configuration: RaftConfiguration,
        host: HostedMachine<Machine>,
        storage: StorageThread,
        snapshots: SnapshotThread,
        recovered: Recovered,
        on eventLoop: any EventLoop,
        receipts: ReceiptBox,
        call: @escaping @Sendable (PeerCall) -> Void
    ) {
        let chunks = ChunkService(logger: configuration.logger) { number, snapshot, done in
            snapshots.chunk(number, of: snapshot, done: done)
        }
        let transport = PeerTransport(
            identity: configuration.identity,
            peers: [:],
            eventLoop: eventLoop,
            security: configuration.security,
            events: PeerEvents(
                messages: { receipts.loop?.receive($0) },
                met: { member, incarnation in receipts.loop?.post([.met(member, incarnation)]) },
                lost: { member in receipts.loop?.post([.lost(member)]) },
                statusChanged: { receipts.loop?.noteTransport() },
                call: call,
                chunk: { number, snapshot, call in chunks.serve(number, of: snapshot) { call.answer($0) } }
            ),
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
            host: host,
            configuration: configuration,
            storage: storage,
            snapshots: snapshots,
            transport: transport,
            eventLoop: eventLoop,
            publish: { status in published.status.withLock { $0 = status } }
        )
        self.transport = transport
        self.identity = configuration.identity
        self.directory = PeerDirectory(own: configuration.identity.node, configured: configuration.addresses)
        self.handOverTimeout = configuration.settings.electionTimeoutMax
        self.eventLoop = eventLoop
        self.storage = storage
        self.snapshots = snapshots
        self.chunks = chunks
        self.loop = NIOLoopBound(loop, eventLoop: eventLoop)
        self.host = NIOLoopBound(host, eventLoop: eventLoop)
        self.answers = AnswerBatches(eventLoop: eventLoop)
        self.intake = Intake(self.loop, on: eventLoop)
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
            self.intake.take(
                .propose(payload, timeout: TimeAmount(timeout)) { result in
                    continuation.resume(returning: result.map { self.host.value.response })
                }
            )
        }
        return try result.get()
    }

    /// The state with everything in it that was acknowledged anywhere before this call. Any member serves it, as long
    /// as it hears the leader.
    public func read(_ mode: ReadMode = .index, timeout: Duration) async throws(ReadError) -> Applied<Machine> {
        let result: Result<Applied<Machine>, ReadError> = await withCheckedContinuation { continuation in
            self.intake.take(
                .read(mode, timeout: TimeAmount(timeout)) { result in
                    continuation.resume(returning: result.map { self.applied($0) })
                }
            )
        }
        return try result.get()
    }

    /// The state as soon as it has everything up to `index` in it. With the index of one's own last write that is
    /// reading what one has written, on any member, and whoever leads.
    public func read(atLeast index: LogIndex, timeout: Duration) async throws(ReadError) -> Applied<Machine> {
        let result: Result<Applied<Machine>, ReadError> = await withCheckedContinuation { continuation in
            self.intake.take(
                .readAtLeast(index, timeout: TimeAmount(timeout)) { result in
                    continuation.resume(returning: result.map { self.applied($0) })
                }
            )
        }
        return try result.get()
    }

    /// This member's own state, as far as it has got.
    public func local() async -> Applied<Machine> {
        await withCheckedContinuation { continuation in
            self.intake.take(.look { continuation.resume(returning: self.applied($0)) })
        }
    }

    /// On the node's loop only.
    @usableFromInline
    func applied(_ reach: Reach) -> Applied<Machine> { Applied(self.host.value.machine, reach) }

    /// The current leader, waiting for one if there is none. Throws only `overloaded`.
    public func leader(waiting timeout: Duration) async throws(ReadError) -> NodeID? {
        let result: Result<NodeID?, ReadError> = await withCheckedContinuation { continuation in
            self.eventLoop.execute {
                self.loop.value.leader(waiting: TimeAmount(timeout)) { continuation.resume(returning: $0) }
            }
        }
        return try result.get()
    }

    /// Returns when this member has applied something beyond `index`, or when the time is up. Throws only
    /// `overloaded`.
    public func applied(beyond index: LogIndex, waiting timeout: Duration) async throws(ReadError) {
        let result: Result<Void, ReadError> = await withCheckedContinuation { continuation in
            self.eventLoop.execute {
                self.loop.value.applied(beyond: index, waiting: TimeAmount(timeout)) {
                    continuation.resume(returning: $0)
                }
            }
        }
        try result.get()
    }

    /// Changes who belongs to the cluster. Returns the membership that begins the change, once it is committed: the
    /// member that was added is among its members under its new id. What follows happens by itself: a joint phase is
    /// left, a learner that is to vote catches up and is promoted.
    public func change(
        _ change: MembershipChange,
        timeout: Duration
    ) async throws(ProposalError) -> Membership {
        let result: Result<Membership, ProposalError> = await withCheckedContinuation { continuation in
            self.eventLoop.execute {
                self.loop.value.change(change, timeout: TimeAmount(timeout)) { continuation.resume(returning: $0) }
            }
        }
        return try result.get()
    }

    /// Hands the office over, to that voter or to the one that is furthest. Returns who leads then; nil if this member
    /// goes on leading, or nobody is known to lead when the time is up. A member that does not lead says who does.
    public func transfer(to target: NodeID? = nil, timeout: Duration) async -> NodeID? {
        await withCheckedContinuation { continuation in
            self.eventLoop.execute {
                self.loop.value.transfer(to: target, timeout: TimeAmount(timeout)) {
                    continuation.resume(returning: $0)
                }
            }
        }
    }

    /// Who belongs to the cluster, as this member knows it: the latest in its log, committed or not.
    public var membership: Membership { self.status.consensus.membership }

    /// Asks another member, on the peer connection.
    public func call(_ member: NodeID, _ body: ByteBuffer, timeout: Duration) async throws -> ByteBuffer {
        try await withCheckedThrowingContinuation { continuation in
            self.intake.take(.call(member, body, timeout: TimeAmount(timeout)) { continuation.resume(with: $0) })
        }
    }

    /// The node after its last turn, and its disk at the moment. May be read on any thread; waits for nobody.
    public var status: NodeStatus {
        var status = self.published.status.withLock { $0 }
        status.disk = self.storage.metrics
        status.snapshots.chunksSent = self.chunks.sent
        return status
    }

    /// Where the other members are reached, as far as this one knows.
    public var addresses: [NodeID: PeerAddress] {
        self.directory.addresses(of: self.status.consensus.membership)
    }

    /// Asks a member that leads: given up with `CallError.superseded` as soon as another one is known to lead.
    public func call(leader: NodeID, _ body: ByteBuffer, timeout: Duration) async throws -> ByteBuffer {
        try await withCheckedThrowingContinuation { continuation in
            self.intake.take(.callLeader(leader, body, timeout: TimeAmount(timeout)) { continuation.resume(with: $0) })
        }
    }

    /// Whether this member leads, and who does as far as it knows.
    public var leadership: (isOwn: Bool, leader: NodeID?) {
        self.published.status.withLock { ($0.consensus.role == .leader, $0.consensus.leader) }
    }

    /// Stops taking part, and returns when everything written is on disk.
    ///
    /// - Parameter handingOver: a leader first gives its office to another voter, so that the others need not find out
    ///   that it is gone. It waits an election timeout for that, and no longer.
    public func shutdown(handingOver: Bool = false) async {
        if handingOver { _ = await self.transfer(timeout: self.handOverTimeout) }
        self.transport.close()
        try? await self.eventLoop.submit { self.loop.value.stop() }.get()  // fails only if the loop itself is gone
        // Blocks until the last commit is done, so it gets a thread of its own.
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                self.storage.close()
                self.snapshots.close()
                continuation.resume()
            }
        }
    }
}

/// Where receipts and messages go once the loop exists. `loop` is set and read on the event loop only, and weak: the
/// loop holds the transport, whose events hold this.
// @unchecked: see above; `deliver` hops there first.
private final class ReceiptBox: @unchecked Sendable {
    private let eventLoop: any EventLoop
    weak var loop: NodeLoop?

    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func deliver(_ receipt: Receipt) {
        self.eventLoop.execute { self.loop?.post([.persisted(receipt)]) }
    }
}
