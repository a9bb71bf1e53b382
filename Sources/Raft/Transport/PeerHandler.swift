import Logging
import NIOCore
import OpenSSL
import RaftCore

/// One connection between two members, after the HTTP upgrade: first the handshake, then frames.
///
/// Lives on its channel's event loop. Nothing but handshake frames is decoded before the peer has proved who it is.
final class PeerHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What the handler tells the transport.
    struct Events {
        var ready: (Handshake.Peer) -> Void
        var messages: ([Envelope]) -> Void
        var call: @Sendable (PeerCall) -> Void
        /// The answers still awaited are failed by the handler itself.
        var closed: (HandshakeError?) -> Void
    }

    static let pingInterval = TimeAmount.seconds(1)
    static let silenceMax = TimeAmount.seconds(5)

    private let own: NodeID
    private let limit: FrameDecoder.Limit
    private let handshakeTimeout: TimeAmount
    private let events: Events
    private var handshake: Handshake?
    private var peer: Handshake.Peer?
    private var failure: HandshakeError?
    private var received: [Envelope] = []
    /// What this side has asked and not been told yet, made with the first question.
    private var calls: Waiters<UInt64, EventLoopPromise<ByteBuffer>>?
    private var nextCall: UInt64 = 1
    private var isFlushPlanned = false
    private var lastHeard = NIODeadline.now()
    private var watch: RepeatedTask?
    private var patience: Scheduled<Void>?
    private var hasEnded = false

    init(
        _ handshake: Handshake,
        own: NodeID,
        limit: FrameDecoder.Limit,
        handshakeTimeout: TimeAmount,
        events: Events
    ) {
        self.handshake = handshake
        self.own = own
        self.limit = limit
        self.handshakeTimeout = handshakeTimeout
        self.events = events
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        self.patience = context.eventLoop.scheduleTask(in: self.handshakeTimeout) { channel.close(promise: nil) }
        if let opening = self.handshake?.opening { self.write(context.channel) { $0.writeBytes(opening) } }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.lastHeard = .now()
        let bytes = Self.unwrapInboundIn(data)
        if let peer = self.peer {
            self.take(bytes, from: peer, context)
        } else {
            self.shakeHands(bytes, context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if !self.received.isEmpty {
            self.events.messages(self.received)
            self.received.removeAll(keepingCapacity: true)
        }
        context.fireChannelReadComplete()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.end()
        context.fireChannelInactive()
    }

    /// A connection that had ended before this handler was added is inactive already, and only this tells of it.
    func handlerRemoved(context: ChannelHandlerContext) {
        self.end()
    }

    private func end() {
        guard !self.hasEnded else { return }
        self.hasEnded = true
        self.patience?.cancel()
        self.watch?.cancel()
        for promise in self.calls?.removeAll() ?? [] { promise.fail(CallError.lost) }
        self.events.closed(self.failure)
    }

    // MARK: Handshake

    private func shakeHands(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        do throws(HandshakeError) {
            guard let outcome = try self.handshake?.received(bytes) else { return }
            switch outcome {
            case .send(let reply):
                self.write(context.channel) { $0.writeBytes(reply) }
            case .done(let peer, let last):
                if let last { self.write(context.channel) { $0.writeBytes(last) } }
                self.admit(peer, context)
            }
        } catch {
            self.failure = error
            let refusal = Handshake.refusal(error)
            self.write(context.channel) { $0.writeBytes(refusal) }
            context.close(promise: nil)
        }
    }

    private func admit(_ peer: Handshake.Peer, _ context: ChannelHandlerContext) {
        self.peer = peer
        self.handshake = nil
        self.limit.bytes = WireLimits.frameBytes
        self.patience?.cancel()
        let channel = context.channel
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        self.watch = context.eventLoop.scheduleRepeatedTask(
            initialDelay: Self.pingInterval,
            delay: Self.pingInterval
        ) { _ in
            if NIODeadline.now() - handler.value.lastHeard > Self.silenceMax {
                channel.close(promise: nil)
            } else {
                handler.value.send(.ping, on: channel)
            }
        }
        self.events.ready(peer)
    }

    // MARK: Frames

    private func take(_ bytes: ByteBuffer, from peer: Handshake.Peer, _ context: ChannelHandlerContext) {
        let frame: Frame?
        do throws(WireError) { frame = try Frame.decode(bytes) } catch {
            context.close(promise: nil)
            return
        }
        switch frame {
        case .message(let message):
            self.received.append(Envelope(from: peer.node, to: self.own, message: message))
        case .call(let number, let body):
            self.answer(number, body, from: peer.node, context)
        case .answer(let number, let body):
            self.calls?.remove(number)?.succeed(body)
        case .ping:
            self.send(.pong, on: context.channel)
        case .pong, nil:
            break
        }
    }

    private func answer(_ number: UInt64, _ body: ByteBuffer, from member: NodeID, _ context: ChannelHandlerContext) {
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        let channel = context.channel
        let send: @Sendable (ByteBuffer) -> Void = { full in
            // The peer would take a longer frame for an attack. Empty is no answer of anybody's.
            let answer = full.readableBytes <= WireLimits.bodyBytes ? full : ByteBuffer()
            handler.value.write(.answer(number: number, body: answer), on: channel)
        }
        self.events.call(
            PeerCall(from: member, body: body, eventLoop: channel.eventLoop) { answer in
                if channel.eventLoop.inEventLoop { return send(answer) }
                channel.eventLoop.execute { send(answer) }
            }
        )
    }

    // MARK: Sending

    func send(_ frame: Frame, on channel: any Channel) {
        self.enqueue(frame, on: channel)
        channel.flush()
    }

    /// Writes without flushing. A connection that takes nothing more loses the frame: the protocol above repeats what
    /// matters. Answers don't go this way, since nobody repeats them; the limit of open calls bounds them.
    func enqueue(_ frame: Frame, on channel: any Channel) {
        guard channel.isWritable else { return }
        channel.write(Self.encoded(frame, channel), promise: nil)
    }

    func call(_ body: ByteBuffer, on channel: any Channel, timeout: TimeAmount) -> EventLoopFuture<ByteBuffer> {
        guard body.readableBytes <= WireLimits.bodyBytes else {
            return channel.eventLoop.makeFailedFuture(CallError.tooLarge)
        }
        let calls = self.calls ?? Waiters(eventLoop: channel.eventLoop) { $0.fail(CallError.timedOut) }
        self.calls = calls
        guard channel.isWritable, calls.count < WireLimits.openCalls else {
            return channel.eventLoop.makeFailedFuture(CallError.congested)
        }
        let number = self.nextCall
        self.nextCall += 1
        let promise = channel.eventLoop.makePromise(of: ByteBuffer.self)
        calls.add(promise, as: number, timeout: timeout)
        self.write(.call(number: number, body: body), on: channel)
        return promise.futureResult
    }

    /// Writes a frame and flushes it together with all that are written in the same turn of the loop.
    private func write(_ frame: Frame, on channel: any Channel) {
        channel.write(Self.encoded(frame, channel), promise: nil)
        guard !self.isFlushPlanned else { return }
        self.isFlushPlanned = true
        let handler = NIOLoopBound(self, eventLoop: channel.eventLoop)
        channel.eventLoop.execute {
            handler.value.isFlushPlanned = false
            channel.flush()
        }
    }

    private static func encoded(_ frame: Frame, _ channel: any Channel) -> ByteBuffer {
        var out = channel.allocator.buffer(capacity: 256)
        FrameDecoder.write(into: &out) { frame.encode(into: &$0) }
        return out
    }

    private func write(_ channel: any Channel, _ body: (inout ByteBuffer) -> Void) {
        var out = channel.allocator.buffer(capacity: 256)
        FrameDecoder.write(into: &out, body)
        channel.writeAndFlush(out, promise: nil)
    }
}
