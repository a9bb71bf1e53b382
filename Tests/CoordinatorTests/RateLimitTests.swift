import ClusterAPI
import NIOHTTP1
import RaftTestSupport
import Testing

@testable import Coordinator

@Suite("A limit to how many changes a client asks for")
struct RateLimitTests {
    private static let prefix = TestCoordinator.prefix

    private static func connector(_ number: Int) -> String {
        #"{"name":"c\#(number)","connector_type":"console","params":{}}"#
    }

    @Test(
        "one request beyond twice the rate answers 429, on the way of the router and ahead of it",
        arguments: [true, false]
    )
    func limit(isLean: Bool) async throws {
        try await TestCoordinator.run(adjust: { $0.rateLimit = 1 }) { (coordinator) async throws in
            var answers: [TestCoordinator.Answer] = []
            // Within a burst that a slow machine does not stretch to an allowance of more than a few.
            for number in 0..<40 where answers.last?.status != 429 {
                // A header that the lean path does not know makes a request the router's.
                let headers: HTTPHeaders = isLean ? [:] : ["x-other": "1"]
                answers.append(
                    try await coordinator.request(
                        .POST,
                        "\(Self.prefix)/connectors",
                        Self.connector(number),
                        headers: headers
                    )
                )
            }
            #expect(answers.dropLast().allSatisfy { $0.status == 201 })
            #expect(answers.count >= 3)
            let refused = try #require(answers.last)
            #expect(refused.status == 429)
            #expect(
                refused.body == #"{"error":"rate_limited","message":"Too many requests","retry_after_seconds":1}"#
            )
            #expect(refused.headers.first(name: "retry-after") == "1")
            #expect(refused.headers.first(name: "content-type") == "application/json")
            // What only reads is not limited, nor what workers must tell.
            for _ in 0..<10 {
                #expect(try await coordinator.get("\(Self.prefix)/connectors").status == 200)
                #expect(try await coordinator.get("/health", key: nil).status == 200)
                #expect(try await coordinator.register("w").status == 201)
                #expect(try await coordinator.heartbeat("w").status == 200)
            }
            let page = try await coordinator.get("/metrics", key: nil).body
            #expect(page.contains("varpulis_cluster_rejected_requests_total{cause=\"rate_limited\"} 1\n"))
            // After the wait that was told, one is admitted again.
            #expect(
                try await eventually {
                    try await coordinator.post("\(Self.prefix)/connectors", Self.connector(99)).status == 201
                }
            )
        }
    }

    @Test("keys can't be guessed faster than that either")
    func guessing() async throws {
        try await TestCoordinator.run(adjust: { $0.rateLimit = 1 }) { (coordinator) async throws in
            var statuses: [Int] = []
            for _ in 0..<40 where statuses.last != 429 {
                statuses.append(try await coordinator.request(.DELETE, "\(Self.prefix)/workers/w", key: "guess").status)
            }
            #expect(statuses.last == 429)
        }
    }
}
