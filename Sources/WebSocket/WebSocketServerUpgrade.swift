import NIOCore
public import NIOHTTP1
import NIOWebSocket

/// The server's side of the HTTP upgrade, to be put among the upgraders of a server's own pipeline.
public enum WebSocketServerUpgrade {
    /// What the header `Upgrade` says, in small letters.
    public static let protocolName = "websocket"

    /// Whether a request can be upgraded: NIO's upgrade handler answers none that fails later.
    public static func isComplete(_ head: HTTPRequestHead) -> Bool {
        head.method == .GET && head.version == .http1_1 && head.headers["sec-websocket-key"].count == 1
            && head.headers["sec-websocket-version"] == ["13"]
    }

    /// `negotiated`: what the HTTP server is told about such a connection. `accepts` sees the request's head.
    public static func upgrader<Negotiated: Sendable>(
        settings: WebSocketSettings = WebSocketSettings(),
        accepts: @escaping @Sendable (HTTPRequestHead) -> Bool,
        negotiated: @escaping @Sendable (WebSocketSession, HTTPRequestHead) -> Negotiated
    ) -> some NIOTypedHTTPServerProtocolUpgrader<Negotiated> {
        NIOTypedWebSocketServerUpgrader<Negotiated>(
            maxFrameSize: settings.messageBytesMax,
            enableAutomaticErrorHandling: false,
            shouldUpgrade: { channel, head in channel.eventLoop.makeSucceededFuture(accepts(head) ? [:] : nil) },
            upgradePipelineHandler: { channel, head in
                channel.eventLoop.makeCompletedFuture {
                    negotiated(try WebSocketSession(on: channel, .server, settings), head)
                }
            }
        )
    }
}
