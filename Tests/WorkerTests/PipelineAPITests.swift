import ClusterAPI
import Foundation
import Testing

@testable import Worker

@Suite struct PipelineAPITests {
    @Test func `a pipeline is deployed, listed, fed, measured and deleted`() async throws {
        let worker = try await TestWorker()
        let deployed = try await worker.deploy(DeployPipelineRequest(name: "hot", source: Programs.filter))
        #expect(deployed.status == 201)
        let id = try deployed.decoded(DeployPipelineResponse.self).id
        #expect(deployed.body == #"{"id":"\#(id)","name":"hot","status":"running"}"#)

        let listed = try await worker.pipelines()
        #expect(listed.map(\.id) == [id])
        let shown = try await worker.call(.get, "/api/v1/pipelines/\(id)").decoded(PipelineInfo.self)
        #expect(shown.source == Programs.filter)
        #expect(shown.status == .running)
        #expect(shown.groupID == nil && shown.epoch == nil)

        let cold = try await worker.call(
            .post,
            "/api/v1/pipelines/\(id)/events",
            #"{"event_type":"Reading","fields":{"value":3}}"#
        )
        #expect(cold.status == 200)
        #expect(cold.body == #"{"accepted":true,"output_events":[]}"#)
        let hot = try await worker.call(
            .post,
            "/api/v1/pipelines/\(id)/events",
            #"{"event_type":"Reading","fields":{"value":30},"timestamp":"2024-01-01T00:00:00Z"}"#
        )
        #expect(
            hot.body == #"{"accepted":true,"output_events":[{"event_type":"Hot","#
                + #""timestamp":"2024-01-01T00:00:00Z","fields":{"value":30,"doubled":60}}]}"#
        )
        let batch = try await worker.call(
            .post,
            "/api/v1/pipelines/\(id)/events-batch",
            #"{"events":[{"event_type":"Reading","fields":{"value":11}},{"event_type":"Reading","fields":{"value":1}}]}"#
        )
        #expect(batch.body.hasPrefix(#"{"accepted":2,"output_events":[{"event_type":"Hot","#))
        #expect(batch.body.contains(#""value":11,"doubled":22}]"#))

        let metrics = try await worker.call(.get, "/api/v1/pipelines/\(id)/metrics")
        #expect(metrics.body.contains(#""events_processed":4"#))
        #expect(metrics.body.contains(#""output_events_emitted":2"#))
        #expect(try await worker.call(.get, "/ready").body.contains(#""engine_loaded":true"#))

        let deleted = try await worker.call(.delete, "/api/v1/pipelines/\(id)")
        #expect(deleted.body == #"{"deleted":true}"#)
        for (method, path) in [
            (TestWorker.Method.get, ""), (TestWorker.Method.delete, ""), (TestWorker.Method.post, "/events"),
            (TestWorker.Method.get, "/metrics"),
        ] {
            let gone = try await worker.call(method, "/api/v1/pipelines/\(id)\(path)", "{}")
            #expect(gone.status == 404)
            #expect(try gone.decoded(ErrorBody.self).code == .pipelineNotFound)
        }
        #expect(try await worker.pipelines().isEmpty)
        await worker.stop()
    }

    @Test func `a program with errors is refused with their places`() async throws {
        let worker = try await TestWorker()
        let source = "stream A = Reading.where(value > )\nstream B = Reading.to(Nowhere)\n"
        let answer = try await worker.deploy(DeployPipelineRequest(name: "bad", source: source))
        #expect(answer.status == 400)
        let refusal = try answer.decoded(ErrorBody.self)
        #expect(refusal.code == .parseError)
        let errors = refusal.diagnostics?.filter { $0.severity == .error } ?? []
        #expect(errors.first?.line == 1)
        #expect(errors.first?.column == 34)
        #expect(refusal.error.contains("line 1, column 34"))
        #expect(try await worker.pipelines().isEmpty)
        await worker.stop()
    }

    @Test(arguments: [
        ("{", "400"), ("[]", "400"), (#"{"name":"a"}"#, "400"), (#"{"name":"","source":""}"#, "400"),
        (#"{"name":"a","source":"","id":"../etc/passwd"}"#, "400"),
        (#"{"name":"a","source":"","epoch":-1}"#, "400"), (#"{"name":"a","source":"","group_id":""}"#, "400"),
    ])
    func `a body that is no deploy is refused`(body: String, code: String) async throws {
        let worker = try await TestWorker()
        let answer = try await worker.call(.post, "/api/v1/pipelines", body)
        #expect(answer.status == 400)
        #expect(try answer.decoded(ErrorBody.self).code.rawValue == code)
        await worker.stop()
    }

    @Test func `paths, methods, sizes and media types that are not served get their own errors`() async throws {
        let worker = try await TestWorker()
        let nowhere = try await worker.call(.get, "/api/v1/nothing")
        #expect(nowhere.status == 404)
        #expect(try nowhere.decoded(ErrorBody.self).code == .status(404))
        let large = try await worker.call(.post, "/api/v1/pipelines", String(repeating: " ", count: 1 << 20 + 1))
        #expect(large.status == 413)
        #expect(try large.decoded(ErrorBody.self).code == .status(413))
        let text = try await worker.call(.post, "/api/v1/pipelines", "{}", contentType: "text/plain")
        #expect(text.status == 415)
        let page = try await worker.call(.get, "/api/v1/pipelines?limit=1001")
        #expect(page.status == 400)
        #expect(try page.decoded(ErrorBody.self).code == .invalidLimit)
        let epoch = try await worker.call(.delete, "/api/v1/pipelines/x?epoch=many")
        #expect(epoch.status == 400)
        await worker.stop()
    }

    @Test(arguments: [
        #"{"fields":{}}"#, "[]", "nonsense", #"{"event_type":7}"#, #"{"event_type":"Reading","fields":[]}"#,
    ])
    func `a body that is no event is refused`(body: String) async throws {
        let worker = try await TestWorker()
        let id = try await worker.running(DeployPipelineRequest(name: "hot", source: Programs.filter))
        #expect(try await worker.call(.post, "/api/v1/pipelines/\(id)/events", body).status == 400)
        let batch = #"{"events":[{"event_type":"Reading","fields":{"value":99}},\#(body)]}"#
        #expect(try await worker.call(.post, "/api/v1/pipelines/\(id)/events-batch", batch).status == 400)
        let metrics = try await worker.call(.get, "/api/v1/pipelines/\(id)/metrics")
        #expect(metrics.body.contains(#""events_processed":0"#))
        await worker.stop()
    }

    @Test func `events come in lines, and what is none is counted and passed over`() async throws {
        let worker = try await TestWorker()
        let id = try await worker.running(DeployPipelineRequest(name: "hot", source: Programs.filter))
        var lines = (0..<3000).map { #"{"event_type":"Reading","fields":{"value":\#($0)}}"# }
        lines.insert(contentsOf: ["nonsense", #"{"value":5}"#, "", #"{"event_type":"Reading","#], at: 1000)
        let body = lines.joined(separator: "\n")
        let path = "/api/v1/pipelines/\(id)/events-batch"
        let quiet = try await worker.call(.post, path, body, contentType: "application/x-ndjson")
        #expect(quiet.status == 200)
        let expected =
            #"{"accepted":3000,"rejected":3,"rejections":{"missing_type":1,"truncated":1,"wrong_shape":1},"output_events":[],"#
        #expect(quiet.body.hasPrefix(expected), "\(quiet.body.prefix(300))")
        let told = try await worker.call(
            .post,
            path + "?output=true",
            lines[2999],
            contentType: "application/jsonl; x=y"
        )
        #expect(
            told.body.hasPrefix(#"{"accepted":1,"rejected":0,"rejections":{},"output_events":[{"event_type":"Hot""#)
        )
        let metrics = try await worker.call(.get, "/api/v1/pipelines/\(id)/metrics").body
        #expect(metrics.contains(#""events_processed":3001"#))
        #expect(metrics.contains(#""rejections":{"#) && metrics.contains(#""missing_type":1"#))
        await worker.stop()
    }

    @Test func `only who shows the key is let in, and probes need none`() async throws {
        let worker = try await TestWorker { $0.apiKey = "right" }
        for path in ["", "/x", "/x/metrics"] {
            for key in [nil, "", "wrong", "righ", "rightt"] {
                let answer = try await worker.call(.get, "/api/v1/pipelines\(path)", key: key)
                #expect(answer.status == 401)
                #expect(try answer.decoded(ErrorBody.self).code == .invalidAPIKey)
            }
        }
        for (method, path) in [
            (TestWorker.Method.post, ""), (TestWorker.Method.delete, "/x"), (TestWorker.Method.post, "/x/events"),
            (TestWorker.Method.post, "/x/events-batch"),
        ] {
            let answer = try await worker.call(method, "/api/v1/pipelines\(path)", "{}", key: "wrong")
            #expect(answer.status == 401)
        }
        #expect(try await worker.call(.get, "/api/v1/pipelines", key: "right").status == 200)
        #expect(try await worker.call(.get, "/api/v1/pipelines/x", key: "right").status == 404)
        #expect(try await worker.call(.get, "/health").body.contains(#""status":"healthy""#))
        #expect(try await worker.call(.get, "/ready").status == 200)
        await worker.stop()
    }

    @Test func `no more pipelines run than are allowed`() async throws {
        let worker = try await TestWorker { $0.pipelinesMax = 1 }
        let id = try await worker.running(DeployPipelineRequest(name: "a", source: Programs.filter))
        let second = try await worker.deploy(DeployPipelineRequest(name: "b", source: Programs.filter))
        #expect(second.status == 429)
        #expect(try second.decoded(ErrorBody.self).code == .quotaExceeded)
        _ = try await worker.call(.delete, "/api/v1/pipelines/\(id)")
        _ = try await worker.running(DeployPipelineRequest(name: "b", source: Programs.filter))
        await worker.stop()
    }

    @Test func `file sinks append lines, inside the work directory only`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        let worker = try await TestWorker { $0.workDirectory = path }
        func source(_ file: String) -> String {
            "connector F = file (path: \"\(file)\")\nstream S = Reading.where(value > 0).to(F)\n"
        }
        for (file, isAllowed) in [("out.jsonl", true), ("../escaped-\(UUID()).jsonl", false)] {
            let id = try await worker.running(DeployPipelineRequest(name: "f", source: source(file)))
            for value in [1, 0, 2] {
                let event = #"{"event_type":"Reading","timestamp":0,"fields":{"value":\#(value)}}"#
                #expect(try await worker.call(.post, "/api/v1/pipelines/\(id)/events", event).status == 200)
            }
            let metrics = try await worker.call(.get, "/api/v1/pipelines/\(id)/metrics")
            #expect(metrics.body.contains(#""deliveries_failed":\#(isAllowed ? 0 : 2)"#))
            #expect(FileManager.default.fileExists(atPath: "\(path)/\(file)") == isAllowed)
        }
        #expect(
            try String(contentsOfFile: "\(path)/out.jsonl", encoding: .utf8)
                == #"{"event_type":"Reading","timestamp":"1970-01-01T00:00:00Z","value":1}"# + "\n"
                + #"{"event_type":"Reading","timestamp":"1970-01-01T00:00:00Z","value":2}"# + "\n"
        )
        await worker.stop()
    }

    @Test func `sessions end when nothing comes any more, and when the pipeline stops`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        let worker = try await TestWorker { $0.workDirectory = path }
        func start(_ file: String, gap: String, events: Int) async throws -> String {
            let source = """
                connector F = file (path: "\(file)")
                stream S = Reading.window(session: \(gap)).aggregate(n: count()).select(n).to(F)
                """
            let id = try await worker.running(DeployPipelineRequest(name: file, source: source))
            for _ in 0..<events {
                let event = #"{"event_type":"Reading","fields":{"value":1}}"#
                #expect(try await worker.call(.post, "/api/v1/pipelines/\(id)/events", event).status == 200)
            }
            return id
        }
        func content(_ file: String) -> String {
            (try? String(contentsOfFile: "\(path)/\(file)", encoding: .utf8)) ?? ""
        }
        // A second event might come too late on a busy machine.
        _ = try await start("silent.jsonl", gap: "100ms", events: 1)
        let stopped = try await start("stopped.jsonl", gap: "1h", events: 2)
        #expect(content("stopped.jsonl").isEmpty)
        _ = try await worker.call(.delete, "/api/v1/pipelines/\(stopped)")
        for _ in 0..<200 where content("stopped.jsonl").isEmpty { try await Task.sleep(for: .milliseconds(50)) }
        #expect(content("stopped.jsonl").hasSuffix("\"n\":2}\n"))
        for _ in 0..<400 where content("silent.jsonl").isEmpty { try await Task.sleep(for: .milliseconds(50)) }
        #expect(content("silent.jsonl").hasSuffix("\"n\":1}\n"))
        await worker.stop()
    }
}
