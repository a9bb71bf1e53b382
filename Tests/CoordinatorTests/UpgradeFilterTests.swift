import NIOCore
import NIOEmbedded
import NIOHTTP1
import RaftTestSupport
import Testing

@testable import Coordinator

@Suite("A connection's first request")
struct UpgradeFilterTests {
    private static func channel() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel()
        let filter = UpgradeFilter { name, head in name == "taken" && head.uri == "/taken" }
        try channel.pipeline.syncOperations.addHandler(filter)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return channel
    }

    private static func head(_ path: String, upgrade: String?) -> HTTPServerRequestPart {
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: path)
        if let upgrade { head.headers = ["connection": "upgrade", "upgrade": upgrade] }
        return .head(head)
    }

    @Test("an upgrade that somebody takes goes on as it came, and any other becomes a last plain request")
    func upgrades() throws {
        for (path, upgrade, isTaken) in [
            ("/taken", "taken", true), ("/taken", "Taken", true), ("/taken", "h2c", false), ("/", "taken", false),
        ] {
            let channel = try Self.channel()
            try channel.writeInbound(Self.head(path, upgrade: upgrade))
            guard case .head(let head) = try channel.readInbound(as: HTTPServerRequestPart.self) else {
                Issue.record("the request's head was lost")
                return
            }
            #expect(head.headers.contains(name: "upgrade") == isTaken)
            #expect(head.headers["connection"] == [isTaken ? "upgrade" : "close"])
            _ = try channel.finish()
        }
    }

    @Test("without a request the connection ends as soon as the server winds up, and after one it is others' business")
    func windingUp() throws {
        for hasRequest in [false, true] {
            let channel = try Self.channel()
            if hasRequest { try channel.writeInbound(Self.head("/", upgrade: nil)) }
            channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
            #expect(channel.isActive == hasRequest)
            if hasRequest { _ = try channel.finish() }
        }
    }

    @Test("a request that offers an upgrade nobody takes is answered as any other, and the connection ends behind it")
    func otherUpgrades() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            for name in ["h2c", "websocket", "varpulis-raft/2"] {
                let answer = try await RawConnection.answer(
                    from: coordinator.port,
                    to: "GET /health HTTP/1.1",
                    "connection: upgrade",
                    "upgrade: \(name)"
                )
                #expect(answer.hasPrefix("HTTP/1.1 200 "), "\(name)")
                #expect(answer.contains(#""role":"coordinator""#))
            }
            let answer = try await RawConnection.answer(
                from: coordinator.port,
                to: "POST \(TestCoordinator.prefix)/validate HTTP/1.1",
                "x-api-key: \(TestCoordinator.key)",
                "connection: upgrade",
                "upgrade: h2c",
                body: #"{"source":""}"#
            )
            #expect(answer.hasPrefix("HTTP/1.1 200 "))
            #expect(answer.contains(#""valid":true"#))
        }
    }
}
