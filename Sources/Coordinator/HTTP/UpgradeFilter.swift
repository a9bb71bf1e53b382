import NIOCore
import NIOHTTP1

/// Takes the `Upgrade` header off a first request that no upgrader will accept, so that it is answered as plain HTTP.
///
/// NIO's typed upgrade handler forwards only the end of such a request (swift-nio issue 2632), and some ordinary
/// clients send `Upgrade: h2c` on their own account.
final class UpgradeFilter: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    private let accepts: @Sendable (_ protocolName: String, _ uri: String) -> Bool

    init(accepts: @escaping @Sendable (_ protocolName: String, _ uri: String) -> Bool) { self.accepts = accepts }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = Self.unwrapInboundIn(data) else {
            context.fireChannelRead(data)
            return
        }
        let asked = head.headers[canonicalForm: "upgrade"]
        if !asked.isEmpty && !asked.contains(where: { self.accepts($0.lowercased(), head.uri) }) {
            head.headers.remove(name: "upgrade")
        }
        context.fireChannelRead(Self.wrapInboundOut(.head(head)))
        context.pipeline.syncOperations.removeHandler(self, promise: nil)  // only a first request can upgrade
    }
}
