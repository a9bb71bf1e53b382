import HTTPTypes
import NIOCore
import Security

/// The first handler of a connection: answers plain requests itself and passes the bytes of all others on, to the HTTP
/// handlers behind it.
///
/// One request at a time, in the order they came: while one is carried out, or is with the router, what follows it
/// waits. A request whose end can be told is passed on by itself, and the next one is looked at again when its answer
/// has gone out. One whose end only a general parser can tell takes the rest of the connection with it.
///
/// Also watches the connection for silence, since no one else sees all of it.
final class LeanHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    typealias Work = LeanTable.Work
    /// What decides which requests are answered here, and answers them.
    struct Service {
        var work: (RequestHead) -> Work?
        var carryOut: (Work, ByteBuffer, any EventLoop, @escaping @Sendable (LeanPath.Outcome) -> Void) -> Void
    }

    private enum State {
        /// Between requests, or within one that has not come in full.
        case reading
        /// The request's own bytes, should they have to be passed on after all.
        case serving(ByteBuffer)
        /// A request is with the router; so many bytes of it are still to come.
        case passing(Int)
        /// All of it is the router's.
        case surrendered
    }

    private let service: Service
    private let general: GeneralRequests
    /// Told where the requests that are answered here begin and end.
    private let requests: RequestWatch
    private let patience: TimeAmount
    private var state = State.reading
    private var buffer = ByteBuffer()
    /// The memory of the last request, for the next one.
    private var spare = ByteBuffer()
    private var context: ChannelHandlerContext?
    private var lastActivity = NIODeadline.uptimeNanoseconds(0)
    private var watch: Scheduled<Void>?
    private var hasPassed = false
    private var isReadHeld = false
    private var heldEvents: [Any] = []
    private var isAnswering = false

    /// How much is read ahead of a request that is being carried out.
    private static let readAheadMax = 128 << 10
    /// A connection that waits for its next request keeps no more than this.
    private static let spareBytesMax = 4 << 10

    /// `patience`: how long a connection may be silent.
    init(_ service: Service, general: GeneralRequests, watch requests: RequestWatch, patience: TimeAmount) {
        self.service = service
        self.general = general
        self.requests = requests
        self.patience = patience
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.lastActivity = context.eventLoop.now
        self.general.answered = { [weak self] in self?.generalAnswered() }
        self.planWatch(in: self.patience)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.watch?.cancel()
        self.context = nil
    }

    // MARK: Inbound

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.lastActivity = context.eventLoop.now
        if case .surrendered = self.state { return context.fireChannelRead(data) }
        var bytes = Self.unwrapInboundIn(data)
        if self.buffer.readableBytes == 0 { self.buffer = bytes } else { self.buffer.writeBuffer(&bytes) }
        self.proceed(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.watch?.cancel()
        self.context = nil
        context.fireChannelInactive()
    }

    /// The end of input and the server's winding up would end the connection behind a request that others don't see.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .serving = self.state {
            self.heldEvents.append(event)
        } else {
            if let event = event as? ChannelEvent, event == .inputClosed {
                // Nobody behind would close a connection that no request has reached.
                if !self.hasPassed { return context.close(promise: nil) }
                self.surrender(context)
            }
            context.fireUserInboundEventTriggered(event)
        }
    }

    /// Goes through what has been read, as far as the state allows.
    private func proceed(_ context: ChannelHandlerContext) {
        while true {
            switch self.state {
            case .reading:
                guard self.readRequest(context) else { return }
            case .passing(let rest):
                // More than the request's own bytes: the client does not wait for answers, and the router knows how
                // to keep the order of its own.
                if rest < self.buffer.readableBytes { return self.surrender(context) }
                guard self.buffer.readableBytes > 0 else { return }
                self.state = .passing(rest - self.buffer.readableBytes)
                self.pass(self.buffer.readableBytes, context)
                return
            case .serving, .surrendered:
                return
            }
        }
    }

    /// False if the next request has not come in full.
    private func readRequest(_ context: ChannelHandlerContext) -> Bool {
        guard self.buffer.readableBytes > 0 else { return false }
        switch self.buffer.withUnsafeReadableBytes(RequestHead.read) {
        case .incomplete:
            return false
        case .foreign:
            self.surrender(context)
            return false
        case .head(let head):
            let byteCount = head.byteCount + head.bodyByteCount
            guard let work = self.service.work(head) else {
                self.state = .passing(byteCount)
                let here = min(byteCount, self.buffer.readableBytes)
                guard here == self.buffer.readableBytes else {
                    self.surrender(context)
                    return false
                }
                return true
            }
            guard self.buffer.readableBytes >= byteCount else { return false }
            // A copy: the buffer that was read into is a large one, and goes back to be read into again.
            var request = self.spare
            self.spare = ByteBuffer()
            request.clear(minimumCapacity: byteCount)
            if var bytes = self.buffer.readSlice(length: byteCount) { request.writeBuffer(&bytes) }
            if self.buffer.readableBytes == 0 { self.buffer = ByteBuffer() }
            self.serve(work, request, head, context)
            return true
        }
    }

    private func serve(_ work: Work, _ request: ByteBuffer, _ head: RequestHead, _ context: ChannelHandlerContext) {
        self.state = .serving(request)
        self.requests.requestRead()
        let body = request.getSlice(at: request.readerIndex + head.byteCount, length: head.bodyByteCount)
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        // An answer that is there at once must not begin the next request within this one.
        self.isAnswering = true
        self.service.carryOut(work, body ?? ByteBuffer(), context.eventLoop) { handler.value.served($0) }
        self.isAnswering = false
    }

    // MARK: Outcomes

    private func served(_ outcome: LeanPath.Outcome) {
        // The connection may have gone meanwhile.
        guard let context, case .serving(let request) = self.state else { return }
        self.lastActivity = context.eventLoop.now
        if request.capacity <= Self.spareBytesMax { self.spare = request }
        switch outcome {
        case .answered(let answer): self.respond(ResponseBytes.of(answer), context)
        case .relayed(let response): self.respond(ResponseBytes.of(response), context)
        case .left:
            self.state = .passing(0)
            self.hasPassed = true
            self.requests.answered()  // told again as the router's
            context.fireChannelRead(Self.wrapInboundOut(request))
        }
        if !self.isAnswering { self.resume(context) }
    }

    private func respond(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
        self.state = .reading
        self.requests.answered()
        let out = context.channel.allocator.buffer(bytes: bytes)
        context.writeAndFlush(Self.wrapOutboundOut(out), promise: nil)
    }

    /// The router has answered a request.
    private func generalAnswered() {
        guard let context, case .passing(0) = self.state else { return }
        self.lastActivity = context.eventLoop.now
        self.state = .reading
        self.resume(context)
    }

    /// Goes on outside of a read from the socket.
    private func resume(_ context: ChannelHandlerContext) {
        self.proceed(context)
        switch self.state {
        case .serving: return
        case .reading: break
        // Those behind act on what was passed on when a read is complete.
        case .passing, .surrendered: context.fireChannelReadComplete()
        }
        let events = self.heldEvents
        self.heldEvents = []
        for event in events { self.userInboundEventTriggered(context: context, event: event) }
        if self.isReadHeld {
            self.isReadHeld = false
            context.read()
        }
    }

    // MARK: Passing on

    private func pass(_ count: Int, _ context: ChannelHandlerContext) {
        guard count > 0, let bytes = self.buffer.readSlice(length: count) else { return }
        if self.buffer.readableBytes == 0 { self.buffer = ByteBuffer() }
        self.hasPassed = true
        context.fireChannelRead(Self.wrapInboundOut(bytes))
    }

    private func surrender(_ context: ChannelHandlerContext) {
        self.state = .surrendered
        self.pass(self.buffer.readableBytes, context)
    }

    // MARK: Outbound

    func read(context: ChannelHandlerContext) {
        if case .serving = self.state, self.buffer.readableBytes > Self.readAheadMax {
            self.isReadHeld = true
        } else {
            context.read()
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        self.lastActivity = context.eventLoop.now
        context.write(data, promise: promise)
    }

    // MARK: Silence

    private func planWatch(in time: TimeAmount) {
        guard let context else { return }
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        self.watch = context.eventLoop.scheduleTask(in: time) { handler.value.lookForSilence() }
    }

    /// Closes a connection on which nothing has happened for too long, unless it is the server that keeps it waiting.
    private func lookForSilence() {
        guard let context else { return }
        let left = self.patience - (context.eventLoop.now - self.lastActivity)
        let isServing = if case .serving = self.state { true } else { self.general.areBeingAnswered }
        if isServing { return self.planWatch(in: self.patience) }
        if left > .zero { return self.planWatch(in: left) }
        context.close(promise: nil)
    }
}
