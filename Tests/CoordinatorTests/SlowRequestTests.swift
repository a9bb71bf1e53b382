import NIOCore
import RaftTestSupport
import Security
import Testing

@testable import Coordinator

@Suite("Slow and oversized requests over real sockets")
struct SlowRequestTests {
    private static func impatient(_ configuration: inout CoordinatorConfiguration) {
        configuration.requestLimits.headTime = .milliseconds(300)
        configuration.requestLimits.bodyTime = .milliseconds(300)
    }

    private static let starts = [
        "GET /health HT", "GET /health HTTP/1.1\r\nhost: h\r\nx-half",
        "POST /api/v1/cluster/connectors HTTP/1.1\r\nhost: h\r\ncontent-length: 100\r\nx-api-key: the-key\r\n\r\n{",
        "POST /api/v1/cluster/validate HTTP/1.1\r\nhost: h\r\nx-api-key: the-key\r\ntransfer-encoding: chunked\r\n\r\nffff\r\n{",
    ]

    @Test("a request that does not come to its end is answered 408 and closed; others do not notice", arguments: starts)
    func slow(start: String) async throws {
        try await TestCoordinator.run(adjust: Self.impatient) { (coordinator) async throws in
            let connection = try await RawConnection(to: coordinator.port)
            try await connection.send(start)
            while connection.isOpen {
                #expect(try await coordinator.get("/health", key: nil).status == 200)
                try? await connection.send(" ")  // fails once the server has closed
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(connection.received.hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
            let page = try await coordinator.get("/metrics", key: nil).body
            #expect(page.contains("varpulis_cluster_rejected_requests_total{cause=\"too_slow\"} 1\n"))
        }
    }

    @Test("a body that is broken on its way is answered 400")
    func broken() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            let connection = try await RawConnection(to: coordinator.port)
            try await connection.send(
                "POST /api/v1/cluster/validate HTTP/1.1\r\nhost: h\r\nx-api-key: the-key\r\n"
                    + "transfer-encoding: chunked\r\n\r\n4\r\nabcdefg"
            )
            #expect(await eventually { connection.received.hasPrefix("HTTP/1.1 400 ") })
        }
    }

    @Test("a head larger than is read is answered 431, and an endless body ends with its connection")
    func large() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            let head = try await RawConnection(to: coordinator.port)
            try await head.send("GET /health HTTP/1.1\r\nhost: h\r\n")
            let line = "x: \(String(repeating: "v", count: 8_000))\r\n"
            for _ in 0..<100 where head.isOpen { try? await head.send(line) }  // fails once the server has closed
            #expect(await eventually { !head.isOpen })
            #expect(head.received.hasPrefix("HTTP/1.1 431 "))

            let body = try await RawConnection(to: coordinator.port)
            try await body.send(
                "POST /api/v1/cluster/connectors HTTP/1.1\r\nhost: h\r\nx-api-key: the-key\r\n"
                    + "content-length: 1000000000\r\n\r\n"
            )
            let part = String(repeating: "b", count: 1 << 20)
            var sent = 0
            while body.isOpen, sent < 200 {
                try? await body.send(part)  // fails once the server has closed
                sent += 1
            }
            #expect(await eventually { !body.isOpen })
            #expect(sent < 100)
            #expect(body.received.hasPrefix("HTTP/1.1 413 "))
            #expect(try await coordinator.get("/health", key: nil).status == 200)
        }
    }
}
