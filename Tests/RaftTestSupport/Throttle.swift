import NIOCore

/// A slow link: lets so many bytes a second out, in small pieces. What comes in is not slowed.
final class Throttle: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static var interval: TimeAmount { .milliseconds(10) }
    private let bytesPerInterval: Int
    private var waiting = ByteBuffer()
    private var release: RepeatedTask?

    init(bytesPerSecond: Int) { self.bytesPerInterval = max(1, bytesPerSecond / 100) }

    func handlerAdded(context: ChannelHandlerContext) {
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        self.release = context.eventLoop.scheduleRepeatedTask(initialDelay: Self.interval, delay: Self.interval) { _ in
            bound.value.handler.letOut(bound.value.context)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.release?.cancel() }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        self.waiting.writeImmutableBuffer(Self.unwrapOutboundIn(data))
        promise?.succeed()
    }

    func flush(context: ChannelHandlerContext) {}

    private func letOut(_ context: ChannelHandlerContext) {
        let count = min(self.waiting.readableBytes, self.bytesPerInterval)
        guard count > 0, let piece = self.waiting.readSlice(length: count) else { return }
        self.waiting.discardReadBytes()
        context.writeAndFlush(Self.wrapOutboundOut(piece), promise: nil)
    }
}
