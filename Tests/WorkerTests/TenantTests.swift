import ClusterAPI
import Foundation
import Testing

@testable import Worker

@Suite struct TenantTests {
    private static let admin = [("x-admin-key", "root")]

    private static func create(
        _ name: String,
        _ tier: String? = nil,
        at worker: TestWorker
    ) async throws -> CreateTenantResponse {
        let tier = tier.map { #","quota_tier":"\#($0)""# } ?? ""
        let answer = try await worker.call(
            .post,
            "/api/v1/tenants",
            #"{"name":"\#(name)"\#(tier)}"#,
            headers: Self.admin
        )
        #expect(answer.status == 201, "\(answer.body)")
        return try answer.decoded()
    }

    @Test func `a tenant is created, listed, shown and deleted, and its key is told once`() async throws {
        let worker = try await TestWorker { $0.apiKey = "root" }
        let created = try await Self.create("acme", "pro", at: worker)
        #expect(created.quota == .pro)
        #expect(created.apiKey.hasPrefix("vt_") && created.apiKey.count == 67)
        let again = try await worker.call(.post, "/api/v1/tenants", #"{"name":"acme"}"#, headers: Self.admin)
        #expect(again.status == 409)
        #expect(try again.decoded(ErrorBody.self).code == .alreadyExists)
        let nonsense = try await worker.call(
            .post,
            "/api/v1/tenants",
            #"{"name":"b","quota_tier":"vast"}"#,
            headers: Self.admin
        )
        #expect(nonsense.status == 400)

        let listed = try await worker.call(.get, "/api/v1/tenants", headers: Self.admin)
        let page = try listed.decoded(Page<TenantInfo>.self)
        #expect(page.items.map(\.name) == ["default", "acme"])
        #expect(page.pagination.total == 2)
        let id = try await worker.running(
            DeployPipelineRequest(name: "hot", source: Programs.filter),
            key: created.apiKey
        )
        let event = #"{"event_type":"Reading","fields":{"value":30}}"#
        _ = try await worker.call(.post, "/api/v1/pipelines/\(id)/events", event, key: created.apiKey)
        let shown = try await worker.call(.get, "/api/v1/tenants/\(created.id)", headers: Self.admin)
        let info = try shown.decoded(TenantInfo.self)
        #expect(info.pipelineCount == 1)
        #expect(info.usage == TenantInfo.Usage(eventsProcessed: 1, outputEventsEmitted: 1, activePipelines: 1))
        for answer in [listed, shown] {
            #expect(!answer.body.contains(created.apiKey) && !answer.body.contains("api_key"))
        }

        let deleted = try await worker.call(.delete, "/api/v1/tenants/\(created.id)", headers: Self.admin)
        #expect(deleted.body == #"{"deleted":true}"#)
        #expect(try await worker.call(.get, "/api/v1/usage", key: created.apiKey).status == 401)
        #expect(try await worker.call(.get, "/ready").body.contains(#""engine_loaded":false"#))
        let gone = try await worker.call(.delete, "/api/v1/tenants/\(created.id)", headers: Self.admin)
        #expect(try gone.decoded(ErrorBody.self).code == .tenantNotFound)
        #expect(try await worker.call(.delete, "/api/v1/tenants/default", headers: Self.admin).status == 409)
        await worker.stop()
    }

    @Test func `only the admin key opens the tenants, and none does where there is none`() async throws {
        let worker = try await TestWorker { $0.apiKey = "root" }
        let tenant = try await Self.create("acme", at: worker)
        for headers in [[], [("x-admin-key", tenant.apiKey)], [("x-api-key", "root")]] {
            let answer = try await worker.call(.get, "/api/v1/tenants", headers: headers)
            #expect(answer.status == 401)
            #expect(try answer.decoded(ErrorBody.self).code == .invalidAdminKey)
        }
        await worker.stop()
        let open = try await TestWorker()
        let answer = try await open.call(.get, "/api/v1/tenants", headers: Self.admin)
        #expect(answer.status == 403)
        #expect(try answer.decoded(ErrorBody.self).code == .adminDisabled)
        await open.stop()
    }

    @Test func `each tenant sees its own pipelines only`() async throws {
        let worker = try await TestWorker { $0.apiKey = "root" }
        let first = try await Self.create("first", at: worker).apiKey
        let second = try await Self.create("second", at: worker).apiKey
        let id = try await worker.running(DeployPipelineRequest(name: "p", source: Programs.filter), key: first)
        for key in [second, "root"] {
            let listed = try await worker.call(.get, "/api/v1/pipelines", key: key)
            #expect(try listed.decoded(Page<PipelineInfo>.self).items.isEmpty)
            for (method, path) in [
                (TestWorker.Method.get, ""), (.delete, ""), (.get, "/metrics"), (.get, "/logs"), (.post, "/events"),
                (.post, "/events-batch"), (.post, "/reload"), (.post, "/checkpoint"),
            ] {
                let answer = try await worker.call(method, "/api/v1/pipelines/\(id)\(path)", "{}", key: key)
                #expect(answer.status == 404, "\(path)")
            }
        }
        #expect(try await worker.call(.get, "/api/v1/pipelines/\(id)", key: first).status == 200)
        let placed = try await worker.deploy(
            DeployPipelineRequest(name: "p", source: Programs.filter, groupID: "g"),
            key: first
        )
        #expect(placed.status == 403)
        await worker.stop()
    }

    @Test func `a tenant has no more pipelines, streams and events than its quota allows`() async throws {
        let worker = try await TestWorker { $0.apiKey = "root" }
        let key = try await Self.create("small", "free", at: worker).apiKey
        let streams = (0..<6).map { "stream S\($0) = Reading.where(value > \($0)).emit(value: value)\n" }
        let wide = try await worker.deploy(DeployPipelineRequest(name: "wide", source: streams.joined()), key: key)
        #expect(wide.status == 429)
        let id = try await worker.running(DeployPipelineRequest(name: "a", source: Programs.filter), key: key)
        _ = try await worker.running(DeployPipelineRequest(name: "b", source: Programs.filter), key: key)
        let third = try await worker.deploy(DeployPipelineRequest(name: "c", source: Programs.filter), key: key)
        #expect(third.status == 429)
        #expect(try third.decoded(ErrorBody.self).code == .quotaExceeded)

        let event = #"{"event_type":"Reading","fields":{"value":1}}"#
        let path = "/api/v1/pipelines/\(id)/events-batch"
        let tooMany = #"{"events":[\#(Array(repeating: event, count: 101).joined(separator: ","))]}"#
        let refused = try await worker.call(.post, path, tooMany, key: key)
        #expect(refused.status == 429)
        #expect(try refused.decoded(ErrorBody.self).code == .rateLimited)
        #expect(refused.header("retry-after") == "1")
        let lines = Array(repeating: event, count: 101).joined(separator: "\n")
        let text = try await worker.call(.post, path, lines, key: key, contentType: "application/x-ndjson")
        #expect(text.status == 429)
        #expect(try await worker.call(.get, "/api/v1/usage", key: key).body.contains(#""events_processed":0"#))
        // As many as fit are taken; the second half of them comes in the same second, or in one that has room as well.
        let half = #"{"events":[\#(Array(repeating: event, count: 50).joined(separator: ","))]}"#
        for _ in 0..<2 { #expect(try await worker.call(.post, path, half, key: key).status == 200) }
        let usage = try await worker.call(.get, "/api/v1/usage", key: key).decoded(UsageResponse.self)
        #expect(usage.eventsProcessed == 100)
        #expect(usage.activePipelines == 2)
        #expect(usage.quota == .free)
        await worker.stop()
    }

    @Test func `a tenant's slow requests hold up its own, and not those of others`() async throws {
        let worker = try await TestWorker { $0.apiKey = "root" }
        let slow = try await Self.create("slow", at: worker).apiKey
        let other = try await Self.create("other", at: worker).apiKey
        func running(_ key: String) async throws -> String {
            let id = try await worker.running(DeployPipelineRequest(name: "p", source: Programs.filter), key: key)
            return "/api/v1/pipelines/\(id)/events-batch"
        }
        let (slowPath, otherPath) = (try await running(slow), try await running(other))
        var dialers: [Dialer] = []
        for _ in 0..<4 {
            let dialer = try await Dialer(to: worker.port)
            try await dialer.send(
                "POST \(slowPath) HTTP/1.1\r\nhost: h\r\nx-api-key: \(slow)\r\n"
                    + "content-length: \(WorkerRoutes.batchBytesMax)\r\n\r\n{"
            )
            dialers.append(dialer)
        }
        let batch = #"{"events":[{"event_type":"Reading","fields":{"value":1}}]}"#
        var status: UInt = 0
        // Until the four have taken the tenant's share.
        for _ in 0..<400 where status != 503 {
            status = try await worker.call(.post, slowPath, batch, key: slow).status
        }
        #expect(status == 503)
        #expect(try await worker.call(.post, otherPath, batch, key: other).status == 200)
        for dialer in dialers { try? await dialer.close() }  // fails if it is closed already
        await worker.stop()
    }

    @Test func `nothing is deployed for a tenant that was removed meanwhile`() async throws {
        let registry = PipelineRegistry(store: nil, surroundings: .forTests(), pipelinesMax: 10)
        let tenants = try TenantRegistry(store: nil, pipelinesMax: 10)
        let tenant = try await tenants.create(name: "acme", quota: .standard).tenant
        let spec = Worker.PipelineSpec(
            id: "a",
            name: "a",
            source: Programs.filter,
            groupID: nil,
            epoch: 0,
            connectors: [],
            tenantID: tenant.id
        )
        let program = try Program(spec, clientIDPrefix: "test", workDirectory: WorkDirectory("."))
        #expect(!tenant.isRemoved)
        _ = try await tenants.remove(tenant.id)
        await #expect(throws: PipelineRefusal.self) { try await registry.deploy(spec, program, for: tenant) }
        #expect(await registry.pipelines.isEmpty)
    }

    @Test func `tenants and their pipelines are there after a restart, their keys as digests`() async throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/state"
        func start() async throws -> TestWorker {
            try await TestWorker {
                $0.apiKey = "root"
                $0.stateDirectory = path
            }
        }
        let first = try await start()
        let kept = try await Self.create("kept", at: first)
        let left = try await Self.create("left", at: first)
        let id = try await first.running(DeployPipelineRequest(name: "p", source: Programs.filter), key: kept.apiKey)
        let orphan = try await first.running(
            DeployPipelineRequest(name: "p", source: Programs.filter),
            key: left.apiKey
        )
        await first.stop()
        let file = "\(path)/tenants.json"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        #expect(!text.contains(kept.apiKey) && text.contains("key_sha256"))
        let attributes = try FileManager.default.attributesOfItem(atPath: file)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        // As a stop in the middle of deleting a tenant leaves it.
        let store = try PipelineStore(path)
        try store.save(tenants: try store.loadTenants().filter { $0.id == kept.id })
        withExtendedLifetime(consume store) {}

        let second = try await start()
        let listed = try await second.call(.get, "/api/v1/pipelines", key: kept.apiKey)
        #expect(try listed.decoded(Page<PipelineInfo>.self).items.map(\.id) == [id])
        #expect(try await second.call(.get, "/api/v1/pipelines", key: left.apiKey).status == 401)
        #expect(!FileManager.default.fileExists(atPath: "\(path)/\(orphan).pipeline.json"))
        await second.stop()
        try "[{".write(toFile: file, atomically: true, encoding: .utf8)
        await #expect(throws: StateDirectoryError.self) { try await start() }
    }
}
