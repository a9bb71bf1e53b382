import NIOCore
import NIOHTTP1

/// Watches a connection until its first request, the only one that can upgrade it.
///
/// It takes the `Upgrade` header off a request that no upgrader will accept, so that it is answered as plain HTTP:
/// NIO's typed upgrade handler forwards only the end of such a request (swift-nio issue 2632), and some ordinary
/// clients send `Upgrade: h2c` on their own account. NIO's decoder reads nothing more after a request with that header,
/// so the connection is closed behind the answer.
///
/// And it closes a connection on which no request has come when the server winds up: nobody else is there yet who
/// would.
final class UpgradeFilter: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    private let accepts: @Sendable (_ protocolName: String, _ head: HTTPRequestHead) -> Bool

    init(accepts: @escaping @Sendable (_ protocolName: String, _ head: HTTPRequestHead) -> Bool) {
        self.accepts = accepts
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = Self.unwrapInboundIn(data) else {
            context.fireChannelRead(data)
            return
        }
        let asked = head.headers[canonicalForm: "upgrade"]
        if !asked.isEmpty && !asked.contains(where: { self.accepts($0.lowercased(), head) }) {
            head.headers.remove(name: "upgrade")
            head.headers.replaceOrAdd(name: "connection", value: "close")
        }
        context.fireChannelRead(Self.wrapInboundOut(.head(head)))
        context.pipeline.syncOperations.removeHandler(self, promise: nil)  // only a first request can upgrade
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }
}
