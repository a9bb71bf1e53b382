import ClusterAPI
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import WebSocket

@testable import Worker

/// A coordinator that takes registrations and sessions over real connections, and remembers what came.
final class SessionCoordinator: Sendable {
    enum Event: Sendable {
        case registered
        case identified(Identification)
        case heartbeat(HeartbeatRequest)
        case disconnected(WebSocketEnding)
    }

    struct Script: Sendable {
        var terms = SessionTerms(heartbeatIntervalMilliseconds: 200)
        /// Whether workers are known until they register again.
        var knowsWorkers = true
        var answersHeartbeats = true
    }

    let script = Mutex(Script())
    private let events: AsyncStream<Event>
    private let happened: AsyncStream<Event>.Continuation
    private let connections = Mutex<[any Channel]>([])
    private let server = Mutex<(any Channel)?>(nil)

    var url: String {
        "http://127.0.0.1:\(self.server.withLock { $0?.localAddress?.port ?? 0 })"
    }

    init() async throws {
        (self.events, self.happened) = AsyncStream<Event>.makeStream()
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                self.connections.withLock { $0.append(channel) }
                return channel.eventLoop.makeCompletedFuture { try self.configure(channel) }
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        self.server.withLock { $0 = server }
    }

    private func configure(_ channel: any Channel) throws {
        let upgrade = NIOTypedHTTPServerUpgradeConfiguration<Void>(
            upgraders: [
                WebSocketServerUpgrade.upgrader(accepts: { $0.uri == "/api/v1/cluster/ws" }) { session, _ in
                    // Ends with its connection.
                    Task { await self.serve(session) }
                }
            ],
            notUpgradingCompletionHandler: { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Registrar { self.register() })
                }
            }
        )
        let configuration = NIOUpgradableHTTPServerPipelineConfiguration(upgradeConfiguration: upgrade)
        _ = try channel.pipeline.syncOperations.configureUpgradableHTTPServerPipeline(configuration: configuration)
    }

    private func register() {
        self.script.withLock { $0.knowsWorkers = true }
        self.happened.yield(.registered)
    }

    private func serve(_ session: WebSocketSession) async {
        try? await session.run { messages, sender in
            for try await text in messages {
                let script = self.script.withLock { $0 }
                let answer: CoordinatorMessage
                switch try APIJSON.decode(WorkerMessage.self, from: text.readableBytesView) {
                case .identify(let identification):
                    self.happened.yield(.identified(identification))
                    answer = .identifyAck(script.terms)
                case .heartbeat(let heartbeat):
                    self.happened.yield(.heartbeat(heartbeat))
                    guard script.answersHeartbeats else { continue }
                    answer = .heartbeatAck(HeartbeatResponse())
                }
                let unknown = CoordinatorMessage.error(SessionError("Worker not found", code: .workerNotFound))
                try await sender.send(ByteBuffer(bytes: APIJSON.encode(script.knowsWorkers ? answer : unknown)))
            }
        }
        self.happened.yield(.disconnected(await session.ending))
    }

    /// The next event that fits; nil when none comes in 20 seconds.
    func event(where fits: @escaping @Sendable (Event) -> Bool) async -> Event? {
        await withTaskGroup(of: Event?.self) { group in
            group.addTask {
                for await event in self.events where fits(event) { return event }
                return nil
            }
            group.addTask {
                try? await Task.sleep(for: .seconds(20))  // ends early only when it is not needed any more
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
    }

    func heartbeat(
        where fits: @escaping @Sendable (HeartbeatRequest) -> Bool = { _ in true }
    ) async -> HeartbeatRequest? {
        let event = await self.event { if case .heartbeat(let heartbeat) = $0 { fits(heartbeat) } else { false } }
        guard case .heartbeat(let heartbeat) = event else { return nil }
        return heartbeat
    }

    /// Ends as a killed process does.
    func kill() async throws {
        try await self.server.withLock { $0 }?.close()
        for channel in self.connections.withLock({ $0 }) { channel.close(promise: nil) }
    }
}

/// Answers every request as if it were a registration.
private final class Registrar: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let registered: () -> Void
    private var path = ""

    init(_ registered: @escaping () -> Void) { self.registered = registered }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head(let head): self.path = head.uri
        case .body: break
        case .end: self.answer(context)
        }
    }

    private func answer(_ context: ChannelHandlerContext) {
        let isRegistration = self.path.hasSuffix("/register")
        if isRegistration { self.registered() }
        let body = ByteBuffer(string: isRegistration ? #"{"worker_id":"w","status":"registered"}"# : "{}")
        let head = HTTPResponseHead(
            version: .http1_1,
            status: isRegistration ? .created : .notFound,
            headers: ["content-length": "\(body.readableBytes)"]
        )
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
        context.write(Self.wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
    }
}
