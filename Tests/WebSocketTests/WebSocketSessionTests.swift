import NIOCore
import NIOPosix
import NIOWebSocket
import Testing

@testable import WebSocket

@Suite("Connections over sockets")
struct WebSocketSessionTests {
    @Test("messages go both ways, up to the bound, and the end is said and answered", .timeLimit(.minutes(1)))
    func echo() async throws {
        // A side that waits for an answer which the other does not give would wait too long for the test.
        let patient = WebSocketSettings(closePatience: .hours(1))
        let server = try await EchoServer(patient)
        let session = try await server.connect(patient)
        let texts = ["", "héllo", String(repeating: "x", count: 64 << 10)]
        try await session.run { messages, sender in
            var back = messages.makeAsyncIterator()
            for text in texts {
                try await sender.send(ByteBuffer(string: text))
                #expect(try await back.next().map { String(buffer: $0) } == text)
            }
        }
        #expect(await session.ending == .closedHere(1000))
        #expect(await server.ending() == .closedByPeer(1000))
        try await server.stop()
    }

    @Test("a client reads to the end when the server closes")
    func closedWithCode() async throws {
        let server = try await EchoServer()
        let session = try await server.connect()
        try await session.run { messages, sender in
            try await sender.close(.goingAway)
            for try await _ in messages {}
        }
        #expect(await server.ending() == .closedByPeer(1001))
        try await server.stop()
    }

    @Test("a message above the server's bound ends the connection, and the client learns why")
    func tooLong() async throws {
        let server = try await EchoServer(WebSocketSettings(messageBytesMax: 1 << 10))
        let session = try await server.connect()
        try await session.run { messages, sender in
            try await sender.send(ByteBuffer(repeating: 0x61, count: (1 << 10) + 1))
            for try await _ in messages {}
        }
        #expect(await session.ending == .closedByPeer(1009))
        #expect(await server.ending() == .violated(1009))
        try await server.stop()
    }

    @Test("a sender waits for a peer that does not read, and the peer is given up in the end")
    func slowReader() async throws {
        let server = try await EchoServer(WebSocketSettings(silenceMax: .milliseconds(800)))
        let session = try await server.connect(path: EchoServer.flood)
        let ending = try await session.run { _, _ in await server.ending() }
        #expect(ending == .silent)
        try await server.stop()
    }

    @Test("a server that speaks plain HTTP, or nothing at all, is no server")
    func notUpgraded() async throws {
        let server = try await EchoServer()
        await #expect(throws: (any Error).self) { _ = try await server.connect(path: "/other") }
        try await server.stop()
        let silent = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0)
            .get()
        await #expect(throws: (any Error).self) {
            _ = try await WebSocketClient.connect(
                host: "127.0.0.1",
                port: silent.localAddress?.port ?? 0,
                path: "/",
                timeout: .milliseconds(200),
                on: MultiThreadedEventLoopGroup.singleton
            )
        }
        try await silent.close()
    }

    @Test("a connection in the making is given up with its task", .timeLimit(.minutes(1)))
    func cancelled() async throws {
        let (connections, came) = AsyncStream<Void>.makeStream()
        let silent = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                came.yield()
                return channel.eventLoop.makeSucceededVoidFuture()
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        let port = silent.localAddress?.port ?? 0
        // Waited for below.
        let opening = Task {
            try await WebSocketClient.connect(
                host: "127.0.0.1",
                port: port,
                path: "/",
                timeout: .seconds(600),
                on: MultiThreadedEventLoopGroup.singleton
            )
        }
        for await _ in connections { break }
        opening.cancel()
        await #expect(throws: (any Error).self) { _ = try await opening.value }
        // One that nobody wants any more is not begun.
        let unwanted = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await WebSocketClient.connect(
                host: "127.0.0.1",
                port: port,
                path: "/",
                timeout: .seconds(600),
                on: MultiThreadedEventLoopGroup.singleton
            )
        }
        await #expect(throws: (any Error).self) { _ = try await unwanted.value }
        try await silent.close()
    }

    @Test("bytes that are no frames harm nobody but their connection")
    func hostileBytes() async throws {
        let server = try await EchoServer(WebSocketSettings(closePatience: .milliseconds(50)))
        let handshake = """
            GET \(EchoServer.path) HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: websocket\r
            sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n
            """
        let frames: [([UInt8], WebSocketEnding)] = [
            ([0x81, 0xFF] + [UInt8](repeating: 0xFF, count: 8) + [1, 2, 3, 4], .violated(1009)),  // 2^64 - 1 bytes
            ([0x81, 0xFF, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4], .violated(1009)),  // 4 GiB
            ([0x81, 0x05, 1, 2, 3, 4, 5], .violated(1002)),  // not masked
            ([0x89, 0xFE, 0x01, 0x00, 1, 2, 3, 4], .violated(1002)),  // a ping of 256 bytes
            ([0x09, 0x80, 1, 2, 3, 4], .violated(1002)),  // a ping in fragments
            ([0x81, 0x85, 1], .lost),  // cut off within a frame
        ]
        for (bytes, ending) in frames {
            let (answers, answered) = AsyncStream<Void>.makeStream()
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .channelInitializer { $0.pipeline.addHandler(Listener(answered)) }
                .connect(host: "127.0.0.1", port: server.port)
                .get()
            try await channel.writeAndFlush(ByteBuffer(string: handshake))
            // A connection that ends before its upgrade is done never was a session.
            for await _ in answers { break }
            try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
            if ending == .lost { try await channel.close() }
            #expect(await server.ending() == ending)
            try? await channel.close()  // closed already, where the server was faster
        }
        let session = try await server.connect()
        try await session.run { messages, sender in
            try await sender.send(ByteBuffer(string: "still here"))
            var back = messages.makeAsyncIterator()
            #expect(try await back.next() == ByteBuffer(string: "still here"))
        }
        try await server.stop()
    }
}

/// Tells when something comes.
private final class Listener: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    private let heard: AsyncStream<Void>.Continuation

    init(_ heard: AsyncStream<Void>.Continuation) { self.heard = heard }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { self.heard.yield() }
}
