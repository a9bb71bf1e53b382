import Checksum
import NIOCore
import RaftCore

#if canImport(Glibc)
    import Glibc
#endif

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
        var call: @Sendable (Lane, PeerCall) -> Void
        /// The answers still awaited are failed by the handler itself.
        var closed: (Ending) -> Void
    }

    enum Ending {
        case refused(HandshakeError)
        /// The other side's system closed the connection: the process there has ended, or wanted this.
        case byHost
        /// This side gave it up.
        case here
    }

    struct Patience {
        /// How long the upgrade may take, and then the handshake.
        var handshake = TimeAmount.seconds(5)
        var pingInterval = TimeAmount.seconds(1)
        /// A connection on which no byte came for so long is given up.
        var silence = TimeAmount.seconds(5)
    }

    private let own: NodeID
    private let cluster: ClusterID
    /// What the checksums of this side begin with.
    private let seed: CRC32C
    private let intake: FrameDecoder.Intake
    private let patience: Patience
    private let events: Events
    private var handshake: Handshake?
    private var peer: Handshake.Peer?
    private var ending: Ending?
    private var received: [Envelope] = []
    /// What this side has asked and not been told yet, made with the first question.
    private var calls: Waiters<UInt64, EventLoopPromise<ByteBuffer>>?
    private var nextCall: UInt64 = 1
    private var isFlushPlanned = false
    /// Requests of the peer that wait for their answers here.
    private var answering = 0
    private var watch: RepeatedTask?
    private var timer: Scheduled<Void>?
    private var hasEnded = false

    init(
        _ handshake: Handshake,
        own: PeerIdentity,
        intake: FrameDecoder.Intake,
        patience: Patience,
        events: Events
    ) {
        self.handshake = handshake
        self.own = own.node
        self.cluster = own.cluster
        self.seed = CRC32C(own)
        self.intake = intake
        self.patience = patience
        self.events = events
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        self.timer = context.eventLoop.scheduleTask(in: self.patience.handshake) {
            bound.value.handler.give(up: .refused(.late), bound.value.context)
        }
        if let opening = self.handshake?.opening { Self.write(context.channel) { $0.writeBytes(opening) } }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
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
        if event is ChannelShouldQuiesceEvent { self.give(up: .here, context) }
        // Whoever sends nothing more has nothing to do here, be it in the midst of the handshake.
        if event as? ChannelEvent == .inputClosed { self.give(up: .byHost, context) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Bytes that are no frames, from somebody who has not proved who it is.
        if self.peer == nil, error is WireError { return self.give(up: .refused(.malformed), context) }
        let reason = (error as? IOError)?.errnoCode
        // Anything else, a timeout of TCP's own too, says nothing of the process at the other end.
        let isByHost = reason == ECONNRESET || reason == EPIPE
        self.give(up: isByHost ? .byHost : .here, context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.end()
        context.fireChannelInactive()
    }

    /// A connection that had ended before this handler was added is inactive already, and only this tells of it.
    func handlerRemoved(context: ChannelHandlerContext) {
        self.end()
    }

    private func give(up reason: Ending, _ context: ChannelHandlerContext) {
        if self.ending == nil { self.ending = reason }
        context.close(promise: nil)
    }

    private func end() {
        guard !self.hasEnded else { return }
        self.hasEnded = true
        self.timer?.cancel()
        self.watch?.cancel()
        for promise in self.calls?.removeAll() ?? [] { promise.fail(CallError.lost) }
        self.events.closed(self.ending ?? .byHost)
    }

    // MARK: Handshake

    private func shakeHands(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        do throws(HandshakeError) {
            guard let outcome = try self.handshake?.received(bytes) else { return }
            switch outcome {
            case .send(let reply):
                Self.write(context.channel) { $0.writeBytes(reply) }
            case .done(let peer, let last):
                if let last { Self.write(context.channel) { $0.writeBytes(last) } }
                self.admit(peer, context)
            }
        } catch {
            let refusal = Handshake.refusal(error)
            Self.write(context.channel) { $0.writeBytes(refusal) }
            self.give(up: .refused(error), context)
        }
    }

    private func admit(_ peer: Handshake.Peer, _ context: ChannelHandlerContext) {
        self.peer = peer
        self.handshake = nil
        self.intake.bytesMax = peer.lane.frameBytesMax
        self.intake.seed = CRC32C(cluster: self.cluster, sender: peer.incarnation)
        self.timer?.cancel()
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        self.watch = context.eventLoop.scheduleRepeatedTask(
            initialDelay: self.patience.pingInterval,
            delay: self.patience.pingInterval
        ) { _ in handler.value.lookAfter(bound.value) }
        self.events.ready(peer)
    }

    private func lookAfter(_ context: ChannelHandlerContext) {
        if context.eventLoop.now - self.intake.lastHeard > self.patience.silence {
            self.give(up: .here, context)
        } else {
            Self.enqueue(.ping, seed: self.seed, on: context.channel)
            context.channel.flush()
        }
    }

    // MARK: Frames

    private func take(_ bytes: ByteBuffer, from peer: Handshake.Peer, _ context: ChannelHandlerContext) {
        let frame: Frame?
        do throws(WireError) { frame = try Frame.decode(bytes) } catch { return self.give(up: .here, context) }
        switch (frame, peer.lane) {
        case (.message(let message), .consensus):
            self.received.append(Envelope(from: peer.node, to: self.own, message: message))
        case (.call(let number, let body), .calls), (.call(let number, let body), .snapshots):
            self.answer(number, body, peer, context)
        case (.answer(let number, let body), .calls), (.answer(let number, let body), .snapshots):
            self.calls?.remove(number)?.succeed(body)
        case (.ping, _):
            Self.enqueue(.pong, seed: self.seed, on: context.channel)
            context.channel.flush()
        case (.pong, _), (nil, _):
            break
        case (.message, _), (.call, _), (.answer, _):
            self.give(up: .here, context)  // not what this lane is for
        }
    }

    private func answer(
        _ number: UInt64,
        _ body: ByteBuffer,
        _ peer: Handshake.Peer,
        _ context: ChannelHandlerContext
    ) {
        guard self.answering < peer.lane.openCallsMax else { return self.give(up: .here, context) }
        self.answering += 1
        let most = peer.lane.bodyBytesMax
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        let channel = context.channel
        let send: @Sendable (ByteBuffer) -> Void = { answer in
            handler.value.answering -= 1
            // The peer would take a longer frame for an attack. Empty is no answer of anybody's.
            let body = answer.readableBytes <= most ? answer : ByteBuffer()
            handler.value.write(.answer(number: number, body: body), on: channel)
        }
        self.events.call(
            peer.lane,
            PeerCall(from: peer.node, body: body, eventLoop: channel.eventLoop) { answer in
                if channel.eventLoop.inEventLoop { return send(answer) }
                channel.eventLoop.execute { send(answer) }
            }
        )
    }

    // MARK: Sending

    /// Writes without flushing. A connection that takes nothing more loses the frame: the protocol above repeats what
    /// matters. Answers don't go this way, since nobody repeats them; the limit of open calls bounds them.
    static func enqueue(_ frame: Frame, seed: CRC32C, on channel: any Channel) {
        guard channel.isWritable else { return }
        channel.write(Self.encoded(frame, seed, channel), promise: nil)
    }

    /// Asks the peer. Only on the channel's event loop.
    func call(_ body: ByteBuffer, on channel: any Channel, timeout: TimeAmount) -> EventLoopFuture<ByteBuffer> {
        guard let lane = self.peer?.lane, body.readableBytes <= lane.bodyBytesMax else {
            return channel.eventLoop.makeFailedFuture(CallError.tooLarge)
        }
        let calls = self.calls ?? Waiters(eventLoop: channel.eventLoop) { $0.fail(CallError.timedOut) }
        self.calls = calls
        guard channel.isWritable, calls.count < lane.openCallsMax else {
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
        channel.write(Self.encoded(frame, self.seed, channel), promise: nil)
        guard !self.isFlushPlanned else { return }
        self.isFlushPlanned = true
        let handler = NIOLoopBound(self, eventLoop: channel.eventLoop)
        channel.eventLoop.execute {
            handler.value.isFlushPlanned = false
            channel.flush()
        }
    }

    private static func encoded(_ frame: Frame, _ seed: CRC32C, _ channel: any Channel) -> ByteBuffer {
        var out = channel.allocator.buffer(capacity: 256)
        FrameDecoder.write(into: &out, seed: seed) { frame.encode(into: &$0) }
        return out
    }

    private static func write(_ channel: any Channel, _ body: (inout ByteBuffer) -> Void) {
        var out = channel.allocator.buffer(capacity: 256)
        FrameDecoder.write(into: &out, body)
        channel.writeAndFlush(out, promise: nil)
    }
}
