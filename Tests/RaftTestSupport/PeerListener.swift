public import NIOCore
import NIOHTTP1
import NIOPosix
public import RaftCore
public import RaftTransport
import Synchronization

/// The server in front of a transport: HTTP on a free port of loopback, upgraded to peer connections.
public final class PeerListener: Sendable {
    /// How connections are received.
    public enum Mood: Sendable {
        /// As a coordinator does.
        case serve
        /// Accepted by the system, and never answered: a stopped process.
        case ignore
        /// The upgrade is answered, and the connection closed at once: a process that dies at that moment.
        case hangUpAfterUpgrade
        /// Greeted in another protocol than HTTP, and kept open.
        case speakOtherwise
    }

    private struct State {
        var mood = Mood.serve
        var transport: PeerTransport?
        var open: [ObjectIdentifier: any Channel] = [:]
        var accepted = 0
        var bytesPerSecond: Int?
    }

    /// What the accepting channels share with the listener.
    private final class Box: Sendable {
        let state = Mutex(State())
    }

    private let box: Box
    private let channel: any Channel
    public let address: PeerAddress

    private init(_ box: Box, _ channel: any Channel, _ address: PeerAddress) {
        self.box = box
        self.channel = channel
        self.address = address
    }

    public static func open() async throws -> PeerListener {
        let box = Box()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in Self.receive(channel, box) }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        return PeerListener(box, channel, try PeerAddress("127.0.0.1:\(channel.localAddress?.port ?? 0)"))
    }

    public var mood: Mood {
        get { self.box.state.withLock { $0.mood } }
        set { self.box.state.withLock { $0.mood = newValue } }
    }

    /// How fast connections accepted from now on let bytes out to who dialed them; nil if nothing slows them.
    public var bytesPerSecond: Int? {
        get { self.box.state.withLock { $0.bytesPerSecond } }
        set { self.box.state.withLock { $0.bytesPerSecond = newValue } }
    }

    /// Whose connections come in here. Without one they are closed.
    public func serve(_ transport: PeerTransport?) { self.box.state.withLock { $0.transport = transport } }

    public var acceptedCount: Int { self.box.state.withLock { $0.accepted } }
    public var openCount: Int { self.box.state.withLock { $0.open.count } }

    /// The accepted connections that are open.
    public var connections: [any Channel] { self.box.state.withLock { Array($0.open.values) } }

    /// Cuts every accepted connection.
    public func cut() {
        for channel in self.connections { channel.close(promise: nil) }
    }

    public func close() async {
        try? await self.channel.close()  // fails only if it is closed already
        self.cut()
    }

    private static func receive(_ channel: any Channel, _ box: Box) -> EventLoopFuture<Void> {
        let (mood, transport, bytesPerSecond) = box.state.withLock { state in
            state.accepted += 1
            state.open[ObjectIdentifier(channel)] = channel
            return (state.mood, state.transport, state.bytesPerSecond)
        }
        channel.closeFuture.whenComplete { _ in
            box.state.withLock { _ = $0.open.removeValue(forKey: ObjectIdentifier(channel)) }
        }
        switch mood {
        case .ignore: return channel.eventLoop.makeSucceededVoidFuture()
        case .hangUpAfterUpgrade: return channel.pipeline.addHandler(HangUp())
        case .speakOtherwise: return channel.pipeline.addHandler(Greeting())
        case .serve: break
        }
        guard let transport else { return channel.eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel) }
        return channel.eventLoop.makeCompletedFuture {
            if let bytesPerSecond {
                try channel.pipeline.syncOperations.addHandler(Throttle(bytesPerSecond: bytesPerSecond))
            }
            let upgrade = NIOTypedHTTPServerUpgradeConfiguration<Bool>(
                upgraders: [PeerServerUpgrader(transport, negotiated: true)],
                notUpgradingCompletionHandler: { $0.close().map { false } }
            )
            _ = try channel.pipeline.syncOperations.configureUpgradableHTTPServerPipeline(
                configuration: .init(upgradeConfiguration: upgrade)
            )
        }
    }
}

/// Agrees to the upgrade and is gone.
private final class HangUp: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let answer = """
            HTTP/1.1 101 Switching Protocols\r
            connection: upgrade\r
            upgrade: \(PeerUpgrade.protocolName)\r
            \r

            """
        context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
        context.close(promise: nil)
    }
}

/// Speaks first, and no HTTP.
private final class Greeting: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(string: "SSH-2.0-Other\r\n")), promise: nil)
    }
}
