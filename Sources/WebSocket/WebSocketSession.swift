public import NIOCore
public import NIOWebSocket

/// One WebSocket connection that carries text messages.
///
/// What the peer sends is read no faster than it is asked for, and a sender waits while the peer takes less than it is
/// sent: nothing queues up but what the socket and one message to each side hold.
public struct WebSocketSession: Sendable {
    public typealias Messages = NIOAsyncChannelInboundStream<ByteBuffer>

    /// Sends messages. Any number of tasks may.
    public struct Sender: Sendable {
        fileprivate let outbound: NIOAsyncChannelOutboundWriter<WebSocketOutput>

        /// Throws if the connection has ended.
        public func send(_ text: ByteBuffer) async throws { try await self.outbound.write(.text(text)) }

        /// Says that this side closes, and why. Messages end as soon as the peer has said the same, or has not within
        /// the settings' patience.
        public func close(_ code: WebSocketErrorCode) async throws { try await self.outbound.write(.close(code)) }
    }

    private let connection: NIOAsyncChannel<ByteBuffer, WebSocketOutput>
    private let ended: EventLoopFuture<WebSocketEnding>

    public var channel: any Channel { self.connection.channel }

    /// How the connection ended, once it has.
    public var ending: WebSocketEnding {
        get async { (try? await self.ended.get()) ?? .lost }  // the promise is never failed
    }

    /// On a channel that has just been upgraded and has NIO's frame coders; on its event loop.
    init(on channel: any Channel, _ side: WebSocketSide, _ settings: WebSocketSettings) throws {
        let ended = channel.eventLoop.makePromise(of: WebSocketEnding.self)
        do {
            try channel.pipeline.syncOperations.addHandler(WebSocketHandler(side, settings, ended: ended))
        } catch {
            ended.succeed(.lost)
            throw error
        }
        self.ended = ended.futureResult
        self.connection = try NIOAsyncChannel(wrappingChannelSynchronously: channel)
    }

    /// Runs `body` with the connection, which ends with it, in good order. Messages end when the connection does.
    public func run<Result: Sendable>(
        _ body: (Messages, Sender) async throws -> Result
    ) async throws -> Result {
        try await self.connection.executeThenClose { inbound, outbound in
            try await body(inbound, Sender(outbound: outbound))
        }
    }
}
