import ClusterAPI
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing
import WebSocket

@testable import Worker

@Suite struct SocketTests {
    /// Opens `/ws`, and runs `body` with what it can do there.
    private static func connected(
        to worker: TestWorker,
        path: String = "/ws",
        headers: HTTPHeaders = [:],
        _ body: (Peer) async throws -> Void
    ) async throws {
        let session = try await WebSocketClient.connect(
            host: "127.0.0.1",
            port: worker.port,
            path: path,
            headers: headers,
            settings: WebSocketSettings(messageBytesMax: 1 << 20),
            timeout: .seconds(20),
            on: MultiThreadedEventLoopGroup.singleton
        )
        try await session.run { messages, sender in
            let peer = Peer(sender: sender)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    defer { peer.end() }
                    for try await message in messages { peer.heard(String(buffer: message)) }
                }
                try await body(peer)
                group.cancelAll()
            }
        }
    }

    private final class Peer: Sendable {
        let sender: WebSocketSession.Sender
        private let messages = Mutex<[String]>([])
        private let isEnded = Mutex(false)

        init(sender: WebSocketSession.Sender) { self.sender = sender }

        func heard(_ message: String) { self.messages.withLock { $0.append(message) } }
        func end() { self.isEnded.withLock { $0 = true } }
        var hasEnded: Bool { self.isEnded.withLock { $0 } }
        func send(_ text: String) async throws { try await self.sender.send(ByteBuffer(string: text)) }

        /// The first message that has come, or comes in time, with all of these texts in it.
        func hear(_ texts: String...) async throws -> String? {
            for _ in 0..<400 {
                let found = self.messages.withLock { messages in
                    messages.first { message in texts.allSatisfy { message.contains($0) } }
                }
                if found != nil || self.isEnded.withLock({ $0 }) { return found }
                try await Task.sleep(for: .milliseconds(50))
            }
            return nil
        }
    }

    @Test func `a program is loaded, fed, shown and heard`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        try Programs.filter.write(toFile: "\(path)/hot.vpl", atomically: true, encoding: .utf8)
        try "stream A = Reading.where(".write(toFile: "\(path)/bad.vpl", atomically: true, encoding: .utf8)
        let large = String(repeating: " ", count: WorkerRoutes.bodyBytesMax + 1)
        try large.write(toFile: "\(path)/large.vpl", atomically: true, encoding: .utf8)
        let worker = try await TestWorker { $0.workDirectory = path }
        try await Self.connected(to: worker) { peer in
            try await peer.send(#"{"type":"load_file","path":"hot.vpl"}"#)
            let loaded = #"{"error":null,"streams_loaded":1,"success":true,"type":"load_result"}"#
            #expect(try await peer.hear("load_result") == loaded)
            for file in ["bad.vpl", "missing.vpl", "large.vpl", "../outside.vpl"] {
                try await peer.send(#"{"type":"load_file","path":"\#(file)"}"#)
            }
            #expect(try await peer.hear(#""success":false"#, "line 1") != nil)
            #expect(try await peer.hear(#""success":false"#, "'missing.vpl' cannot be read") != nil)
            #expect(try await peer.hear(#""success":false"#, "'large.vpl' cannot be read") != nil)
            #expect(try await peer.hear(#""success":false"#, "outside the work directory") != nil)

            // Its pipelines are looked for from time to time, so the first event may go unheard.
            for value in 20..<400 {
                try await peer.send(
                    #"{"type":"inject_event","event_type":"Reading","data":{"value":\#(value)},"timestamp":0}"#
                )
                try await Task.sleep(for: .milliseconds(50))
                if try await peer.hear(#""type":"event_injected""#) != nil, value > 40 { break }
            }
            let injected = #"{"event_type":"Reading","success":true,"type":"event_injected"}"#
            #expect(try await peer.hear("event_injected") == injected)
            let output = try #require(try await peer.hear(#""type":"output_event""#))
            #expect(output.hasPrefix(#"{"type":"output_event","event_type":"Hot","timestamp":""#))
            #expect(output.contains(#""doubled":"#))
            try await peer.send(#"{"type":"inject_event","event_type":"Foreign","data":{}}"#)
            #expect(try await peer.hear(#""success":false"#, "Foreign") != nil)

            try await peer.send(#"{"type":"get_streams"}"#)
            let streams = try #require(try await peer.hear(#""type":"streams""#))
            #expect(streams.contains(#""name":"Hot","operations":["filter","emit"],"source":"Reading""#))
            try await peer.send(#"{"type":"get_metrics"}"#)
            let metrics = try #require(try await peer.hear(#""type":"metrics""#))
            #expect(metrics.contains(#""active_streams":1"#) && metrics.contains(#""memory_usage":"#))
        }
        await worker.stop()
    }

    @Test func `what is no message is passed over, and an event out of bounds is refused`() async throws {
        let worker = try await TestWorker()
        try await Self.connected(to: worker) { peer in
            for nonsense in ["", "nonsense", "[]", "{}", #"{"type":"fly"}"#, #"{"type":"load_file"}"#] {
                try await peer.send(nonsense)
            }
            let fields = (0..<257).map { #""f\#($0)":1"# }.joined(separator: ",")
            try await peer.send(#"{"type":"inject_event","event_type":"A","data":{\#(fields)}}"#)
            #expect(try await peer.hear("error", "256 fields") != nil)
            let deep = String(repeating: "[", count: 17) + String(repeating: "]", count: 17)
            try await peer.send(#"{"type":"inject_event","event_type":"A","data":{"d":\#(deep)}}"#)
            #expect(try await peer.hear("error", "16 deep") != nil)
            try await peer.send(#"{"type":"inject_event","event_type":"A"}"#)
            #expect(try await peer.hear("error", "`data`") != nil)
            try await peer.send(#"{"type":"get_metrics"}"#)
            #expect(try await peer.hear("metrics") != nil)
        }
        await worker.stop()
    }

    @Test func `the key comes in any of its places, and without it nobody comes in`() async throws {
        let worker = try await TestWorker { $0.apiKey = "right key" }
        for headers in [
            ["authorization": "Bearer right key"], ["authorization": "ApiKey right key"],
            ["authorization": "right key"], ["x-api-key": "right key"],
        ] as [HTTPHeaders] {
            try await Self.connected(to: worker, headers: headers) { _ in }
        }
        for query in ["?api_key=right%20key", "?a=b&token=right%20key"] {
            try await Self.connected(to: worker, path: "/ws\(query)") { _ in }
        }
        for headers in [[:], ["authorization": "Bearer wrong"]] as [HTTPHeaders] {
            await #expect(throws: (any Error).self) {
                try await Self.connected(to: worker, headers: headers) { _ in }
            }
        }
        let nobody = try await worker.call(.get, "/ws")
        #expect(nobody.status == 401)
        #expect(nobody.body.contains("Authentication required"))
        let stranger = try await worker.call(.get, "/ws?token=wrong")
        #expect(stranger.status == 401)
        #expect(stranger.body.contains("Invalid API key"))
        #expect(try await worker.call(.get, "/ws", key: "right key").status == 426)
        await worker.stop()
    }

    @Test func `a tenant that is removed is heard no more over the connections it has`() async throws {
        let worker = try await TestWorker { $0.apiKey = "root" }
        let admin = [("x-admin-key", "root")]
        let created = try await worker.call(.post, "/api/v1/tenants", #"{"name":"acme"}"#, headers: admin)
        let tenant = try created.decoded(CreateTenantResponse.self)
        try await Self.connected(to: worker, headers: ["x-api-key": tenant.apiKey]) { peer in
            try await peer.send(#"{"type":"get_metrics"}"#)
            #expect(try await peer.hear(#""type":"metrics""#) != nil)
            let removed = try await worker.call(.delete, "/api/v1/tenants/\(tenant.id)", headers: admin)
            #expect(removed.status == 200)
            try await peer.send(#"{"type":"get_streams"}"#)
            #expect(try await peer.hear(#""type":"streams""#) == nil)
            #expect(peer.hasEnded)
        }
        await worker.stop()
    }

    @Test func `an open connection does not keep a worker from ending`() async throws {
        let worker = try await TestWorker()
        try await Self.connected(to: worker) { peer in
            try await peer.send(#"{"type":"get_metrics"}"#)
            #expect(try await peer.hear("metrics") != nil)
            await worker.stop()
            #expect(try await peer.hear("nothing of the kind") == nil)
        }
    }
}
