import ClusterAPI
import NIOHTTP1
import RaftTestSupport
import Testing

@Suite("Requests that their senders name")
struct RequestKeyTests {
    private static let prefix = TestCoordinator.prefix
    private static let connectors = "\(TestCoordinator.prefix)/connectors"

    private static func ask(
        _ coordinator: TestCoordinator,
        _ key: String,
        _ method: HTTPMethod,
        _ path: String,
        _ body: String? = nil,
        headers: HTTPHeaders = [:]
    ) async throws -> TestCoordinator.Answer {
        var headers = headers
        headers.add(name: "Idempotency-Key", value: key)
        return try await coordinator.request(method, path, body, headers: headers)
    }

    private static func expectReplay(
        _ answer: TestCoordinator.Answer,
        of first: TestCoordinator.Answer,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(answer.status == first.status, sourceLocation: sourceLocation)
        #expect(answer.body == first.body, sourceLocation: sourceLocation)
        #expect(answer.headers.first(name: "content-type") == "application/json", sourceLocation: sourceLocation)
        #expect(answer.headers.first(name: "idempotency-replayed") == "true", sourceLocation: sourceLocation)
        #expect(first.headers.first(name: "idempotency-replayed") == nil, sourceLocation: sourceLocation)
    }

    private static func connector(_ name: String, _ url: String = "http://h") -> String {
        #"{"name":"\#(name)","connector_type":"http","params":{"url":"\#(url)","token":"hush"}}"#
    }

    private static func group(_ name: String) -> String {
        #"{"name":"\#(name)","pipelines":[{"name":"p","source":"stream S = A"}],"routes":[]}"#
    }

    @Test("the second time a write changes nothing and is answered as it was the first time")
    func replays() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            let made = try await Self.ask(coordinator, "k1", .POST, Self.connectors, Self.connector("c"))
            #expect(made.status == 201)
            let changed = try await Self.ask(
                coordinator,
                "k2",
                .PUT,
                "\(Self.connectors)/c",
                Self.connector("c", "http://i")
            )
            #expect(changed.status == 200)
            let gone = try await Self.ask(coordinator, "k3", .DELETE, "\(Self.connectors)/c")
            #expect(gone.status == 200)
            // What would be refused now, or would bring the connector back, is answered from memory.
            Self.expectReplay(
                try await Self.ask(
                    coordinator,
                    "k2",
                    .PUT,
                    "\(Self.connectors)/c",
                    Self.connector("c", "http://i")
                ),
                of: changed
            )
            Self.expectReplay(
                try await Self.ask(coordinator, "k1", .POST, Self.connectors, Self.connector("c")),
                of: made
            )
            Self.expectReplay(try await Self.ask(coordinator, "k3", .DELETE, "\(Self.connectors)/c"), of: gone)
            #expect(try await coordinator.get("\(Self.connectors)/c").status == 404)
            #expect(!made.body.contains("hush") && !changed.body.contains("hush"))
            // Without the name it is another request.
            #expect(try await coordinator.request(.DELETE, "\(Self.connectors)/c").status == 404)
        }
    }

    @Test("a refusal that is in the log is an answer like any other")
    func refusals() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            let missing = try await Self.ask(coordinator, "k1", .DELETE, "\(Self.connectors)/c")
            #expect(missing.status == 404)
            #expect(try await coordinator.post(Self.connectors, Self.connector("c")).status == 201)
            Self.expectReplay(try await Self.ask(coordinator, "k1", .DELETE, "\(Self.connectors)/c"), of: missing)
            let conflict = try await Self.ask(
                coordinator,
                "k2",
                .POST,
                Self.connectors,
                Self.connector("c", "http://other")
            )
            #expect(conflict.status == 409)
            #expect(try await coordinator.request(.DELETE, "\(Self.connectors)/c").status == 200)
            Self.expectReplay(
                try await Self.ask(coordinator, "k2", .POST, Self.connectors, Self.connector("c", "http://other")),
                of: conflict
            )
        }
    }

    @Test("a refusal that logged nothing may be another one next time")
    func refusedBeforeLogging() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            let path = "\(Self.prefix)/pipeline-groups"
            #expect(try await Self.ask(coordinator, "k", .POST, path, Self.group("g")).status == 503)
            #expect(try await Self.ask(coordinator, "k", .POST, path, "{}").status == 400)
            #expect(try await coordinator.register("w").status == 201)
            let headers: HTTPHeaders = ["Prefer": "wait=1"]
            let deployed = try await Self.ask(coordinator, "k", .POST, path, Self.group("g"), headers: headers)
            #expect(deployed.status == 201)
            let id = try deployed.decoded(PipelineGroupInfo.self).id
            #expect(try await coordinator.request(.DELETE, "\(path)/\(id)").status == 200)
            // The group's status in the answer is the one it had.
            Self.expectReplay(
                try await Self.ask(coordinator, "k", .POST, path, Self.group("g"), headers: headers),
                of: deployed
            )
            #expect(try await coordinator.get("\(path)/\(id)").status == 404)
        }
    }

    @Test("another request under the name is refused, and does nothing")
    func conflicts() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            #expect(
                try await Self.ask(coordinator, "k", .POST, Self.connectors, Self.connector("c")).status == 201
            )
            for (method, path, body) in [
                (HTTPMethod.POST, Self.connectors, Self.connector("d")),
                (.POST, Self.connectors + "?x=1", Self.connector("c")),
                (.PUT, "\(Self.connectors)/c", Self.connector("c", "http://i")),
                (.DELETE, "\(Self.connectors)/c", nil as String?),
                (.POST, "\(Self.prefix)/pipeline-groups", Self.group("g")),
                (.POST, "\(Self.prefix)/pipeline-groups/g/inject", #"{"event_type":"A"}"#),
            ] {
                let answer = try await Self.ask(coordinator, "k", method, path, body)
                #expect(answer.status == 422, "\(method) \(path)")
                #expect(answer.error?.code == .keyReused)
            }
            let left = try await coordinator.get(Self.connectors).decoded(Page<Connector>.self)
            #expect(left.items.map(\.name) == ["c"] && left.items.map(\.params["url"]) == ["http://h"])
        }
    }

    @Test("workers come and go once, too")
    func workers() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            let body = """
                {"worker_id":"w","address":"http://h:1","api_key":"\(TestCoordinator.key)",\
                "capacity":{"cpu_cores":1,"pipelines_running":0,"max_pipelines":1}}
                """
            let path = "\(Self.prefix)/workers"
            let registered = try await Self.ask(coordinator, "k1", .POST, "\(path)/register", body)
            #expect(registered.status == 201)
            let gone = try await Self.ask(coordinator, "k2", .DELETE, "\(path)/w")
            #expect(gone.status == 200)
            Self.expectReplay(
                try await Self.ask(coordinator, "k1", .POST, "\(path)/register", body),
                of: registered
            )
            Self.expectReplay(try await Self.ask(coordinator, "k2", .DELETE, "\(path)/w"), of: gone)
            #expect(try await coordinator.get("\(path)/w").status == 404)
        }
    }

    @Test("many of the same name at once are one")
    func concurrent() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            #expect(try await coordinator.post(Self.connectors, Self.connector("c")).status == 201)
            let answers = try await withThrowingTaskGroup(of: TestCoordinator.Answer.self) { group in
                for _ in 0..<20 {
                    group.addTask { try await Self.ask(coordinator, "k", .DELETE, "\(Self.connectors)/c") }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(answers.map(\.status)) == [200])
            #expect(Set(answers.map(\.body)).count == 1)
            #expect(answers.count { $0.headers.first(name: "idempotency-replayed") == nil } == 1)
        }
    }

    @Test("what is no name is refused")
    func badNames() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            for name in ["", "a b", "ä", String(repeating: "k", count: 256)] {
                let answer = try await Self.ask(coordinator, name, .POST, Self.connectors, Self.connector("c"))
                #expect(answer.status == 400, "\(name)")
                #expect(answer.error?.error.hasPrefix("Idempotency-Key") == true)
            }
            let two = try await coordinator.request(
                .POST,
                Self.connectors,
                Self.connector("c"),
                headers: HTTPHeaders([("idempotency-key", "a"), ("Idempotency-Key", "b")])
            )
            #expect(two.status == 400)
            #expect(try await coordinator.get("\(Self.connectors)/c").status == 404)
            for name in ["!", "~", String(repeating: "k", count: 255), #""quoted""#] {
                let answer = try await Self.ask(
                    coordinator,
                    name,
                    .PUT,
                    "\(Self.connectors)/c",
                    Self.connector("c")
                )
                #expect(answer.status == 404, "\(name)")
            }
            // A reader may say what it likes.
            #expect(try await Self.ask(coordinator, "a b", .GET, Self.connectors).status == 200)
        }
    }

    @Test("a named event reaches its worker once; if nobody knows whether it did, the answer says so")
    func events() async throws {
        let worker = try await FakeWorker.start()
        try await TestCoordinator.run { (coordinator) async throws in
            #expect(try await coordinator.register("w", at: worker.address).status == 201)
            let deployed = try await coordinator.post("\(Self.prefix)/pipeline-groups", Self.group("g"))
            let id = try deployed.decoded(PipelineGroupInfo.self).id
            let path = "\(Self.prefix)/pipeline-groups/\(id)/inject"
            let event = #"{"event_type":"A"}"#
            let first = try await Self.ask(coordinator, "k1", .POST, path, event)
            #expect(first.status == 200)
            Self.expectReplay(try await Self.ask(coordinator, "k1", .POST, path, event), of: first)
            #expect(worker.eventCount == 1)
            #expect(try await coordinator.post(path, event).status == 200)
            #expect(worker.eventCount == 2)
            await worker.stop()
            let lost = try await Self.ask(coordinator, "k2", .POST, path, event)
            #expect(lost.status == 502 && lost.error?.outcome == .unknown)
            let again = try await Self.ask(coordinator, "k2", .POST, path, event)
            #expect(again.status == 504 && again.error?.outcome == .unknown)
            #expect(again.error?.code == .outcomeUnknown)
        }
    }
}
