import NIOCore
import NIOHTTP1

/// Sees the requests of a connection that the router has, and tells when one has been answered. Stands behind the HTTP
/// coders.
final class GeneralRequests: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private var unanswered = 0
    private var isBeingRead = false
    /// Called behind the last part of each answer.
    var answered: () -> Void = {}

    /// Whether a part of a request has come, and not all of it.
    var isWithinRequest: Bool { self.isBeingRead }
    /// Whether a request has come in full and its answer has not gone out.
    var areBeingAnswered: Bool { self.unanswered > 0 && !self.isBeingRead }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head:
            self.unanswered += 1
            self.isBeingRead = true
        case .body: break
        case .end: self.isBeingRead = false
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part = Self.unwrapOutboundIn(data)
        context.write(data, promise: promise)
        guard case .end = part else { return }
        self.unanswered -= 1
        self.answered()
    }
}
