public import NIOCore

/// Sees to it that a connection's requests come in good time and have heads of a bearable size. The first handler that
/// sees plain bytes; `RequestParts`, behind the decoder, tells it where requests begin and end.
///
/// Only the time counts in which the server waits for bytes: a body that is not read because what it goes to is busy
/// is not its sender's fault. A request that comes in one piece, as most do, costs no look at a clock.
public final class RequestWatch: ChannelDuplexHandler, RemovableChannelHandler {
    public typealias InboundIn = ByteBuffer
    public typealias InboundOut = ByteBuffer
    public typealias OutboundIn = ByteBuffer
    public typealias OutboundOut = ByteBuffer

    private enum Phase {
        case betweenRequests
        /// Some of a head is here.
        case head
        case body
    }

    private let limits: RequestLimits
    private let counters: RefusalCounters
    private var phase = Phase.betweenRequests
    /// Of the head or the body that is coming in.
    private var byteCount = 0
    private var waited = TimeAmount.zero
    private var waitsSince: NIODeadline?
    /// Requests that are here in full and have no full answer.
    private var unanswered = 0
    /// The request that is coming in has an answer already.
    private var isAnsweredEarly = false
    /// Something was sent while the request came in.
    private var hasAnswerBegun = false
    private var timer: Scheduled<Void>?
    private var context: ChannelHandlerContext?
    private var isOver = false

    public init(limits: RequestLimits, counters: RefusalCounters) {
        self.limits = limits
        self.counters = counters
    }

    public func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    public func handlerRemoved(context: ChannelHandlerContext) { self.end() }

    public func channelInactive(context: ChannelHandlerContext) {
        self.end()
        context.fireChannelInactive()
    }

    private func end() {
        self.timer?.cancel()
        self.timer = nil
        self.context = nil
    }

    // MARK: Bytes

    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if self.isOver { return }
        if let start = self.waitsSince {
            self.waited = self.waited + (context.eventLoop.now - start)
            self.waitsSince = nil
        }
        if self.phase == .betweenRequests { self.begin(.head) }
        if self.phase == .head { self.byteCount += Self.unwrapInboundIn(data).readableBytes }
        context.fireChannelRead(data)
    }

    /// The server wants more bytes. If a request has begun, its sender is waited for from now on.
    public func read(context: ChannelHandlerContext) {
        if self.isOver { return }
        if self.phase != .betweenRequests, self.waitsSince == nil {
            if self.phase == .head, self.byteCount > self.limits.headBytesMax {
                return self.refuse(.headerFieldsTooLarge)
            }
            self.waitsSince = context.eventLoop.now
            if self.timer == nil { self.planLook(in: self.timeLeft) }
        }
        context.read()
    }

    public func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        self.hasAnswerBegun = true
        context.write(data, promise: promise)
    }

    private func begin(_ phase: Phase) {
        self.phase = phase
        self.byteCount = 0
        self.waited = .zero
    }

    // MARK: What others see of requests

    /// The head of a request is here.
    func headRead() {
        self.begin(.body)
        self.hasAnswerBegun = self.unanswered > 0
        self.isAnsweredEarly = false
    }

    /// Some more of its body is here.
    func bodyRead(_ count: Int) {
        self.byteCount += count
        if self.isAnsweredEarly, self.byteCount > self.limits.leftoverBytesMax { self.close(counting: .tooLarge) }
    }

    /// A request is here in full, as whoever carries it out has found.
    public func requestRead() {
        self.begin(.betweenRequests)
        self.waitsSince = nil
        if !self.isAnsweredEarly { self.unanswered += 1 }
        self.isAnsweredEarly = false
    }

    /// A request has its full answer.
    public func answered() {
        if self.unanswered > 0 { self.unanswered -= 1 } else { self.isAnsweredEarly = self.phase == .body }
        if self.isAnsweredEarly { self.byteCount = 0 }
    }

    /// The connection is another protocol's from now on.
    func leave() {
        guard let context else { return }
        self.end()
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    // MARK: Time

    private var timeLeft: TimeAmount {
        let all = self.phase == .head ? self.limits.headTime : self.limits.time(forBodyBytes: self.byteCount)
        return all - self.waited
    }

    private func planLook(in time: TimeAmount) {
        guard let context else { return }
        let watch = NIOLoopBound(self, eventLoop: context.eventLoop)
        self.timer = context.eventLoop.scheduleTask(in: time) { watch.value.look() }
    }

    private func look() {
        self.timer = nil
        // The next read plans the next look.
        guard let context, let start = self.waitsSince, self.phase != .betweenRequests else { return }
        // Whoever waits for an answer is not late with the next request.
        let left = self.unanswered > 0 ? self.limits.headTime : self.timeLeft - (context.eventLoop.now - start)
        if left > .zero { self.planLook(in: left) } else { self.refuse(.requestTimeout) }
    }

    // MARK: Refusing

    enum Refusal {
        case requestTimeout
        case headerFieldsTooLarge
    }

    /// Answers in the API's form, if no other answer is under way, and closes the connection.
    func refuse(_ refusal: Refusal) {
        guard let context, !self.isOver else { return }
        if self.unanswered == 0, !(self.phase == .body && self.hasAnswerBegun) {
            context.write(Self.wrapOutboundOut(refusal.answer(context.channel.allocator)), promise: nil)
        }
        self.close(counting: refusal == .requestTimeout ? .tooSlow : .tooLarge)
    }

    private func close(counting reason: RefusalCounters.Reason) {
        guard let context, !self.isOver else { return }
        self.isOver = true
        self.counters.count(reason)
        context.flush()
        context.close(promise: nil)
    }
}

extension RequestWatch.Refusal {
    fileprivate func answer(_ allocator: ByteBufferAllocator) -> ByteBuffer {
        let (status, code, sentence) =
            switch self {
            case .requestTimeout: ("408 Request Timeout", "408", "The request did not come in good time")
            case .headerFieldsTooLarge: ("431 Request Header Fields Too Large", "431", "The request's head is too large")
            }
        let body = #"{"code":"\#(code)","error":"\#(sentence)"}"#
        return allocator.buffer(
            string: "HTTP/1.1 \(status)\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n"
                + "Connection: close\r\n\r\n\(body)"
        )
    }
}
