import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import WebSocket

/// A connection on the worker's port: ordinary HTTP or, after an upgrade, a WebSocket.
struct WorkerChannel: ServerChildChannel, HTTPChannelHandler {
    enum Negotiated: Sendable {
        case http(NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>)
        case socket(WebSocketSession, key: String?)
    }

    struct Value: ServerChildChannelValue {
        let negotiated: EventLoopFuture<Negotiated>
        let channel: any Channel
    }

    let responder: HTTPChannelHandler.Responder
    let sockets: WorkerSockets
    /// How long nothing may happen on a connection: before its first request, and between requests.
    let silence: TimeAmount

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let upgrader = WebSocketServerUpgrade.upgrader(
                settings: WebSocketSettings(messageBytesMax: WorkerSockets.messageBytesMax),
                accepts: { [sockets] head in
                    WorkerSockets.isPath(head.uri) && WebSocketServerUpgrade.isComplete(head)
                        && sockets.lets(in: head)
                },
                negotiated: { session, head in Negotiated.socket(session, key: SocketKey.shown(in: head)) }
            )
            let upgrade = NIOTypedHTTPServerUpgradeConfiguration<Negotiated>(
                upgraders: [upgrader],
                notUpgradingCompletionHandler: { [silence] channel in
                    channel.eventLoop.makeCompletedFuture { .http(try Self.http(channel, silence, logger)) }
                }
            )
            var configuration = NIOUpgradableHTTPServerPipelineConfiguration(upgradeConfiguration: upgrade)
            // Hummingbird does these three itself, behind the upgrade.
            configuration.enablePipelining = false
            configuration.enableErrorHandling = false
            configuration.enableResponseHeaderValidation = false
            let pipeline = channel.pipeline.syncOperations
            let negotiated = try pipeline.configureUpgradableHTTPServerPipeline(configuration: configuration)
            // Later, the HTTP handlers look for silence.
            let timer = channel.eventLoop.scheduleTask(in: self.silence) { channel.close(promise: nil) }
            negotiated.whenComplete { _ in timer.cancel() }
            return Value(negotiated: negotiated, channel: channel)
        }
    }

    private static func http(
        _ channel: any Channel,
        _ silence: TimeAmount,
        _ logger: Logger
    ) throws -> NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart> {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
        try pipeline.addHandler(HTTPConnectionStateHandler(idleTimeout: Duration(silence), logger: logger))
        return try NIOAsyncChannel(
            wrappingChannelSynchronously: channel,
            configuration: .init(isOutboundHalfClosureEnabled: true)
        )
    }

    func handle(value: Value, logger: Logger) async {
        do {
            switch try await value.negotiated.get() {
            case .http(let channel): await self.handleHTTP(asyncChannel: channel, logger: logger)
            case .socket(let session, let key): try await self.sockets.serve(session, showing: key)
            }
        } catch {
            logger.debug("connection ended", metadata: ["error": "\(error)"])
        }
    }
}
