import NIOCore
import NIOSSL
import NIOTLS

/// Stands behind a TLS handler: closes a connection on which the handshake takes too long, and tells of one that failed.
///
/// And it makes a connection that was cut off without TLS's own farewell look like any other: what goes over it tells
/// by itself whether it is complete.
final class TLSWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let patience: TimeAmount
    /// Told the cause, and the other end's address.
    private let onFailure: (String, SocketAddress?) -> Void
    private var timer: Scheduled<Void>?
    private var isHandshakeOver = false

    init(patience: TimeAmount, onFailure: @escaping (String, SocketAddress?) -> Void) {
        self.patience = patience
        self.onFailure = onFailure
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let watch = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        self.timer = context.eventLoop.scheduleTask(in: self.patience) {
            let (handler, context) = watch.value
            handler.fail("the handshake took too long", context)
            context.close(mode: .all, promise: nil)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.timer?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        self.timer?.cancel()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        context.fireUserInboundEventTriggered(event)
        guard let event = event as? TLSUserEvent, case .handshakeCompleted = event else { return }
        self.isHandshakeOver = true
        self.timer?.cancel()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case .uncleanShutdown = error as? NIOSSLError { return }  // the end itself follows
        self.fail(TLSFailure.cause(of: error), context)
        context.fireErrorCaught(error)
    }

    private func fail(_ cause: String, _ context: ChannelHandlerContext) {
        self.timer?.cancel()
        guard !self.isHandshakeOver else { return }
        self.isHandshakeOver = true
        self.onFailure(cause, context.channel.remoteAddress)
    }
}
