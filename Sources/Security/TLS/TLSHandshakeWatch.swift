import NIOCore
import NIOSSL
import NIOTLS

/// Waits behind a TLS handler for the end of its handshake: closes a connection on which it takes too long, and tells
/// of one that failed. Leaves when it is done.
final class TLSHandshakeWatch: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// How long a handshake may take.
    static let patience = TimeAmount.seconds(10)

    private let patience: TimeAmount
    /// Told the cause, and the other end's address.
    private let onFailure: (String, SocketAddress?) -> Void
    private var timer: Scheduled<Void>?
    private var hasFailed = false

    init(patience: TimeAmount = TLSHandshakeWatch.patience, onFailure: @escaping (String, SocketAddress?) -> Void) {
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
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.fail(TLSFailure.cause(of: error), context)
        context.fireErrorCaught(error)
        context.close(promise: nil)
    }

    private func fail(_ cause: String, _ context: ChannelHandlerContext) {
        self.timer?.cancel()
        guard !self.hasFailed else { return }
        self.hasFailed = true
        self.onFailure(cause, context.channel.remoteAddress)
    }
}
