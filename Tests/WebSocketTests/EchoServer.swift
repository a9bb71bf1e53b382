import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

@testable import WebSocket

/// A server on a free port that sends every message back, or, elsewhere, more and more without being asked. It remembers
/// how its connections ended.
final class EchoServer: Sendable {
    let port: Int
    let endings: AsyncStream<WebSocketEnding>
    private let channel: any Channel

    static let path = "/echo"
    static let flood = "/flood"

    init(_ settings: WebSocketSettings = WebSocketSettings()) async throws {
        let (endings, continuation) = AsyncStream<WebSocketEnding>.makeStream()
        self.endings = endings
        self.channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try Self.configure(channel, settings, continuation) }
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        self.port = self.channel.localAddress?.port ?? 0
    }

    private static func configure(
        _ channel: any Channel,
        _ settings: WebSocketSettings,
        _ endings: AsyncStream<WebSocketEnding>.Continuation
    ) throws {
        let upgrade = NIOTypedHTTPServerUpgradeConfiguration<Void>(
            upgraders: [
                WebSocketServerUpgrade.upgrader(
                    settings: settings,
                    accepts: { [Self.path, Self.flood].contains($0.uri) }
                ) { session, head in
                    // Ends with its connection.
                    Task {
                        try? await session.run { messages, sender in
                            while head.uri == Self.flood {
                                try await sender.send(ByteBuffer(repeating: 0x61, count: 60_000))
                            }
                            for try await message in messages { try await sender.send(message) }
                        }
                        endings.yield(await session.ending)
                    }
                }
            ],
            notUpgradingCompletionHandler: { $0.close() }
        )
        let configuration = NIOUpgradableHTTPServerPipelineConfiguration(upgradeConfiguration: upgrade)
        _ = try channel.pipeline.syncOperations.configureUpgradableHTTPServerPipeline(configuration: configuration)
    }

    func connect(
        _ settings: WebSocketSettings = WebSocketSettings(),
        path: String = EchoServer.path
    ) async throws
        -> WebSocketSession
    {
        try await WebSocketClient.connect(
            host: "127.0.0.1",
            port: self.port,
            path: path,
            settings: settings,
            timeout: .seconds(20),
            on: MultiThreadedEventLoopGroup.singleton
        )
    }

    /// How the next connection to end has ended.
    func ending() async -> WebSocketEnding? {
        for await ending in self.endings { return ending }
        return nil
    }

    func stop() async throws { try await self.channel.close() }
}
