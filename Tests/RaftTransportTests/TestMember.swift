import Logging
import NIOCore
import NIOPosix
import RaftCore
import RaftTestSupport
import Synchronization

@testable import RaftTransport

/// A member with nothing behind its transport but a list of what came in.
final class TestMember: Sendable {
    typealias Answering = @Sendable (NodeID, ByteBuffer) async -> ByteBuffer

    private final class Inbox: Sendable {
        let envelopes = Mutex<[Envelope]>([])
        let met = Mutex<[NodeID: Incarnation]>([:])
        let lost = Mutex<[NodeID]>([])
    }

    let transport: PeerTransport
    private let inbox: Inbox

    init(
        _ node: UInt32,
        of addresses: [NodeID: PeerAddress],
        key: String = "key",
        incarnation: UInt64? = nil,
        eventLoop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next(),
        chunks: @escaping @Sendable (UInt32, Snapshot.ID) -> [UInt8]? = { _, _ in nil },
        configure: (PeerTransport) -> Void = { _ in },
        answering: @escaping Answering = { _, body in body }
    ) {
        let inbox = Inbox()
        self.inbox = inbox
        self.transport = PeerTransport(
            identity: PeerIdentity(
                cluster: ClusterID(high: 1, low: 2),
                node: NodeID(node),
                incarnation: Incarnation(incarnation ?? UInt64(node)),
                key: Array(key.utf8)
            ),
            peers: addresses,
            eventLoop: eventLoop,
            events: PeerEvents(
                messages: { envelopes in inbox.envelopes.withLock { $0 += envelopes } },
                met: { member, incarnation in inbox.met.withLock { $0[member] = incarnation } },
                lost: { member in inbox.lost.withLock { $0.append(member) } },
                call: { call in call.answer { await answering(call.from, call.body) } },
                chunk: { number, snapshot, call in
                    call.answer(chunks(number, snapshot).map { ByteBuffer(bytes: $0) } ?? ByteBuffer())
                }
            ),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        configure(self.transport)
    }

    var received: [Envelope] { self.inbox.envelopes.withLock { $0 } }
    var met: [NodeID: Incarnation] { self.inbox.met.withLock { $0 } }
    var lost: [NodeID] { self.inbox.lost.withLock { $0 } }

    func status() async throws -> TransportStatus {
        try await self.transport.eventLoop.submit { self.transport.status }.get()
    }

    func update(_ peers: [NodeID: PeerAddress], committed: Membership = .unknown) async throws {
        try await self.transport.eventLoop.submit {
            self.transport.update(peers: peers, admitting: Admissions(committed))
        }.get()
    }

    func start() async throws {
        try await self.transport.eventLoop.submit { self.transport.start() }.get()
    }

    func isConnected(to member: UInt32) async throws -> Bool {
        try await self.transport.eventLoop.submit { self.transport.isConnected(to: NodeID(member)) }.get()
    }

    func send(_ messages: [Message], to member: UInt32) async throws {
        try await self.transport.eventLoop.submit {
            for message in messages { self.transport.send(message, to: NodeID(member)) }
            self.transport.flush()
        }.get()
    }

    func chunk(_ number: UInt32, of snapshot: Snapshot.ID, from member: UInt32) async throws -> [UInt8]? {
        try await self.transport.eventLoop.flatSubmit {
            self.transport.chunk(number, of: snapshot, from: NodeID(member), timeout: .seconds(20))
        }.get()
    }

    func closeSnapshotLanes() async throws {
        try await self.transport.eventLoop.submit { self.transport.closeSnapshotLanes(except: nil) }.get()
    }

    func call(
        _ member: UInt32,
        _ body: ByteBuffer,
        timeout: TimeAmount = .seconds(20)
    ) async throws -> ByteBuffer {
        try await self.transport.eventLoop.flatSubmit {
            self.transport.call(NodeID(member), body, timeout: timeout)
        }.get()
    }
}

/// Two members: the first dials the second, which only listens.
struct Pair {
    let listener: PeerListener
    let dialer: TestMember
    let acceptor: TestMember

    init(
        dialerKey: String = "key",
        acceptorLoop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next(),
        chunks: @escaping @Sendable (UInt32, Snapshot.ID) -> [UInt8]? = { _, _ in nil },
        configure: (PeerTransport) -> Void = { _ in },
        answering: @escaping TestMember.Answering = { _, body in body }
    ) async throws {
        self.listener = try await PeerListener.open()
        self.dialer = TestMember(1, of: [NodeID(2): listener.address], key: dialerKey, configure: configure)
        // Nothing listens at the dialer, and nobody dials it.
        self.acceptor = TestMember(
            2,
            of: [NodeID(1): listener.address],
            eventLoop: acceptorLoop,
            chunks: chunks,
            answering: answering
        )
        self.listener.serve(self.acceptor.transport)
    }

    func connect() async throws -> Bool {
        try await self.dialer.start()
        return try await eventually { try await self.dialer.isConnected(to: 2) }
    }

    func close() async {
        self.dialer.transport.close()
        self.acceptor.transport.close()
        await self.listener.close()
    }
}
