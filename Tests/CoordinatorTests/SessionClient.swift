import ClusterAPI
import NIOCore
import NIOPosix
import WebSocket

/// A worker's end of a session, word by word.
final class SessionClient: Sendable {
    private let session: WebSocketSession
    private let conversation: Task<Void, any Error>
    private let outgoing: AsyncStream<String>.Continuation
    private let incoming: AsyncStream<CoordinatorMessage>

    init(to port: Int) async throws {
        let session = try await WebSocketClient.connect(
            host: "127.0.0.1",
            port: port,
            path: "\(TestCoordinator.prefix)/ws",
            timeout: .seconds(20),
            on: MultiThreadedEventLoopGroup.singleton
        )
        let (words, outgoing) = AsyncStream<String>.makeStream()
        let (incoming, received) = AsyncStream<CoordinatorMessage>.makeStream()
        self.session = session
        self.outgoing = outgoing
        self.incoming = incoming
        // Ended by `close` and `cut`, or by the coordinator.
        self.conversation = Task {
            defer { received.finish() }
            try await session.run { messages, sender in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { for await word in words { try await sender.send(ByteBuffer(string: word)) } }
                    for try await message in messages {
                        received.yield(try APIJSON.decode(from: message.readableBytesView))
                    }
                    group.cancelAll()
                }
            }
        }
    }

    /// Sends it, and gives the answer; nil once the connection has ended.
    func say(_ text: String) async -> CoordinatorMessage? {
        self.outgoing.yield(text)
        return await self.next()
    }

    func say(_ message: WorkerMessage) async throws -> CoordinatorMessage? {
        await self.say(String(decoding: try APIJSON.encode(message), as: UTF8.self))
    }

    func identify(
        _ worker: String,
        key: String? = TestCoordinator.key,
        incarnation: UInt64? = 1
    ) async throws -> CoordinatorMessage? {
        try await self.say(.identify(Identification(workerID: worker, apiKey: key, incarnation: incarnation)))
    }

    func heartbeat(incarnation: UInt64? = nil) async throws -> CoordinatorMessage? {
        try await self.say(
            .heartbeat(
                HeartbeatRequest(eventsProcessed: 0, pipelinesRunning: 0, pipelines: [], incarnation: incarnation)
            )
        )
    }

    func next() async -> CoordinatorMessage? {
        for await message in self.incoming { return message }
        return nil
    }

    /// How the connection ended; waits until it has.
    var ending: WebSocketEnding { get async { await self.session.ending } }

    /// Says that it ends.
    func close() async {
        self.conversation.cancel()
        _ = await self.conversation.result
    }

    /// Breaks off as a killed process does, without a word.
    func cut() async throws {
        let channel = self.session.channel
        try await channel.eventLoop.submit {
            let cutter = Cutter()
            try channel.pipeline.syncOperations.addHandler(cutter, position: .first)
            cutter.cut()
        }.get()
        _ = await self.conversation.result
    }
}

/// Closes the socket below everything that would say so.
private final class Cutter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private var context: ChannelHandlerContext?

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }
    func cut() { self.context?.close(promise: nil) }
}
