import ClusterAPI
import NIOCore
import NIOHTTP1
import RaftTestSupport
import Testing

@testable import Coordinator

@Suite("The names of requests, and pages from anywhere")
struct RequestIDTests {
    private static let connectors = "\(TestCoordinator.prefix)/connectors"

    private static func id(of answer: TestCoordinator.Answer) throws -> String {
        #expect(answer.headers["x-request-id"].count == 1)
        return try #require(answer.headers.first(name: "x-request-id"))
    }

    @Test("every answer has one, on either path: the sender's if it is a sane one, else a new one")
    func echoed() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            let long = String(repeating: "x", count: 128)
            var seen: Set<String> = []
            for path in [
                "/health", "/nothing", "\(Self.connectors)/c", "\(Self.connectors)/c?x=1", Self.connectors, "/metrics",
            ] {
                for method in [HTTPMethod.GET, .PUT] {
                    for given in ["abc-1", "~!\"", long] {
                        let headers: HTTPHeaders = ["X-Request-ID": given]
                        let body = method == .PUT ? "{}" : nil
                        let answer = try await coordinator.request(method, path, body, headers: headers)
                        #expect(try Self.id(of: answer) == given, "\(method) \(path)")
                    }
                    for given in [nil, "", "a b", long + "x", "ü"] {
                        let headers: HTTPHeaders = given.map { ["X-Request-ID": $0] } ?? [:]
                        let answer = try await coordinator.request(method, path, key: nil, headers: headers)
                        let made = try Self.id(of: answer)
                        #expect(made != given && RequestID.isSane(made.utf8))
                        #expect(seen.insert(made).inserted)
                    }
                }
            }
            // Also where nothing but the lean path is asked.
            let made = try Self.id(of: try await coordinator.get("\(Self.connectors)/c"))
            #expect(RequestID.isSane(made.utf8) && seen.insert(made).inserted)
        }
    }

    @Test("it goes along to the leader and to the worker")
    func passedOn() async throws {
        let worker = try await FakeWorker.start()
        try await TestCoordinatorCluster.run { cluster in
            let leader = try await cluster.leader()
            let follower = try cluster.follower(of: leader)
            #expect(try await follower.register("w", at: worker.address).status == 201)
            let deployed = try await follower.post(
                "\(TestCoordinator.prefix)/pipeline-groups",
                #"{"name":"g","pipelines":[{"name":"p","source":"stream S = A"}],"routes":[]}"#
            )
            let group = try deployed.decoded(PipelineGroupInfo.self).id
            let answer = try await follower.request(
                .POST,
                "\(TestCoordinator.prefix)/pipeline-groups/\(group)/inject",
                #"{"event_type":"A"}"#,
                headers: ["x-request-id": "from-outside"]
            )
            #expect(answer.status == 200)
            #expect(try Self.id(of: answer) == "from-outside")
            #expect(worker.requestIDs.last == "from-outside")
        }
        await worker.stop()
    }

    @Test("a page from anywhere may ask whether it may, without a key, and read what it is answered")
    func crossOrigin() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            for path in [Self.connectors, "\(Self.connectors)/c", "/health", "/nothing"] {
                let preflight = try await coordinator.request(
                    .OPTIONS,
                    path,
                    key: nil,
                    headers: [
                        "Origin": "https://example.org", "Access-Control-Request-Method": "PUT",
                        "Access-Control-Request-Headers": "x-api-key",
                    ]
                )
                #expect(preflight.status == 204 && preflight.body.isEmpty)
                #expect(preflight.headers.first(name: "access-control-allow-origin") == "*")
                let methods = try #require(preflight.headers.first(name: "access-control-allow-methods"))
                for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS"] { #expect(methods.contains(method)) }
                let names = try #require(preflight.headers.first(name: "access-control-allow-headers"))
                for name in ["content-type", "x-api-key", "authorization", "x-request-id", "traceparent"] {
                    #expect(names.contains(name))
                }
            }
            for (path, key) in [("\(Self.connectors)/c", TestCoordinator.key), (Self.connectors, nil as String?)] {
                let headers: HTTPHeaders = ["Origin": "https://example.org"]
                let answer = try await coordinator.request(.GET, path, key: key, headers: headers)
                #expect(answer.headers.first(name: "access-control-allow-origin") == "*")
                let exposed = answer.headers.first(name: "access-control-expose-headers")
                #expect(exposed?.contains("x-request-id") == true)
            }
            // Nobody is told about it who does not come from a page.
            let plain = try await coordinator.get("/health")
            #expect(plain.headers.first(name: "access-control-allow-origin") == nil)
            #expect(try await coordinator.request(.OPTIONS, "/health").status == 405)
        }
    }
}
