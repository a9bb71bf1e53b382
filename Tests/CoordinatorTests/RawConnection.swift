import NIOCore
import NIOPosix
import RaftTestSupport
import Synchronization

/// A TCP connection to a coordinator, for requests that an HTTP client would not send as they are.
final class RawConnection: Sendable {
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
            .channelOption(.allowRemoteHalfClosure, value: false)
            .channelInitializer { $0.pipeline.addHandler(collector) }
            .connect(host: "127.0.0.1", port: port)
            .get()
    }

    var received: String { self.collector.text.withLock { $0 } }
    /// Forgets that many bytes at the beginning of what was received.
    func drop(_ count: Int) {
        self.collector.text.withLock { $0 = String(decoding: $0.utf8.dropFirst(count), as: UTF8.self) }
    }

    var isOpen: Bool { self.channel.isActive }

    func send(_ text: String) async throws { try await self.channel.writeAndFlush(ByteBuffer(string: text)) }
    /// Says that nothing more will be sent, and goes on listening.
    func endInput() async throws { try await self.channel.close(mode: .output) }
    func close() async throws { try await self.channel.close() }

    /// Sends a request of these lines and returns the answer, once the server has closed the connection behind it.
    static func answer(from port: Int, to lines: String..., body: String = "") async throws -> String {
        let connection = try await RawConnection(to: port)
        try await connection.send(
            (lines + ["host: test", "content-length: \(body.utf8.count)", "", body]).joined(separator: "\r\n")
        )
        _ = await eventually { !connection.isOpen }
        // An answer behind which the connection stays open is none here.
        return connection.isOpen ? "" : connection.received
    }
}
