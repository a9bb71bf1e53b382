import ClusterAPI
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing
import WebSocket

@testable import Worker

@Suite("A worker without a key")
struct KeylessTests {
    private static let foreign = [
        [("origin", "https://evil.example")], [("origin", "null")], [("host", "evil.example")],
        [("host", "evil.example:9000"), ("origin", "http://evil.example:9000")],
    ]
    private static let own = [
        [("origin", "http://localhost:5173")], [("origin", "http://[::1]:9000")], [("host", "app.localhost")],
    ]

    @Test("pages of this machine are served, and those of others refused and counted")
    func pages() async throws {
        let worker = try await TestWorker()
        for path in ["/api/v1/pipelines", "/api/v1/usage", "/health", "/ws", "/nothing"] {
            for headers in Self.own {
                #expect(try await worker.call(.get, path, headers: headers).status != 403, "\(path) \(headers)")
            }
            for headers in Self.foreign {
                let answer = try await worker.call(.get, path, headers: headers)
                #expect(answer.status == 403, "\(path) \(headers)")
                #expect(
                    answer.body == #"{"code":"403","error":"Without a key, only pages of this machine are served"}"#
                )
            }
        }
        let program = String(
            decoding: try APIJSON.encode(DeployPipelineRequest(name: "p", source: Programs.filter)),
            as: UTF8.self
        )
        let deploy = try await worker.call(
            .post,
            "/api/v1/pipelines",
            program,
            contentType: nil,
            headers: [("origin", "https://evil.example")]
        )
        #expect(deploy.status == 403)
        #expect(try await worker.pipelines().isEmpty)
        let page = try await worker.call(.get, "/metrics").body
        #expect(page.contains("varpulis_rejected_requests_total{cause=\"forbidden\"} \(5 * Self.foreign.count + 1)\n"))
        await worker.stop()
    }

    @Test("where a key is asked for, it alone decides")
    func key() async throws {
        let worker = try await TestWorker { $0.apiKey = "right" }
        for headers in Self.foreign {
            #expect(try await worker.call(.get, "/api/v1/pipelines", key: "right", headers: headers).status == 200)
            #expect(try await worker.call(.get, "/api/v1/pipelines", headers: headers).status == 401)
        }
        await worker.stop()
    }

    @Test("a connection to /ws is opened from this machine, and not by a page of another one")
    func sockets() async throws {
        let worker = try await TestWorker()
        func connect(_ headers: HTTPHeaders) async throws {
            let session = try await WebSocketClient.connect(
                host: "127.0.0.1",
                port: worker.port,
                path: "/ws",
                headers: headers,
                timeout: .seconds(20),
                on: MultiThreadedEventLoopGroup.singleton
            )
            try await session.run { _, _ in }
        }
        try await connect([:])
        for headers in Self.own where headers.contains(where: { $0.0 == "origin" }) {
            try await connect(HTTPHeaders(headers))
        }
        for origin in ["https://evil.example", "null"] {
            await #expect(throws: (any Error).self) { try await connect(["origin": origin]) }
        }
        await worker.stop()
    }
}
