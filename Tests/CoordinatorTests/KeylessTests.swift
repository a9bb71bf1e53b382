import ClusterAPI
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing
import WebSocket

@testable import Coordinator

@Suite("A coordinator without a key")
struct KeylessTests {
    private static let connectors = "\(TestCoordinator.prefix)/connectors"
    private static let refusal =
        #"{"code":"403","error":"Without a key, only pages of this machine are served"}"#

    @Test("pages of this machine are served, and those of others refused and counted, whoever would answer")
    func pages() async throws {
        try await TestCoordinator.run(apiKey: nil) { (coordinator) async throws in
            var refused = 0
            for (headers, isServed) in [
                (["origin": "http://localhost:5173"], true), (["origin": "http://127.0.0.1:\(coordinator.port)"], true),
                (["host": "localhost:9100"], true), (["host": "[::1]"], true),
                (["origin": "https://evil.example"], false), (["origin": "null"], false),
                (["host": "evil.example"], false), (["host": "evil.example", "origin": "http://evil.example"], false),
            ] as [(HTTPHeaders, Bool)] {
                // The first is one for the lean path.
                for path in ["\(Self.connectors)/none", Self.connectors, "/"] {
                    let answer = try await coordinator.request(.GET, path, key: nil, headers: headers)
                    #expect((answer.status != 403) == isServed, "\(path) \(headers)")
                    if isServed { continue }
                    #expect(answer.body == Self.refusal)
                    refused += 1
                }
            }
            let write = try await coordinator.request(
                .POST,
                Self.connectors,
                #"{"name":"a","connector_type":"mqtt","params":{"host":"h"}}"#,
                contentType: nil,
                key: nil,
                headers: ["origin": "https://evil.example"]
            )
            #expect(write.status == 403)
            let page = try await coordinator.get("/metrics", key: nil).body
            #expect(page.contains("varpulis_cluster_rejected_requests_total{cause=\"forbidden\"} \(refused + 1)\n"))
            #expect(try await coordinator.get("\(Self.connectors)/a", key: nil).status == 404)
        }
    }

    @Test("where a key is asked for, it alone decides")
    func key() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            let headers: HTTPHeaders = ["host": "cluster.example", "origin": "https://page.example"]
            #expect(try await coordinator.request(.GET, Self.connectors, headers: headers).status == 200)
            #expect(try await coordinator.request(.GET, Self.connectors, key: nil, headers: headers).status == 401)
        }
    }

    @Test("a session is opened from this machine, and not by a page of another one")
    func sessions() async throws {
        try await TestCoordinator.run(apiKey: nil) { (coordinator) async throws in
            func connect(_ headers: HTTPHeaders) async throws {
                let session = try await WebSocketClient.connect(
                    host: "127.0.0.1",
                    port: coordinator.port,
                    path: "\(TestCoordinator.prefix)/ws",
                    headers: headers,
                    timeout: .seconds(20),
                    on: MultiThreadedEventLoopGroup.singleton
                )
                try await session.run { _, _ in }
            }
            try await connect([:])
            try await connect(["origin": "http://localhost:5173"])
            for origin in ["https://evil.example", "null"] {
                await #expect(throws: (any Error).self) { try await connect(["origin": origin]) }
            }
        }
    }

    @Test("the head of a request says whether it is for this machine")
    func heads() {
        let hosts = [("127.0.0.1:9100", true), ("LOCALHOST", true), ("evil.example", false), ("", false)]
        for (host, isLoopback) in hosts {
            let text = "GET / HTTP/1.1\r\nhost: \(host)\r\n\r\n"
            guard case .head(let head) = Array(text.utf8).withUnsafeBytes(RequestHead.read) else {
                Issue.record("not understood: \(host)")
                continue
            }
            #expect(head.isForLoopback == isLoopback)
            #expect(head.isPlain)
        }
        let page = "GET / HTTP/1.1\r\nhost: localhost\r\norigin: http://localhost\r\n\r\n"
        guard case .head(let head) = Array(page.utf8).withUnsafeBytes(RequestHead.read) else {
            Issue.record("not understood")
            return
        }
        #expect(!head.isPlain)
    }
}
