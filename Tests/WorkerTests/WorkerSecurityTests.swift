import AsyncHTTPClient
import ClusterAPI
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL
import Security
import TestAuthority
import Testing

@testable import Worker

@Suite("What a worker lets in")
struct WorkerSecurityTests {
    private static let pipelines = "/api/v1/pipelines"

    @Test("one change beyond twice the rate answers 429; what only reads is not limited")
    func rateLimit() async throws {
        let worker = try await TestWorker { $0.rateLimit = 1 }
        var statuses: [UInt] = []
        for _ in 0..<40 where statuses.last != 429 {
            statuses.append(try await worker.call(.delete, "\(Self.pipelines)/p").status)
        }
        #expect(statuses.count >= 3)
        #expect(statuses.last == 429)
        for _ in 0..<10 { #expect(try await worker.call(.get, Self.pipelines).status == 200) }
        let answer = try await worker.call(.post, Self.pipelines, "{}")
        #expect(answer.status == 429)
        #expect(answer.body.hasPrefix(#"{"error":"rate_limited","message":"Too many requests","retry_after_seconds":"#))
        await worker.stop()
    }

    @Test("a request that does not come to its end is answered 408, and a head that is too large 431")
    func slowAndLarge() async throws {
        let worker = try await TestWorker {
            $0.requestLimits.headTime = .milliseconds(300)
            $0.requestLimits.bodyTime = .milliseconds(300)
        }
        let large =
            "GET /health HTTP/1.1\r\nhost: localhost\r\n"
            + String(repeating: "x: \(String(repeating: "v", count: 8_000))\r\n", count: 10)
        for (start, status) in [
            ("GET /health HT", "408"),
            ("POST \(Self.pipelines) HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{", "408"),
            (large, "431"),
        ] {
            let connection = try await Dialer(to: worker.port)
            try await connection.send(start)
            try await connection.ended()
            #expect(connection.received.hasPrefix("HTTP/1.1 \(status) "))
            #expect(try await worker.call(.get, "/health").status == 200)
        }
        await worker.stop()
    }

    @Test("a connection on which nothing happens is closed, before its first request and after it")
    func silence() async throws {
        let worker = try await TestWorker { $0.requestLimits.silence = .milliseconds(300) }
        let silent = try await Dialer(to: worker.port)
        try await silent.ended()
        #expect(silent.received.isEmpty)
        let spoken = try await Dialer(to: worker.port)
        try await spoken.send("GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n")
        try await spoken.ended()
        #expect(spoken.received.hasPrefix("HTTP/1.1 200 "))
        await worker.stop()
    }

    @Test("the listener for metrics speaks TLS where the worker does, and bears no silence either")
    func metricsListener() async throws {
        let authority = try TestAuthority()
        let own = try authority.issue("worker")
        let captured = LogCapture()
        let secure = try await TestWorker { configuration in
            (configuration.tls.certificate, configuration.tls.key) = (own.certificate, own.key)
            configuration.metricsPort = 0
            configuration.logger = captured.logger
        }
        let port = try #require(await captured.value(of: "port", in: "metrics"))
        var files = TLSFiles()
        files.authority = authority.certificate
        let client = try TLSCredentials(files, counters: RefusalCounters(), logger: TestWorker.quiet)
        func status(_ scheme: String) async throws -> UInt {
            var request = HTTPClientRequest(url: "\(scheme)://127.0.0.1:\(port)/metrics")
            request.tlsConfiguration = client.clientConfiguration
            return try await HTTPClient.shared.execute(request, timeout: .seconds(10)).status.code
        }
        #expect(try await status("https") == 200)
        await #expect(throws: (any Error).self) { try await status("http") }
        await secure.stop()

        let other = LogCapture()
        let plain = try await TestWorker {
            $0.metricsPort = 0
            $0.requestLimits.silence = .milliseconds(300)
            $0.logger = other.logger
        }
        let plainPort = try #require(await other.value(of: "port", in: "metrics"))
        let silent = try await Dialer(to: try #require(Int(plainPort)))
        try await silent.ended()
        await plain.stop()
    }

    @Test("over TLS it talks to whom its authority vouches for, and registers as https")
    func tls() async throws {
        let (authority, stranger) = (try TestAuthority(), try TestAuthority())
        let own = try authority.issue("worker")
        let worker = try await TestWorker { configuration in
            (configuration.tls.certificate, configuration.tls.key) = (own.certificate, own.key)
            configuration.tls.authority = authority.certificate
            configuration.tls.requiresClientCertificate = true
        }
        func status(showing identity: TestAuthority.Identity?) async throws -> UInt? {
            var files = TLSFiles()
            files.authority = authority.certificate
            (files.clientCertificate, files.clientKey) = (identity?.certificate, identity?.key)
            let client = try TLSCredentials(files, counters: RefusalCounters(), logger: TestWorker.quiet)
            var request = HTTPClientRequest(url: "https://127.0.0.1:\(worker.port)/health")
            request.tlsConfiguration = client.clientConfiguration
            // Nil is what is asked.
            return try? await HTTPClient.shared.execute(request, timeout: .seconds(10)).status.code
        }
        #expect(try await status(showing: try authority.issue("client")) == 200)
        #expect(try await status(showing: nil) == nil)
        #expect(try await status(showing: try stranger.issue("client")) == nil)
        #expect(try await status(showing: try authority.issue("old", days: -1)) == nil)
        #expect(try await status(showing: try authority.issue("client")) == 200)
        await worker.stop()
    }

    @Test("it calls coordinators over TLS, with a certificate of its own, and shows them the key that is theirs")
    func coordinators() async throws {
        let authority = try TestAuthority()
        let (own, other) = (try authority.issue("client"), try authority.issue("server"))
        let coordinator = try await TestWorker { configuration in
            // Any server will do: what counts is whether the call gets there.
            (configuration.tls.certificate, configuration.tls.key) = (other.certificate, other.key)
            configuration.tls.authority = authority.certificate
            configuration.tls.requiresClientCertificate = true
        }
        var files = TLSFiles()
        files.authority = authority.certificate
        (files.clientCertificate, files.clientKey) = (own.certificate, own.key)
        let credentials = try TLSCredentials(files, counters: RefusalCounters(), logger: TestWorker.quiet)
        func answer(with credentials: TLSCredentials?) async -> String {
            let client = CoordinatorClient(
                client: .shared,
                list: CoordinatorList(["https://127.0.0.1:\(coordinator.port)"], spreadBy: "w"),
                apiKey: nil,
                credentials: credentials
            )
            let request = HeartbeatRequest(eventsProcessed: 0, pipelinesRunning: 0)
            return "\(await client.heartbeat(request, from: "w", timeout: .seconds(10)))"
        }
        #expect(await answer(with: credentials) == "unknownWorker")
        #expect(await answer(with: nil).hasPrefix("failed"))
        await coordinator.stop()
    }
}
