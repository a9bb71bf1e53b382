import ClusterAPI
import Foundation
import NIOHTTP1
import RaftTestSupport
import Testing
import WebSocket

@testable import Coordinator

@Suite("Keys in the replicated state")
struct AccessKeyTests {
    private static let keys = "\(TestCoordinator.prefix)/keys"
    private static let workers = "\(TestCoordinator.prefix)/workers"

    private static func create(
        _ body: String,
        at coordinator: TestCoordinator,
        headers: HTTPHeaders = [:]
    ) async throws -> KeyInfo {
        let answer = try await coordinator.request(.POST, Self.keys, body, headers: headers)
        #expect(answer.status == 201)
        return try answer.decoded()
    }

    @Test("a key is told once, opens what its role may, and nothing once it is revoked")
    func lifetime() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            let created = try await Self.create(#"{"name":"board","role":"viewer"}"#, at: coordinator)
            let key = try #require(created.key)
            #expect(key.hasPrefix("vk_") && key.utf8.count == 3 + 43)
            #expect(try await coordinator.get(Self.workers, key: key).status == 200)
            #expect(try await coordinator.request(.DELETE, "\(Self.workers)/w", key: key).status == 403)
            #expect(try await coordinator.get(Self.keys, key: key).status == 403)
            let list = try await coordinator.get(Self.keys)
            #expect(!list.body.contains(key))
            let listed = try #require(try list.decoded(Page<KeyInfo>.self).items.first)
            #expect((listed.id, listed.name, listed.role, listed.key) == (created.id, "board", "viewer", nil))
            #expect(try await coordinator.request(.DELETE, "\(Self.keys)/\(created.id)").status == 200)
            #expect(try await coordinator.get(Self.workers, key: key).status == 401)
            #expect(try await coordinator.request(.DELETE, "\(Self.keys)/\(created.id)").status == 404)
        }
    }

    @Test("what can't be a key is refused")
    func refusals() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            for body in [
                "{}", #"{"name":"n","role":"owner"}"#, #"{"name":"","role":"admin"}"#,
                #"{"name":"n","role":"admin","expires_in_secs":0}"#,
                #"{"name":"n","role":"admin","expires_in_secs":18446744073709551615}"#,
            ] {
                #expect(try await coordinator.post(Self.keys, body).status == 400, "\(body)")
            }
        }
    }

    @Test("a key holds until its time is over")
    func expiry() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            let created = try await Self.create(
                #"{"name":"short","role":"admin","expires_in_secs":2}"#,
                at: coordinator
            )
            #expect(try #require(created.expiresMilliseconds) > created.createdMilliseconds)
            #expect(try await coordinator.get(Self.workers, key: created.key).status == 200)
            #expect(try await eventually { try await coordinator.get(Self.workers, key: created.key).status == 401 })
        }
    }

    @Test("whoever repeats a named creation gets the same answer, but for the key, which is in no log")
    func repeated() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            let body = #"{"name":"n","role":"viewer"}"#
            let first = try await Self.create(body, at: coordinator, headers: ["idempotency-key": "once"])
            let second = try await Self.create(body, at: coordinator, headers: ["idempotency-key": "once"])
            #expect(first.key != nil)
            #expect(second.key == nil)
            #expect(first.id == second.id)
            #expect(try await coordinator.get(Self.keys).decoded(Page<KeyInfo>.self).items.count == 1)
        }
    }

    @Test("a key made through any member holds on every one, and is revoked on every one")
    func everywhere() async throws {
        try await TestCoordinatorCluster.run { (cluster) async throws in
            let members = Array(cluster.running.values)
            for coordinator in members {
                let created = try await Self.create(#"{"name":"n","role":"operator"}"#, at: coordinator)
                for other in members {
                    #expect(try await eventually { try await other.get(Self.workers, key: created.key).status == 200 })
                    // The role, and the key's id with it, go along to the leader.
                    #expect(try await other.request(.POST, Self.keys, "{}", key: created.key).status == 403)
                }
                #expect(try await coordinator.request(.DELETE, "\(Self.keys)/\(created.id)").status == 200)
                for other in members {
                    #expect(try await eventually { try await other.get(Self.workers, key: created.key).status == 401 })
                }
            }
        }
    }

    @Test("a worker's id belongs to the key it registered with, until that is revoked; an admin may take it over")
    func workerIDs() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            let one = try await Self.create(#"{"name":"one","role":"operator"}"#, at: coordinator)
            let other = try await Self.create(#"{"name":"other","role":"operator"}"#, at: coordinator)
            func register(_ key: String?) async throws -> Int { try await coordinator.register("w", as: key).status }
            let beat = #"{"events_processed":0,"pipelines_running":0,"incarnation":1}"#
            func heartbeat(_ key: String?) async throws -> Int {
                try await coordinator.request(.POST, "\(Self.workers)/w/heartbeat", beat, key: key).status
            }
            #expect(try await register(one.key) == 201)
            #expect(try await register(one.key) == 201)
            #expect(try await heartbeat(one.key) == 200)
            #expect(try await register(other.key) == 403)
            #expect(try await heartbeat(other.key) == 403)
            #expect(try await heartbeat(TestCoordinator.key) == 200)
            let leave = "\(Self.workers)/w?incarnation=1"
            #expect(try await coordinator.request(.DELETE, leave, key: other.key).status == 403)

            // So does its session, as long as the key holds.
            let thief = try await SessionClient(to: coordinator.port)
            guard case .error = try await thief.identify("w", key: other.key) else {
                Issue.record("another key spoke for the worker")
                return
            }
            let session = try await SessionClient(to: coordinator.port)
            guard case .identifyAck = try await session.identify("w", key: one.key) else {
                Issue.record("the worker's own key was refused")
                return
            }
            let confirmed = HeartbeatResponse(confirmed: true, leaseMilliseconds: 10_000)
            #expect(try await session.heartbeat() == .heartbeatAck(confirmed))
            #expect(try await coordinator.request(.DELETE, "\(Self.keys)/\(one.id)").status == 200)
            guard case .error = try await session.heartbeat() else {
                Issue.record("a revoked key went on speaking")
                return
            }
            #expect(await session.ending == .closedByPeer(1008))
            #expect(try await register(other.key) == 201)
            #expect(try await heartbeat(other.key) == 200)
            #expect(try await register(TestCoordinator.key) == 201)
            // Now it is an admin's, and no operator's.
            #expect(try await register(other.key) == 403)
            #expect(try await heartbeat(other.key) == 403)
            #expect(try await coordinator.request(.DELETE, "\(Self.workers)/w").status == 200)
            #expect(try await register(other.key) == 201)
        }
    }

    @Test("a worker that has a key of its own is called with that")
    func workersOwnKeys() async throws {
        let worker = try await FakeWorker.start()
        try await TestCoordinator.run { (coordinator) async throws in
            let key = try await Self.create(#"{"name":"one","role":"operator"}"#, at: coordinator)
            #expect(try await coordinator.register("w", at: worker.address, apiKey: "a b", as: key.key).status == 400)
            #expect(
                try await coordinator.register("w", at: worker.address, apiKey: "its-own", as: key.key).status == 201
            )
            let spec = #"{"name":"g","pipelines":[{"name":"p","source":"stream S = T"}]}"#
            #expect(try await coordinator.post("\(TestCoordinator.prefix)/pipeline-groups", spec).status == 201)
            #expect(worker.keys == ["its-own"])
            #expect(try await !coordinator.get(Self.workers).body.contains("its-own"))
        }
        await worker.stop()
    }

    @Test("a worker's address is a host and a port, and nothing else")
    func addresses() {
        for good in ["http://w:9000", "https://w.example:9000/", "http://10.0.0.1:80", "http://[::1]:9000"] {
            #expect(throws: Never.self) { try WorkerAddress(good) }
        }
        for bad in [
            "w:9000", "ftp://w:9000", "http://w", "http://w:9000/path", "http://u:p@w:9000", "http://w:9000?q",
            "http://",
            "http://w:0", "http://w:99999", "http://w:9000#f", "http://w:9000//", "http://a b:1", "http://w:09000",
        ] {
            #expect(throws: APIError.self, "\(bad)") { try WorkerAddress(bad) }
        }
    }
}
