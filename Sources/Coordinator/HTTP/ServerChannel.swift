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

/// A connection on the coordinator's one port: ordinary HTTP, or, after an upgrade, a peer's.
struct ServerChannel: ServerChildChannel, HTTPChannelHandler {
    enum Negotiated: Sendable {
        case http(NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>)
        case peer
    }

    struct Value: ServerChildChannelValue {
        let negotiated: EventLoopFuture<Negotiated>
        let channel: any Channel
    }

    let responder: HTTPChannelHandler.Responder
    let transport: PeerTransport
    let lean: LeanPath
    let gate: Gate
    let guards: ConnectionGuards
    let memory = ConnectionMemory()
    /// How long a connection may be silent.
    static let patience = TimeAmount.seconds(90)

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.closeFuture.whenComplete { _ in self.memory.connectionEnded(on: channel.eventLoop) }
        return channel.eventLoop.makeCompletedFuture {
            let general = GeneralRequests()
            let bound = NIOLoopBound(general, eventLoop: channel.eventLoop)
            let upgrade = NIOTypedHTTPServerUpgradeConfiguration<Negotiated>(
                upgraders: [PeerServerUpgrader(self.transport, negotiated: .peer)],
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
            let filter = UpgradeFilter { $0 == PeerUpgrade.protocolName && $1 == PeerUpgrade.path }
            try pipeline.addHandler(filter, position: .before(upgrader))
            let door = LeanDoor(self.lean, self.gate) { [unowned channel] in ClientAddress(channel.remoteAddress) }
            let service = LeanHandler.Service(work: door.work(for:), carryOut: door.carryOut)
            let watch = self.guards.makeWatch()
            try pipeline.addHandler(
                LeanHandler(service, general: general, watch: watch, patience: Self.patience),
                position: .first
            )
            try self.guards.install(watch, on: channel)
            return Value(negotiated: negotiated, channel: channel)
        }
    }

    func handle(value: Value, logger: Logger) async {
        do {
            switch try await value.negotiated.get() {
            case .http(let channel): await self.handleHTTP(asyncChannel: channel, logger: logger)
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
