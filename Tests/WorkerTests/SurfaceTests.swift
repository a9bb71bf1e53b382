import ClusterAPI
import Testing

@testable import Worker

@Suite struct SurfaceTests {
    @Test func `a known path refuses other methods, an unknown one all`() async throws {
        let worker = try await TestWorker()
        for (method, path, allowed) in [
            (TestWorker.Method.put, "/api/v1/pipelines", "POST, GET, HEAD"), (.post, "/health", "GET, HEAD"),
            (.delete, "/api/v1/pipelines/x/events", "POST"), (.get, "/api/v1/pipelines/x/events-batch", "POST"),
            (.post, "/api/v1/usage", "GET, HEAD"), (.get, "/api/v1/pipelines/x/restore", "POST"),
        ] {
            let answer = try await worker.call(method, path)
            #expect(answer.status == 405, "\(path)")
            #expect(answer.header("allow") == allowed)
            #expect(try answer.decoded(ErrorBody.self).code == .status(405))
        }
        for path in ["/", "/api/v1", "/api/v1/pipelines/x/nothing", "/api/v1/pipelines/x/events/y"] {
            let answer = try await worker.call(.get, path)
            #expect(answer.status == 404, "\(path)")
            #expect(try answer.decoded(ErrorBody.self).code == .status(404))
            #expect(answer.header("content-type") == "application/json")
        }
        #expect(try await worker.call(.head, "/health").status == 200)
        await worker.stop()
    }

    @Test func `without a key every path of the API is closed, whatever the method`() async throws {
        let worker = try await TestWorker { $0.apiKey = "right" }
        for path in ["/api/v1/pipelines", "/api/v1/pipelines/x/events", "/api/v1/usage", "/api/v1/nothing"] {
            for method in [TestWorker.Method.get, .post, .put, .delete] {
                let answer = try await worker.call(method, path, method == .get ? nil : "{}")
                #expect(answer.status == 401, "\(method) \(path)")
                #expect(try answer.decoded(ErrorBody.self).code == .invalidAPIKey)
            }
        }
        // The router takes no notice of empty parts of a path; neither may the gate.
        for path in ["//api/v1/pipelines", "/api//v1/pipelines", "/api/v1//pipelines", "///api///v1///usage"] {
            #expect(try await worker.call(.get, path).status == 401, "\(path)")
        }
        for path in ["/api/v1/tenants", "/api/v1//tenants", "//api/v1/tenants/"] {
            let answer = try await worker.call(.get, path, key: "right")
            #expect(answer.status == 401, "\(path)")
            #expect(try answer.decoded(ErrorBody.self).code == .invalidAdminKey)
        }
        let page = try await worker.call(.get, "/metrics").body
        #expect(page.contains("varpulis_rejected_requests_total{cause=\"unauthorized\"} 23\n"))
        let logs = try await worker.call(.get, "/api/v1/pipelines/x/logs")
        #expect(try logs.decoded(ErrorBody.self).code == .invalidKey)
        await worker.stop()
    }

    @Test func `requests carry their id through, and get one if theirs is not sane`() async throws {
        let worker = try await TestWorker()
        let own = try await worker.call(.get, "/health", headers: [("x-request-id", "trace-7")])
        #expect(own.header("x-request-id") == "trace-7")
        for bad in ["", "a b", "say \"hello\"", String(repeating: "x", count: 129)] {
            let answer = try await worker.call(.get, "/api/v1/nothing", headers: [("x-request-id", bad)])
            let id = try #require(answer.header("x-request-id"))
            #expect(id != bad && id.count == 16)
        }
        await worker.stop()
    }

    @Test func `pages of other origins are answered, with errors too`() async throws {
        let worker = try await TestWorker { $0.apiKey = "right" }
        let question = try await worker.call(.options, "/api/v1/pipelines", headers: [("origin", "http://a.example")])
        #expect(question.status == 204)
        #expect(question.header("access-control-allow-origin") == "*")
        #expect(question.header("access-control-allow-methods") == "GET, POST, DELETE, OPTIONS")
        let allowed = try #require(question.header("access-control-allow-headers"))
        for header in ["content-type", "x-api-key", "authorization"] { #expect(allowed.contains(header)) }
        let refused = try await worker.call(.get, "/api/v1/pipelines")
        #expect(refused.status == 401)
        #expect(refused.header("access-control-allow-origin") == "*")
        await worker.stop()
    }

    @Test func `what the engine cannot do yet is said so`() async throws {
        let worker = try await TestWorker()
        let id = try await worker.running(DeployPipelineRequest(name: "hot", source: Programs.filter))
        for verb in ["checkpoint", "restore"] {
            let answer = try await worker.call(.post, "/api/v1/pipelines/\(id)/\(verb)")
            #expect(answer.status == 501)
            #expect(try answer.decoded(ErrorBody.self).code == .notImplemented)
            #expect(try await worker.call(.post, "/api/v1/pipelines/x/\(verb)").status == 404)
        }
        await worker.stop()
    }

    @Test func `a worker of a cluster is ready when a coordinator knows it`() async throws {
        let alone = try await TestWorker { $0.coordinators = ["http://127.0.0.1:9"] }
        let answer = try await alone.call(.get, "/ready")
        #expect(answer.status == 503)
        #expect(answer.body.contains(#""status":"not_ready""#))
        #expect(try await alone.call(.get, "/health").status == 200)
        await alone.stop()

        let coordinator = try await FakeCoordinator()
        let known = try await TestWorker { $0.coordinators = [coordinator.url] }
        #expect(try await coordinator.heartbeat { _ in true } != nil)
        let ready = try await known.call(.get, "/ready")
        #expect(ready.status == 200)
        #expect(ready.body.contains(#""status":"ready""#))
        await known.stop()
        await coordinator.stop()
    }
}
