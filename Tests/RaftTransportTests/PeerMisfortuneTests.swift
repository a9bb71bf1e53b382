import NIOCore
import NIOPosix
import RaftCore
import RaftTestSupport
import Testing

@testable import RaftTransport

@Suite("Connections that go wrong")
struct PeerMisfortuneTests {
    @Test("a peer that dies right after agreeing to the upgrade is dialed again")
    func diesAfterUpgrade() async throws {
        let pair = try await Pair()
        pair.listener.mood = .hangUpAfterUpgrade
        try await pair.dialer.start()
        #expect(await eventually { pair.listener.acceptedCount >= 6 })
        pair.listener.mood = .serve
        #expect(try await eventually { try await pair.dialer.isConnected(to: 2) })
        await pair.close()
    }

    @Test("a peer that accepts the connection and never answers is given up and dialed again")
    func neverAnswers() async throws {
        let pair = try await Pair(configure: { $0.patience.handshake = .seconds(1) })
        pair.listener.mood = .ignore
        try await pair.dialer.start()
        #expect(await eventually { pair.listener.acceptedCount >= 4 })
        pair.listener.mood = .serve
        #expect(try await eventually { try await pair.dialer.isConnected(to: 2) })
        await pair.close()
    }

    @Test("a server that is no coordinator is asked again and again, and no connection to it stays open")
    func foreignServer() async throws {
        let pair = try await Pair(configure: { $0.patience.handshake = .milliseconds(100) })
        pair.listener.mood = .speakOtherwise
        try await pair.dialer.start()
        #expect(await eventually { pair.listener.acceptedCount >= 10 })
        #expect(await eventually { pair.listener.openCount <= 2 })  // one for each lane
        await pair.close()
        #expect(await eventually { pair.listener.openCount == 0 })
    }

    @Test("nothing stays open after the transport is closed, in whatever phase its connections were")
    func closing() async throws {
        for mood in [PeerListener.Mood.serve, .ignore] {
            for _ in 0..<20 {
                let pair = try await Pair(configure: { $0.patience.handshake = .milliseconds(200) })
                pair.listener.mood = mood
                try await pair.dialer.start()
                #expect(await eventually { pair.listener.acceptedCount >= 1 })
                pair.dialer.transport.close()
                #expect(await eventually { pair.listener.openCount == 0 })
                await pair.close()
            }
        }
    }

    @Test("a server that is told to wind up closes its peers' connections")
    func quiescing() async throws {
        let pair = try await Pair()
        #expect(try await pair.connect())
        let channel = try #require(pair.listener.connections.first)
        channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        #expect(await eventually { !channel.isActive })
        await pair.close()
    }

    @Test("bytes that are no handshake end the connection")
    func noise() async throws {
        let pair = try await Pair()
        let channel = try await Stranger.knock(at: pair.listener.address)
        try await channel.writeAndFlush(ByteBuffer(repeating: 0xff, count: 100))
        #expect(await eventually { !channel.isActive })
        #expect(pair.acceptor.received.isEmpty)
        await pair.close()
    }
}

/// Somebody who asks for the upgrade like a member, and may say anything after it.
enum Stranger {
    /// `host`: where the stranger is; all of 127.0.0.0/8 is this machine.
    static func knock(at address: PeerAddress, from host: String = "127.0.0.1") async throws -> any Channel {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(to: SocketAddress(ipAddress: host, port: 0))
            .connect(host: address.resolvableHost, port: Int(address.port))
            .get()
        let request = """
            GET \(PeerUpgrade.path) HTTP/1.1\r
            host: test\r
            connection: upgrade\r
            upgrade: \(PeerUpgrade.protocolName)\r
            content-length: 0\r
            \r

            """
        try await channel.writeAndFlush(ByteBuffer(string: request))
        return channel
    }
}
