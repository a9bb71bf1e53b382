import NIOCore
import NIOHTTP1

/// Tells a `RequestWatch` where the requests of its connection begin and end. Stands right behind the decoder.
final class RequestParts: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let watch: RequestWatch

    init(_ watch: RequestWatch) { self.watch = watch }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head: self.watch.headRead()
        case .body(let bytes): self.watch.bodyRead(bytes.readableBytes)
        case .end: self.watch.requestRead()
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        context.write(data, promise: promise)
        switch Self.unwrapOutboundIn(data) {
        case .head(let head) where head.status == .switchingProtocols:
            self.watch.leave()
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        case .end: self.watch.answered()
        case .head, .body: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? HTTPParserError, error == .headerOverflow {
            return self.watch.refuse(.headerFieldsTooLarge)
        }
        context.fireErrorCaught(error)
    }
}
