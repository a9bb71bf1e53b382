import ClusterAPI
import NIOHTTP1
import Testing

@Suite("Who gets in, and what is told to those who don't")
struct GateTests {
    private static let prefix = TestCoordinator.prefix
    private static let unauthorized = #"{"code":"401","error":"Invalid or missing API key"}"#

    /// Every route that needs a key, with a method.
    private static let guarded: [(HTTPMethod, String)] = [
        (.GET, "workers"), (.GET, "workers/w"), (.DELETE, "workers/w"), (.POST, "workers/register"),
        (.POST, "workers/w/heartbeat"), (.GET, "pipeline-groups"), (.POST, "pipeline-groups"),
        (.GET, "pipeline-groups/g"), (.DELETE, "pipeline-groups/g"), (.POST, "pipeline-groups/g/inject"),
        (.POST, "validate"), (.GET, "connectors"), (.POST, "connectors"), (.GET, "connectors/c"),
        (.PUT, "connectors/c"), (.DELETE, "connectors/c"), (.GET, "topology"), (.GET, "summary"), (.GET, "metrics"),
        (.GET, "scaling"), (.POST, "pipeline-groups/g/inject-batch"), (.GET, "models"), (.POST, "models"),
        (.DELETE, "models/m"), (.GET, "models/m/download"), (.POST, "chat"), (.GET, "chat/config"),
        (.PUT, "chat/config"),
    ]

    @Test("without the right key every route but the probes answers 401")
    func keys() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            for (method, path) in Self.guarded {
                for key in [nil, "", "other", TestCoordinator.key + "x", "the-ke"] {
                    let body = method == .GET ? nil : "{}"
                    let answer = try await coordinator.request(method, "\(Self.prefix)/\(path)", body, key: key)
                    #expect(answer.status == 401, "\(method) \(path)")
                    #expect(answer.body == Self.unauthorized)
                    #expect(answer.headers.first(name: "content-type") == "application/json")
                }
                let allowed = try await coordinator.request(method, "\(Self.prefix)/\(path)")
                #expect(allowed.status != 401, "\(method) \(path)")
            }
            for path in ["/health", "/ready", "\(Self.prefix)/raft", "\(Self.prefix)/prometheus", "/metrics"] {
                #expect(try await coordinator.get(path, key: nil).status == 200, "\(path)")
            }
        }
    }

    @Test("somebody without a key learns nothing of what the body would have been answered")
    func keyBeforeBody() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            let large = String(repeating: "x", count: (1 << 20) + 1)
            let answer = try await coordinator.request(.POST, "\(Self.prefix)/pipeline-groups", large, key: nil)
            #expect(answer.status == 401)
        }
    }

    @Test("without an API key everybody may do everything")
    func noKey() async throws {
        try await TestCoordinator.run(apiKey: nil) { (coordinator) async throws in
            for key in [nil, "any"] {
                let answer = try await coordinator.get("\(Self.prefix)/workers", key: key)
                #expect(answer.status == 200)
            }
        }
    }

    @Test("a path that is none answers 404, and one with another method 405, both in JSON")
    func pathsAndMethods() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            for path in ["/", "/nothing", "\(Self.prefix)/nothing", "\(Self.prefix)/workers/a/b/c"] {
                let answer = try await coordinator.get(path)
                #expect(answer.status == 404, "\(path)")
                #expect(answer.error?.code.rawValue == "404")
            }
            for (method, path) in [
                (HTTPMethod.PUT, "\(Self.prefix)/workers"), (.DELETE, "\(Self.prefix)/pipeline-groups"),
                (.POST, "\(Self.prefix)/workers/w"), (.POST, "/health"), (.GET, "\(Self.prefix)/validate"),
                (.GET, "/raft/vote"), (.TRACE, "/health"), (.PATCH, "\(Self.prefix)/connectors"),
            ] {
                let answer = try await coordinator.request(method, path)
                #expect(answer.status == 405, "\(method) \(path)")
                #expect(answer.headers.first(name: "allow") != nil)
                #expect(answer.error?.code.rawValue == "405")
            }
        }
    }

    @Test("a path says which methods it has, and HEAD is GET without the body")
    func methods() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            let refused = try await coordinator.request(.PUT, "\(Self.prefix)/connectors")
            #expect(refused.headers.first(name: "allow") == "GET, HEAD, POST")
            let head = try await coordinator.request(.HEAD, "\(Self.prefix)/connectors")
            #expect(head.status == 200 && head.body.isEmpty)
        }
    }

    @Test("models and the assistant are known, and not done")
    func unimplemented() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            for (method, path) in Self.guarded where path.hasPrefix("models") || path.hasPrefix("chat") {
                let answer = try await coordinator.request(method, "\(Self.prefix)/\(path)")
                #expect(answer.status == 501 && answer.error?.code == .notImplemented, "\(method) \(path)")
            }
        }
    }

    @Test("a body too large answers 413, of another type 415, and one that can't be read 400, all in JSON")
    func bodies() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            let connectors = "\(Self.prefix)/connectors"
            let large = #"{"name":""# + String(repeating: "x", count: 1 << 20) + #""}"#
            var answer = try await coordinator.post(connectors, large)
            #expect(answer.status == 413)
            #expect(answer.error?.code.rawValue == "413")
            for type in ["text/plain", "application/xml", "application/x-www-form-urlencoded"] {
                answer = try await coordinator.request(.POST, connectors, "{}", contentType: type)
                #expect(answer.status == 415)
                #expect(answer.error?.code.rawValue == "415")
            }
            for type in [nil, "application/json", "application/json; charset=utf-8", "Application/JSON"] {
                answer = try await coordinator.request(.POST, connectors, "{", contentType: type)
                #expect(answer.status == 400)
                #expect(answer.error?.code.rawValue == "400")
                #expect(answer.error?.error.hasPrefix("Invalid request body: ") == true)
            }
            for body in ["", "[]", "null", "{}", #"{"name":1}"#] {
                #expect(try await coordinator.post(connectors, body).status == 400, "\(body)")
            }
        }
    }
}
