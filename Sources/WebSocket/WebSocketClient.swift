public import NIOCore
public import NIOHTTP1
import NIOPosix
import NIOWebSocket
import Synchronization

/// Opens connections to WebSocket servers.
public enum WebSocketClient {
    /// The server answered, but as plain HTTP.
    public struct NotUpgraded: Error, CustomStringConvertible {
        public var description: String { "the server does not take WebSocket connections there" }
    }

    /// Ends as soon as the task is cancelled.
    ///
    /// - Parameters:
    ///   - path: With its query, if it has one.
    ///   - timeout: Of connecting and upgrading together.
    ///   - group: Whose event loops may carry the connection.
    ///   - secure: Puts what encrypts the connection on its channel, before anything is sent.
    public static func connect(
        host: String,
        port: Int,
        path: String,
        headers: HTTPHeaders = [:],
        settings: WebSocketSettings = WebSocketSettings(),
        timeout: TimeAmount,
        on group: any EventLoopGroup,
        secure: @escaping @Sendable (any Channel) throws -> Void = { _ in }
    ) async throws -> WebSocketSession {
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: path, headers: headers)
        head.headers.replaceOrAdd(name: "host", value: host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)")
        head.headers.replaceOrAdd(name: "content-length", value: "0")
        let request = head
        let attempts = Attempts()
        let session = try await withTaskCancellationHandler {
            try await ClientBootstrap(group: group)
                .connectTimeout(timeout)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .connect(host: host, port: port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try attempts.add(channel)
                        try secure(channel)
                        return try Self.upgrade(channel, request, settings, timeout)
                    }
                }
                .get()
        } onCancel: {
            attempts.cancel()
        }
        guard let session else { throw NotUpgraded() }
        return session
    }

    /// The channels of one connection in the making: a name may have several addresses, and each is tried.
    private final class Attempts: Sendable {
        private struct Contents {
            var channels: [any Channel] = []
            var isCancelled = false
        }

        private let contents = Mutex(Contents())

        func add(_ channel: any Channel) throws(CancellationError) {
            let isCancelled = self.contents.withLock { contents in
                if !contents.isCancelled { contents.channels.append(channel) }
                return contents.isCancelled
            }
            if isCancelled { throw CancellationError() }
        }

        func cancel() {
            let channels = self.contents.withLock { contents in
                contents.isCancelled = true
                defer { contents.channels = [] }
                return contents.channels
            }
            for channel in channels { channel.close(promise: nil) }
        }
    }

    /// Nil if the server answers as plain HTTP. A server that does not answer in time is left: a stopped process takes
    /// connections like any other, and never answers.
    private static func upgrade(
        _ channel: any Channel,
        _ request: HTTPRequestHead,
        _ settings: WebSocketSettings,
        _ timeout: TimeAmount
    ) throws -> EventLoopFuture<WebSocketSession?> {
        let upgrader = NIOTypedWebSocketClientUpgrader<WebSocketSession?>(
            maxFrameSize: settings.messageBytesMax,
            enableAutomaticErrorHandling: false,
            upgradePipelineHandler: { channel, _ in
                channel.eventLoop.makeCompletedFuture { try WebSocketSession(on: channel, .client, settings) }
            }
        )
        let upgrade = NIOTypedHTTPClientUpgradeConfiguration<WebSocketSession?>(
            upgradeRequestHead: request,
            upgraders: [upgrader],
            notUpgradingCompletionHandler: { $0.close().map { nil } }
        )
        var configuration = NIOUpgradableHTTPClientPipelineConfiguration(upgradeConfiguration: upgrade)
        configuration.leftOverBytesStrategy = .forwardBytes
        let timer = channel.eventLoop.scheduleTask(in: timeout) { channel.close(promise: nil) }
        let upgraded = try channel.pipeline.syncOperations
            .configureUpgradableHTTPClientPipeline(configuration: configuration)
        upgraded.whenComplete { result in
            timer.cancel()
            if case .failure = result { channel.close(promise: nil) }
        }
        return upgraded
    }
}
