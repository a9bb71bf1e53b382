import NIOCore
import NIOPosix
import Synchronization

/// A TCP connection to a worker, for requests that an HTTP client would not send as they are.
final class Dialer: Sendable {
    private final class Collector: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        let text = Mutex("")

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let part = String(buffer: Self.unwrapInboundIn(data))
            self.text.withLock { $0 += part }
        }
    }

    private let channel: any Channel
    private let collector: Collector

    init(to port: Int) async throws {
        let collector = Collector()
        self.collector = collector
        self.channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { $0.pipeline.addHandler(collector) }
            .connect(host: "127.0.0.1", port: port)
            .get()
    }

    var received: String { self.collector.text.withLock { $0 } }

    func send(_ text: String) async throws { try await self.channel.writeAndFlush(ByteBuffer(string: text)) }
    func close() async throws { try await self.channel.close() }

    /// Returns when the worker has closed the connection.
    func ended() async throws { try await self.channel.closeFuture.get() }
}
