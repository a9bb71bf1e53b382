import NIOCore
import NIOWebSocket

/// What is written to a connection.
enum WebSocketOutput: Sendable {
    case text(ByteBuffer)
    case close(WebSocketErrorCode)
}

/// Speaks the protocol on one channel: messages in and out, pings answered, an end said and awaited on both sides, and
/// a peer that has fallen silent given up. Stands behind NIO's frame coders.
final class WebSocketHandler: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = WebSocketOutput
    typealias OutboundOut = WebSocketFrame

    private enum Phase {
        case open
        /// This side's close frame is out; the peer's, or the end of patience, ends the connection.
        case closing
        case over
    }

    private let side: WebSocketSide
    private let settings: WebSocketSettings
    private let ended: EventLoopPromise<WebSocketEnding>
    private var assembler: MessageAssembler
    private var phase = Phase.open
    private var ending: WebSocketEnding?
    private var closePromise: EventLoopPromise<Void>?
    private var timer: Scheduled<Void>?
    private var lastHeard = NIODeadline.uptimeNanoseconds(0)
    /// Since when the peer has been taking less than is written; nil while it takes everything.
    private var unwritableSince: NIODeadline?
    /// Whether the channel has been asked for more. It is this side that keeps a peer waiting while it has not.
    private var isReading = false

    init(_ side: WebSocketSide, _ settings: WebSocketSettings, ended: EventLoopPromise<WebSocketEnding>) {
        self.side = side
        self.settings = settings
        self.ended = ended
        self.assembler = MessageAssembler(side, bytesMax: settings.messageBytesMax)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.lastHeard = context.eventLoop.now
        self.planWatch(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.finish() }

    // MARK: Inbound

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.lastHeard = context.eventLoop.now
        let outcome = self.assembler.take(Self.unwrapInboundIn(data))
        switch (self.phase, outcome) {
        case (.open, .nothing): break
        case (.open, .message(let message)): context.fireChannelRead(Self.wrapInboundOut(message))
        case (.open, .ping(let data)): self.answer(data, context)
        case (.open, .close(let code)):
            self.ending = .closedByPeer(code)
            self.say(code.map { WebSocketErrorCode(codeNumber: Int($0)) } ?? .normalClosure, context)
            self.phase = .over
            context.close(promise: nil)
        case (.open, .violation(let code)): self.refuse(code, context)
        case (.closing, .close):
            self.phase = .over
            context.close(promise: self.closePromise.take())
        case (.closing, _), (.over, _): break  // what comes behind an end is of no interest
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.isReading = false
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        self.isReading = true
        context.read()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.finish()
        context.fireChannelInactive()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.unwritableSince = context.channel.isWritable ? nil : context.eventLoop.now
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard self.phase == .open else { return }
        switch error as? NIOWebSocketError {
        case .invalidFrameLength: self.refuse(.messageTooLarge, context)
        case .fragmentedControlFrame, .multiByteControlFrameLength: self.refuse(.protocolError, context)
        case nil:
            self.phase = .over
            context.close(promise: nil)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // The server winds up, and waits for its connections.
        if event is ChannelShouldQuiesceEvent { self.beginClosing(.goingAway, context) }
        context.fireUserInboundEventTriggered(event)
    }

    // MARK: Outbound

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard self.phase == .open else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch Self.unwrapOutboundIn(data) {
        case .text(let text): context.write(self.frame(.text, text), promise: promise)
        case .close(let code):
            self.beginClosing(code, context)
            promise?.succeed()
        }
    }

    /// An orderly end, unless one is under way.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .all, self.phase != .over, context.channel.isActive else {
            context.close(mode: mode, promise: promise)
            return
        }
        if let promise {
            if let earlier = self.closePromise {
                earlier.futureResult.cascade(to: promise)
            } else {
                self.closePromise = promise
            }
        }
        self.beginClosing(.normalClosure, context)
    }

    private func answer(_ ping: ByteBuffer, _ context: ChannelHandlerContext) {
        // A peer that sends pings and takes no answers gets none.
        guard context.channel.isWritable else { return }
        context.writeAndFlush(self.frame(.pong, ping), promise: nil)
    }

    private func frame(_ opcode: WebSocketOpcode, _ data: ByteBuffer) -> NIOAny {
        let mask: WebSocketMaskingKey? = self.side == .client ? .random() : nil
        return Self.wrapOutboundOut(WebSocketFrame(fin: true, opcode: opcode, maskKey: mask, data: data))
    }

    // MARK: Ends

    private func refuse(_ code: WebSocketErrorCode, _ context: ChannelHandlerContext) {
        self.ending = .violated(code.number)
        self.beginClosing(code, context)
    }

    private func beginClosing(_ code: WebSocketErrorCode, _ context: ChannelHandlerContext) {
        guard self.phase == .open else { return }
        if self.ending == nil { self.ending = .closedHere(code.number) }
        self.phase = .closing
        self.say(code, context)
        self.timer?.cancel()
        self.timer = self.schedule(in: self.settings.closePatience, context) { handler, context in
            handler.phase = .over
            context.close(promise: handler.closePromise.take())
        }
        context.read()  // the peer's answer is waited for, whether or not somebody still listens
    }

    private func say(_ code: WebSocketErrorCode, _ context: ChannelHandlerContext) {
        var data = context.channel.allocator.buffer(capacity: 2)
        data.write(webSocketErrorCode: code)
        context.writeAndFlush(self.frame(.connectionClose, data), promise: nil)
    }

    private func finish() {
        self.phase = .over
        self.timer?.cancel()
        self.closePromise.take()?.succeed()
        self.ended.succeed(self.ending ?? .lost)
    }

    // MARK: Silence

    private func planWatch(_ context: ChannelHandlerContext) {
        let step = TimeAmount.nanoseconds(self.settings.silenceMax.nanoseconds / 4)
        self.timer = self.schedule(in: step, context) { handler, context in
            guard handler.phase == .open else { return }
            if handler.isGivenUp(at: context.eventLoop.now) {
                handler.ending = .silent
                handler.phase = .over
                context.close(promise: nil)
            } else {
                if context.eventLoop.now - handler.lastHeard >= step * 2, context.channel.isWritable {
                    context.writeAndFlush(handler.frame(.ping, ByteBuffer()), promise: nil)
                }
                handler.planWatch(context)
            }
        }
    }

    private func isGivenUp(at now: NIODeadline) -> Bool {
        if !self.isReading { self.lastHeard = now }
        return now - self.lastHeard >= self.settings.silenceMax
            || self.unwritableSince.map { now - $0 >= self.settings.silenceMax } ?? false
    }

    private func schedule(
        in time: TimeAmount,
        _ context: ChannelHandlerContext,
        _ body: @escaping @Sendable (WebSocketHandler, ChannelHandlerContext) -> Void
    ) -> Scheduled<Void> {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        return context.eventLoop.scheduleTask(in: time) { body(bound.value.0, bound.value.1) }
    }
}
