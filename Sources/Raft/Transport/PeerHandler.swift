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
        var call: @Sendable (NodeID, ByteBuffer) async -> ByteBuffer
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
    private var calls: [UInt64: EventLoopPromise<ByteBuffer>] = [:]
    private var nextCall: UInt64 = 1
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
        for promise in self.calls.values { promise.fail(CallError.lost) }
        self.calls = [:]
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
            self.calls.removeValue(forKey: number)?.succeed(body)
        case .ping:
            self.send(.pong, on: context.channel)
        case .pong, nil:
            break
        }
    }

    private func answer(_ number: UInt64, _ body: ByteBuffer, from member: NodeID, _ context: ChannelHandlerContext) {
        let call = self.events.call
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        let channel = context.channel
        // Ends with the answer; when the connection is gone by then, nobody waits for it any more.
        Task {
            let full = await call(member, body)
            // The peer would take a longer frame for an attack. Empty is no answer of anybody's.
            let answer = full.readableBytes <= WireLimits.bodyBytes ? full : ByteBuffer()
            channel.eventLoop.execute {
                handler.value.write(channel) { Frame.answer(number: number, body: answer).encode(into: &$0) }
            }
        }
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
        var out = channel.allocator.buffer(capacity: 256)
        FrameDecoder.write(into: &out) { frame.encode(into: &$0) }
        channel.write(out, promise: nil)
    }

    func call(_ body: ByteBuffer, on channel: any Channel, timeout: TimeAmount) -> EventLoopFuture<ByteBuffer> {
        guard body.readableBytes <= WireLimits.bodyBytes else {
            return channel.eventLoop.makeFailedFuture(CallError.tooLarge)
        }
        guard channel.isWritable, self.calls.count < WireLimits.openCalls else {
            return channel.eventLoop.makeFailedFuture(CallError.congested)
        }
        let number = self.nextCall
        self.nextCall += 1
        let promise = channel.eventLoop.makePromise(of: ByteBuffer.self)
        self.calls[number] = promise
        let handler = NIOLoopBound(self, eventLoop: channel.eventLoop)
        let timer = channel.eventLoop.scheduleTask(in: timeout) {
            handler.value.calls.removeValue(forKey: number)?.fail(CallError.timedOut)
        }
        promise.futureResult.whenComplete { _ in timer.cancel() }
        self.send(.call(number: number, body: body), on: channel)
        return promise.futureResult
    }

    private func write(_ channel: any Channel, _ body: (inout ByteBuffer) -> Void) {
        var out = channel.allocator.buffer(capacity: 256)
        FrameDecoder.write(into: &out, body)
        channel.writeAndFlush(out, promise: nil)
    }
}
