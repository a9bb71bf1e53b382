import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import RaftTransport
import Security
import ServiceLifecycle
import WebSocket

/// A connection on the coordinator's one port: ordinary HTTP, or, after an upgrade, a peer's or a worker's session.
struct ServerChannel: ServerChildChannel, HTTPChannelHandler {
    enum Negotiated: Sendable {
        case http(NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>)
        case peer
        case session(WebSocketSession)
    }

    struct Value: ServerChildChannelValue {
        let negotiated: EventLoopFuture<Negotiated>
        let channel: any Channel
    }

    let responder: HTTPChannelHandler.Responder
    let transport: PeerTransport
    let lean: LeanPath
    let gate: Gate
    let sessions: WorkerSessions
    let guards: ConnectionGuards
    let memory = ConnectionMemory()

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.closeFuture.whenComplete { _ in self.memory.connectionEnded(on: channel.eventLoop) }
        return channel.eventLoop.makeCompletedFuture {
            let general = GeneralRequests()
            let bound = NIOLoopBound(general, eventLoop: channel.eventLoop)
            let upgrade = NIOTypedHTTPServerUpgradeConfiguration<Negotiated>(
                upgraders: [
                    PeerServerUpgrader(self.transport, negotiated: .peer),
                    WebSocketServerUpgrade.upgrader(
                        accepts: { head in self.isSession(head) },
                        negotiated: { session, _ in .session(session) }
                    ),
                ],
                notUpgradingCompletionHandler: { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        try pipeline.addHandler(bound.value)
                        try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
                        try pipeline.addHandler(HTTPConnectionStateHandler(logger: logger))
                        let configuration = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>.Configuration(
                            isOutboundHalfClosureEnabled: true
                        )
                        return .http(
                            try NIOAsyncChannel(
                                wrappingChannelSynchronously: channel,
                                configuration: configuration
                            )
                        )
                    }
                }
            )
            var configuration = NIOUpgradableHTTPServerPipelineConfiguration(upgradeConfiguration: upgrade)
            // Hummingbird does these three itself, behind the upgrade.
            configuration.enablePipelining = false
            configuration.enableErrorHandling = false
            configuration.enableResponseHeaderValidation = false
            let pipeline = channel.pipeline.syncOperations
            let negotiated = try pipeline.configureUpgradableHTTPServerPipeline(configuration: configuration)
            let upgrader = try pipeline.handler(type: NIOTypedHTTPServerUpgradeHandler<Negotiated>.self)
            let filter = UpgradeFilter { name, head in
                name == PeerUpgrade.protocolName && head.uri == PeerUpgrade.path
                    || name == WebSocketServerUpgrade.protocolName && self.isSession(head)
            }
            try pipeline.addHandler(filter, position: .before(upgrader))
            let lean = self.lean
            let door = LeanDoor(lean, self.gate) { [unowned channel] in ClientAddress(channel.remoteAddress) }
            let service = LeanHandler.Service(
                work: door.work(for:),
                carryOut: door.carryOut,
                logger: lean.plane.logger
            )
            let watch = self.guards.makeWatch()
            try pipeline.addHandler(
                LeanHandler(service, general: general, watch: watch, patience: self.guards.limits.silence),
                position: .first
            )
            try self.guards.install(watch, on: channel)
            return Value(negotiated: negotiated, channel: channel)
        }
    }

    private func isSession(_ head: HTTPRequestHead) -> Bool {
        head.uri == WorkerSessions.path && WebSocketServerUpgrade.isComplete(head)
            && self.gate.admits(host: head.headers.first(name: "host"), origin: head.headers.first(name: "origin"))
    }

    func handle(value: Value, logger: Logger) async {
        do {
            switch try await value.negotiated.get() {
            case .http(let channel): await self.handleHTTP(asyncChannel: channel, logger: logger)
            case .session(let session):
                // The server may have wound up while the upgrade went on, when nobody in the pipeline could hear of it.
                await withGracefulShutdownHandler {
                    await self.sessions.serve(session)
                } onGracefulShutdown: {
                    session.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
                }
            case .peer:
                // The server waits for its connections when it stops, and peers never hang up by themselves.
                try await withGracefulShutdownHandler {
                    try await value.channel.closeFuture.get()
                } onGracefulShutdown: {
                    value.channel.close(promise: nil)
                }
            }
        } catch {
            logger.debug("connection ended", metadata: ["error": "\(error)"])
        }
    }
}
