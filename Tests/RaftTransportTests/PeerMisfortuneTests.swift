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
        #expect(await eventually { pair.listener.acceptedCount >= 3 })
        pair.listener.mood = .serve
        #expect(try await eventually { try await pair.dialer.isConnected(to: 2) })
        await pair.close()
    }

    @Test("bytes that are no handshake end the connection")
    func noise() async throws {
        let pair = try await Pair()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: pair.listener.address.resolvableHost, port: Int(pair.listener.address.port))
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
        try await channel.writeAndFlush(ByteBuffer(repeating: 0xff, count: 100))
        #expect(await eventually { !channel.isActive })
        #expect(pair.acceptor.received.isEmpty)
        await pair.close()
    }
}
