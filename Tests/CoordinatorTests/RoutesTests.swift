import ClusterAPI
import NIOHTTP1
import RaftTestSupport
import Testing

@Suite("The cluster's API")
struct RoutesTests {
    private static let prefix = TestCoordinator.prefix

    // MARK: Workers

    @Test("a worker registers, reports, is listed, and goes")
    func workerLife() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            #expect(try await coordinator.heartbeat("w1").status == 404)
            let registered = try await coordinator.register("w1")
            #expect(registered.status == 201)
            #expect(
                registered.body
                    == #"{"heartbeat_interval_secs":5,"lease_ms":10000,"status":"registered","worker_id":"w1"}"#
            )
            let heard = try await coordinator.heartbeat("w1")
            #expect(heard.status == 200)
            #expect(heard.body == #"{"acknowledged":true,"confirmed":true,"lease_ms":10000}"#)
            let info = try await coordinator.get("\(Self.prefix)/workers/w1").decoded(WorkerInfo.self)
            #expect(info.id == "w1" && info.status == .ready)
            // An older process of the same name is told to register anew.
            #expect(try await coordinator.heartbeat("w1", incarnation: 2).status == 404)
            #expect(try await coordinator.register("w1", incarnation: 2).status == 201)
            #expect(try await coordinator.heartbeat("w1", incarnation: 1).status == 404)
            #expect(try await coordinator.heartbeat("w1", incarnation: 2).status == 200)
            #expect(try await coordinator.heartbeat("w1", incarnation: nil).status == 200)

            let gone = try await coordinator.request(.DELETE, "\(Self.prefix)/workers/w1")
            #expect(gone.status == 200 && gone.body == #"{"deleted":true}"#)
            #expect(try await coordinator.request(.DELETE, "\(Self.prefix)/workers/w1").status == 404)
            #expect(try await coordinator.heartbeat("w1").status == 404)
        }
    }

    @Test(
        "a worker's id may hold anything that a path can carry",
        arguments: [
            ("a b", "a%20b"), ("rack#1", "rack%231"), ("50%", "50%25"), ("a/b", "a%2Fb"), ("é?", "%C3%A9%3F"),
            ("a+b", "a+b"),
        ]
    )
    func encodedIDs(id: String, segment: String) async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            #expect(try await coordinator.register(id).status == 201)
            #expect(try await coordinator.heartbeat(segment).status == 200)
            let found = try await coordinator.get("\(Self.prefix)/workers/\(segment)")
            #expect(found.status == 200)
            #expect(try found.decoded(WorkerInfo.self).id == id)
            #expect(try await coordinator.request(.DELETE, "\(Self.prefix)/workers/\(segment)").status == 200)
        }
    }

    @Test("a path whose encoding is broken is refused, not taken literally")
    func brokenEncoding() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            for segment in ["%zz", "%", "a%2", "%ff"] {
                // An HTTP client would mend it.
                let answer = try await RawConnection.answer(
                    from: coordinator.port,
                    to: "GET \(Self.prefix)/workers/\(segment) HTTP/1.1",
                    "x-api-key: \(TestCoordinator.key)",
                    "connection: close"
                )
                #expect(answer.hasPrefix("HTTP/1.1 400 "), "\(segment)")
                #expect(answer.contains(#""code":"400""#))
            }
        }
    }

    @Test("a registration that can't work is refused")
    func badRegistrations() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            #expect(try await coordinator.register("").status == 400)
            #expect(try await coordinator.register(String(repeating: "w", count: 257)).status == 400)
            #expect(try await coordinator.register("w", at: "127.0.0.1:9000").status == 400)
            #expect(try await coordinator.register("w", apiKey: "two words").status == 400)
            #expect(try await coordinator.register("w", apiKey: "").status == 400)
            #expect(try await coordinator.get("\(Self.prefix)/workers").decoded(Page<WorkerInfo>.self).items.isEmpty)
        }
    }

    // MARK: Lists

    @Test("lists come in pages, in the order of their names")
    func pages() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            for name in ["c", "a", "b"] { #expect(try await coordinator.register(name).status == 201) }
            let path = "\(Self.prefix)/workers"
            let all = try await coordinator.get(path).decoded(Page<WorkerInfo>.self)
            #expect(all.items.map(\.id) == ["a", "b", "c"])
            #expect(all.pagination == Pagination(total: 3, limit: 50, offset: 0, hasMore: false))
            let page = try await coordinator.get("\(path)?limit=1&offset=1").decoded(Page<WorkerInfo>.self)
            #expect(page.items.map(\.id) == ["b"])
            #expect(page.pagination == Pagination(total: 3, limit: 1, offset: 1, hasMore: true))
            let stale = try await coordinator.get("\(path)?consistency=stale").decoded(Page<WorkerInfo>.self)
            #expect(stale.items.count == 3)
            #expect(try await coordinator.get("\(path)?limit=1000").status == 200)
            let tooMany = try await coordinator.get("\(path)?limit=1001")
            #expect(tooMany.status == 400)
            #expect(tooMany.body == #"{"code":"400","error":"limit must not exceed 1000"}"#)
            for query in ["limit=x", "limit=-1", "offset=-1", "offset=1.5", "limit="] {
                let answer = try await coordinator.get("\(path)?\(query)")
                #expect(answer.status == 400, "\(query)")
                #expect(answer.body == #"{"code":"400","error":"Invalid query parameters"}"#)
            }
        }
    }

    // MARK: Groups

    @Test("a deploy without workers is refused for now, and nothing of it is stored")
    func deployWithoutWorkers() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            let answer = try await coordinator.post(
                "\(Self.prefix)/pipeline-groups",
                #"{"name":"g","pipelines":[{"name":"p","source":"stream S = A"}],"routes":[]}"#
            )
            #expect(answer.status == 503)
            #expect(answer.error?.code == .noWorkersAvailable)
            #expect(answer.error?.error.hasPrefix("No workers available for deployment") == true)
            #expect(answer.headers.first(name: "retry-after") == "1")
            let stored = try await coordinator.get("\(Self.prefix)/pipeline-groups").decoded(
                Page<PipelineGroupInfo>.self
            )
            #expect(stored.items.isEmpty)
        }
    }

    @Test("a program with an error is refused with its place, and nothing of it is stored")
    func deployWithError() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            #expect(try await coordinator.register("w").status == 201)
            let answer = try await coordinator.post(
                "\(Self.prefix)/pipeline-groups",
                #"{"name":"g","pipelines":[{"name":"p","source":"stream S = A\n  .where(x >)"}],"routes":[]}"#
            )
            #expect(answer.status == 400)
            let error = try #require(answer.error)
            #expect(error.code == .parseError)
            let diagnostic = try #require(error.diagnostics?.first)
            #expect(diagnostic.line == 2 && diagnostic.column == 13)
            #expect(error.error.hasPrefix("Pipeline p, line 2, column 13: "))
            let stored = try await coordinator.get("\(Self.prefix)/pipeline-groups").decoded(
                Page<PipelineGroupInfo>.self
            )
            #expect(stored.items.isEmpty)
        }
    }

    @Test("groups that are not there are answered as the contract says")
    func missingGroups() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            let path = "\(Self.prefix)/pipeline-groups/none"
            let looked = try await coordinator.get(path)
            #expect(looked.status == 404 && looked.error?.code.rawValue == "404")
            #expect(looked.error?.error == "Pipeline group not found")
            let deleted = try await coordinator.request(.DELETE, path)
            #expect(deleted.status == 404 && deleted.error?.code == .groupNotFound)
            let injected = try await coordinator.post("\(path)/inject", #"{"event_type":"A"}"#)
            #expect(injected.status == 404 && injected.error?.code == .groupNotFound)
        }
    }

    // MARK: Connectors

    @Test("a connector is created once, repeated without harm, changed and deleted, and never shows its secret")
    func connectors() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            let path = "\(Self.prefix)/connectors"
            let first = #"{"name":"b","connector_type":"mqtt","params":{"host":"h","password":"hunter2"}}"#
            let shown = #"{"connector_type":"mqtt","name":"b","params":{"host":"h","password":"********"}}"#
            for _ in 0..<2 {
                let created = try await coordinator.post(path, first)
                #expect(created.status == 201 && created.body == shown)
            }
            for other in [
                #"{"name":"b","connector_type":"mqtt","params":{"host":"h","password":"other"}}"#,
                #"{"name":"b","connector_type":"mqtt","params":{"host":"h2","password":"hunter2"}}"#,
            ] {
                let conflict = try await coordinator.post(path, other)
                #expect(conflict.status == 409 && conflict.error?.code == .connectorValidation)
                #expect(!conflict.body.contains("hunter2"))
            }
            #expect(try await coordinator.get("\(path)/b").body == shown)
            #expect(try await coordinator.get(path).body.contains(shown))
            let changed = try await coordinator.request(
                .PUT,
                "\(path)/b",
                #"{"name":"ignored","connector_type":"mqtt","params":{"host":"h3"}}"#
            )
            #expect(changed.status == 200)
            #expect(changed.body == #"{"connector_type":"mqtt","name":"b","params":{"host":"h3"}}"#)
            #expect(try await coordinator.request(.DELETE, "\(path)/b").body == #"{"deleted":true}"#)
            for method in [HTTPMethod.GET, .DELETE] {
                let missing = try await coordinator.request(method, "\(path)/b")
                #expect(missing.status == 404 && missing.error?.code == .connectorNotFound)
            }
        }
    }

    @Test(
        "a connector that can't work is refused with a reason",
        arguments: [
            #"{"name":"1b","connector_type":"mqtt","params":{"host":"h"}}"#,
            #"{"name":"","connector_type":"mqtt","params":{"host":"h"}}"#,
            #"{"name":"a-b","connector_type":"mqtt","params":{"host":"h"}}"#,
            #"{"name":"é","connector_type":"mqtt","params":{"host":"h"}}"#,
            #"{"name":"b","connector_type":"smtp","params":{"host":"h"}}"#,
            #"{"name":"b","connector_type":"mqtt","params":{}}"#,
            #"{"name":"b","connector_type":"mqtt","params":{"host":""}}"#,
        ]
    )
    func badConnectors(body: String) async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            let answer = try await coordinator.post("\(Self.prefix)/connectors", body)
            #expect(answer.status == 400)
            #expect(answer.error?.code == .connectorValidation)
            #expect(answer.error?.error.hasPrefix("Connector validation failed: ") == true)
        }
    }

    // MARK: Probes

    @Test("the old system's Raft routes are answered, but not served")
    func raftRoutes() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            for path in ["vote", "append", "snapshot"] {
                #expect(try await coordinator.post("/raft/\(path)", "{}").status == 426)
            }
            #expect(try await coordinator.get("/raft/metrics").status == 404)
            #expect(try await coordinator.get("\(Self.prefix)/raft").body.contains(#""enabled":false"#))
        }
    }
}
