import ClusterAPI
import NIOHTTP1
import RaftTestSupport
import Testing

@Suite("Events from outside")
struct InjectionTests {
    private static let prefix = TestCoordinator.prefix

    /// Runs `body` with a group of pipelines `a`, `b` (two replicas in turns) and `c` (two replicas by `key`), whose
    /// routes send `B` and everything that begins with `C` to `b` and `c`.
    private static func withGroup(
        _ body: (TestCoordinator, FakeWorker, String) async throws -> Void
    ) async throws {
        let worker = try await FakeWorker.start()
        try await TestCoordinator.run { (coordinator) async throws in
            #expect(try await coordinator.register("w", at: worker.address).status == 201)
            let deployed = try await coordinator.post(
                "\(Self.prefix)/pipeline-groups",
                """
                {"name":"g","pipelines":[{"name":"a","source":"stream S = A"},
                {"name":"b","source":"stream S = A","replicas":2},
                {"name":"c","source":"stream S = A","replicas":2,"partition_key":"key"}],
                "routes":[{"from_pipeline":"_external","to_pipeline":"b","event_types":["B"]},
                {"from_pipeline":"_external","to_pipeline":"c","event_types":["C*"]}]}
                """
            )
            #expect(deployed.status == 201)
            let group = try deployed.decoded(PipelineGroupInfo.self)
            #expect(group.status == .running)
            try await body(coordinator, worker, "\(Self.prefix)/pipeline-groups/\(group.id)")
        }
        await worker.stop()
    }

    private static func target(_ coordinator: TestCoordinator, _ path: String, _ event: String) async throws -> String {
        let answer = try await coordinator.post("\(path)/inject", event)
        #expect(answer.status == 200)
        return try APIJSON.decode(InjectResponse.self, from: answer.body.utf8).routedTo
    }

    @Test("an event goes where its route says, to replicas in turns, or by the value of the partition key")
    func routing() async throws {
        try await Self.withGroup { coordinator, _, path in
            #expect(try await Self.target(coordinator, path, #"{"event_type":"A"}"#) == "a")
            #expect(try await Self.target(coordinator, path, #"{"event_type":"Bx"}"#) == "a")
            var turns: [String] = []
            for _ in 0..<4 { turns.append(try await Self.target(coordinator, path, #"{"event_type":"B"}"#)) }
            #expect(turns == ["b#0", "b#1", "b#0", "b#1"])
            var homes: Set<String> = []
            for value in ["alpha", "beta", "gamma", "delta"] {
                let event = #"{"event_type":"Cx","fields":{"key":"\#(value)"}}"#
                let home = try await Self.target(coordinator, path, event)
                for _ in 0..<3 { #expect(try await Self.target(coordinator, path, event) == home) }
                homes.insert(home)
            }
            #expect(homes == ["c#0", "c#1"])
            let keyless = try await Self.target(coordinator, path, #"{"event_type":"C"}"#)
            #expect(try await Self.target(coordinator, path, #"{"event_type":"C"}"#) == keyless)
        }
    }

    @Test("a batch is a text of events or a list of them, and each goes its way in its order")
    func batches() async throws {
        try await Self.withGroup { coordinator, worker, path in
            let text = """
                # a comment
                BATCH 100
                A { x: 1, y: 7.0, s: "q\\"q" }
                @2s A(true, null)
                {"event_type": "A", "timestamp": 5, "data": {"x": 3}}

                Cx { key: alpha }; // not a comment
                """
            let bad = try await coordinator.post(
                "\(path)/inject-batch",
                String(decoding: APIJSON.encode(InjectBatchRequest(eventsText: text)), as: UTF8.self)
            )
            #expect(bad.status == 502 && bad.error?.code == .routingFailed)
            #expect(bad.error?.error.hasPrefix("Event routing failed: line 7: ") == true)
            #expect(worker.lines.isEmpty)

            let good = text.replacing("; // not a comment", with: ";")
            let answer = try await coordinator.post(
                "\(path)/inject-batch",
                String(decoding: APIJSON.encode(InjectBatchRequest(eventsText: good)), as: UTF8.self)
            )
            #expect(answer.status == 200)
            let outcome = try APIJSON.decode(InjectBatchResponse.self, from: answer.body.utf8)
            #expect(outcome.eventsSent == 4 && outcome.eventsFailed == 0 && outcome.errors.isEmpty)
            #expect(outcome.outputEvents.count == 4)
            #expect(outcome.outputEvents.first == ["event_type": .string("Out"), "n": .integer(1)])
            #expect(
                worker.lines["id-of-a"] == [
                    #"{"event_type":"A","fields":{"x":1,"y":7.0,"s":"q\"q"}}"#,
                    #"{"event_type":"A","fields":{"field_0":true,"field_1":null}}"#,
                    #"{"event_type": "A", "timestamp": 5, "data": {"x": 3}}"#,
                ]
            )
            // The same value has the same home, however its event came.
            let event = #"{"event_type":"Cx","fields":{"key":"alpha"}}"#
            let home = try await Self.target(coordinator, path, event)
            #expect(worker.lines["id-of-\(home)"] == [event])

            let list = try await coordinator.post(
                "\(path)/inject-batch",
                #"{"other":[1],"events":[{"event_type":"A","fields":{"x":1.0}},\#(event),{"event_type":"A"}]}"#
            )
            #expect(list.status == 200)
            #expect(try APIJSON.decode(InjectBatchResponse.self, from: list.body.utf8).eventsSent == 3)
            #expect(
                worker.lines["id-of-a"]?.suffix(2) == [
                    #"{"event_type":"A","fields":{"x":1.0}}"#, #"{"event_type":"A","fields":{}}"#,
                ]
            )
            #expect(worker.lines["id-of-\(home)"] == [event, event])
        }
    }

    @Test("a batch that is none is refused, and a large one is taken up to 16 MiB")
    func bounds() async throws {
        try await Self.withGroup { coordinator, worker, path in
            for body in [
                "{}", "[]", #"{"events":{}}"#, #"{"events_text":1}"#, #"{"events":[{}]}"#, #"{"events":[]} x"#,
                #"{"events":[],"events":[]}"#,
            ] {
                #expect(try await coordinator.post("\(path)/inject-batch", body).status == 400, "\(body)")
            }
            #expect(try await coordinator.post("\(path)/inject-batch", #"{"events":[]}"#).status == 200)
            let line = #"A { s: \""# + String(repeating: "x", count: 1_000) + #"\" }\n"#
            let lines = String(repeating: line, count: 3_000)
            let answer = try await coordinator.post("\(path)/inject-batch", #"{"events_text":"\#(lines)"}"#)
            #expect(answer.status == 200)
            #expect(try APIJSON.decode(InjectBatchResponse.self, from: answer.body.utf8).eventsSent == 3_000)
            #expect(worker.lines["id-of-a"]?.count == 3_000)
            let large = #"{"events_text":""# + String(repeating: " ", count: 16 << 20) + #""}"#
            #expect(try await coordinator.post("\(path)/inject-batch", large).status == 413)
            let other = "\(Self.prefix)/pipeline-groups/none/inject-batch"
            let missing = try await coordinator.post(other, #"{"events":[]}"#)
            #expect(missing.status == 404 && missing.error?.code == .groupNotFound)
        }
    }

    @Test("what can't be delivered is told for each pipeline, inside a 200")
    func failures() async throws {
        try await Self.withGroup { coordinator, worker, path in
            await worker.stop()
            let answer = try await coordinator.post(
                "\(path)/inject-batch",
                #"{"events":[{"event_type":"A"},{"event_type":"A"},{"event_type":"C"}]}"#
            )
            #expect(answer.status == 200)
            let outcome = try APIJSON.decode(InjectBatchResponse.self, from: answer.body.utf8)
            #expect(outcome.eventsSent == 0 && outcome.eventsFailed == 3 && outcome.outputEvents.isEmpty)
            #expect(outcome.errors.count == 2)
            #expect(outcome.errors.first?.hasPrefix("Pipeline 'a': ") == true)
        }
    }

    @Test("a named batch reaches its workers once")
    func named() async throws {
        try await Self.withGroup { coordinator, worker, path in
            let headers: HTTPHeaders = ["Idempotency-Key": "k"]
            let body = #"{"events":[{"event_type":"A"}]}"#
            var bodies: [String] = []
            for _ in 0..<2 {
                let answer = try await coordinator.request(.POST, "\(path)/inject-batch", body, headers: headers)
                #expect(answer.status == 200)
                bodies.append(answer.body)
            }
            #expect(bodies[0] == bodies[1])
            #expect(worker.lines["id-of-a"]?.count == 1)
        }
    }
}
