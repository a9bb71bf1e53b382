import NIOCore
import NIOPosix
import Synchronization

/// A port of loopback that leads to another one: known before what is behind it runs, and a place to cut connections.
final class Doorway: Sendable {
    private struct State {
        var target: Int?
        var isMute = false
        var open: [ObjectIdentifier: any Channel] = [:]
    }

    private final class Box: Sendable {
        let state = Mutex(State())
    }

    private let box: Box
    private let channel: any Channel
    let port: Int

    private init(_ box: Box, _ channel: any Channel) {
        self.box = box
        self.channel = channel
        self.port = channel.localAddress?.port ?? 0
    }

    static func open() async throws -> Doorway {
        let box = Box()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in Self.connect(channel, box) }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        return Doorway(box, channel)
    }

    /// Where new connections lead; nil refuses them.
    func lead(to port: Int?) { self.box.state.withLock { $0.target = port } }

    /// From now on nothing passes, and no connection is closed for it: what is behind seems to have stopped.
    func mute() { self.box.state.withLock { $0.isMute = true } }

    /// Cuts every connection, and refuses new ones.
    func shut() {
        let open = self.box.state.withLock { state in
            state.target = nil
            return Array(state.open.values)
        }
        for channel in open { channel.close(promise: nil) }
    }

    func close() async {
        try? await self.channel.close()  // fails only if it is closed already
        self.shut()
    }

    private static func connect(_ inner: any Channel, _ box: Box) -> EventLoopFuture<Void> {
        guard let target = box.state.withLock({ $0.target }) else {
            return inner.eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel)
        }
        return ClientBootstrap(group: inner.eventLoop).connect(host: "127.0.0.1", port: target).flatMap { outer in
            box.state.withLock { $0.open[ObjectIdentifier(inner)] = inner }
            inner.closeFuture.whenComplete { _ in
                box.state.withLock { _ = $0.open.removeValue(forKey: ObjectIdentifier(inner)) }
            }
            return inner.eventLoop.makeCompletedFuture {
                let isMute = { @Sendable in box.state.withLock { $0.isMute } }
                try inner.pipeline.syncOperations.addHandler(Pipe(to: outer, isMute: isMute))
                try outer.pipeline.syncOperations.addHandler(Pipe(to: inner, isMute: isMute))
            }
        }
    }
}

/// Passes on what comes in, and closes the other end with its own.
private final class Pipe: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    private let other: any Channel
    private let isMute: @Sendable () -> Bool

    init(to other: any Channel, isMute: @escaping @Sendable () -> Bool) {
        self.other = other
        self.isMute = isMute
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if self.isMute() { return }
        self.other.writeAndFlush(Self.unwrapInboundIn(data), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.other.close(promise: nil)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
