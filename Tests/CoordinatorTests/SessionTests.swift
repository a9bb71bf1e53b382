import ClusterAPI
import Coordinator
import NIOCore
import NIOHTTP1
import RaftTestSupport
import Testing
import WebSocket

@Suite("Workers' sessions")
struct SessionTests {
    private static func connections(_ coordinator: TestCoordinator) async throws -> Int {
        try await coordinator.get("/health", key: nil).decoded(Health.self).websocketConnections
    }

    private static let unknown = CoordinatorMessage.error(SessionError("Worker not found", code: .workerNotFound))

    @Test("a registered worker identifies itself, is told its terms, and has its heartbeats acknowledged")
    func session() async throws {
        try await TestCoordinator.run {
            $0.heartbeatInterval = .seconds(2)
            $0.heartbeatTimeout = .seconds(6)
        } _: { (coordinator) async throws in
            #expect(try await coordinator.register("w").status == 201)
            let worker = try await SessionClient(to: coordinator.port)
            let terms = SessionTerms(heartbeatIntervalMilliseconds: 2_000, leaseMilliseconds: 4_000)
            #expect(try await worker.identify("w") == .identifyAck(terms))
            #expect(try await Self.connections(coordinator) == 1)
            let confirmed = HeartbeatResponse(confirmed: true, leaseMilliseconds: 4_000)
            #expect(try await worker.heartbeat() == .heartbeatAck(confirmed))
            // What is no heartbeat is refused, and the session goes on.
            for text in ["", "{}", #"{"type":"Other"}"#, #"{"type":"Heartbeat"}"#] {
                #expect(await worker.say(text) == .error(SessionError("Not a heartbeat")))
            }
            #expect(try await worker.heartbeat(incarnation: 1) == .heartbeatAck(confirmed))
            await worker.close()
            #expect(try await eventually { try await Self.connections(coordinator) == 0 })
        }
    }

    @Test("without the right key, or with another word first, nothing more is taken")
    func refusals() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            #expect(try await coordinator.register("w").status == 201)
            for key in [nil, "", "other"] {
                let worker = try await SessionClient(to: coordinator.port)
                guard case .error = try await worker.identify("w", key: key) else {
                    Issue.record("taken with the key \(key ?? "none")")
                    continue
                }
                #expect(try await worker.heartbeat() == nil)
                #expect(await worker.ending == .closedByPeer(1008))
            }
            for text in ["", "nonsense", #"{"type":"Heartbeat","events_processed":0,"pipelines_running":0}"#] {
                let worker = try await SessionClient(to: coordinator.port)
                #expect(await worker.say(text) == .error(SessionError("Identify comes first")))
                #expect(await worker.ending == .closedByPeer(1008))
            }
            let page = try await coordinator.get("/metrics", key: nil).body
            #expect(page.contains(#"varpulis_cluster_sessions_refused_total{reason="unauthorized"} 3"#))
            #expect(page.contains(#"varpulis_cluster_sessions_refused_total{reason="unidentified"} 3"#))
            #expect(page.contains("varpulis_cluster_ws_connections 0\n"))
        }
    }

    @Test("a connection that does not say who it is is closed in good time")
    func silence() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            let silent = try await SessionClient(to: coordinator.port)
            #expect(await silent.ending == .closedByPeer(1000))
            let page = try await coordinator.get("/metrics", key: nil).body
            #expect(page.contains(#"varpulis_cluster_sessions_refused_total{reason="unidentified"} 1"#))
        }
    }

    @Test("a worker that is not registered, or not as this process, is told to register")
    func unknownWorkers() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            let stranger = try await SessionClient(to: coordinator.port)
            #expect(try await stranger.identify("nobody") == Self.unknown)
            #expect(await stranger.ending == .closedByPeer(1008))

            #expect(try await coordinator.register("w", incarnation: 7).status == 201)
            let older = try await SessionClient(to: coordinator.port)
            #expect(try await older.identify("w", incarnation: 6) == Self.unknown)

            let worker = try await SessionClient(to: coordinator.port)
            guard case .identifyAck = try await worker.identify("w", incarnation: nil) else {
                Issue.record("the registered process was not taken for itself")
                return
            }
            let path = "\(TestCoordinator.prefix)/workers/w"
            #expect(try await coordinator.request(.DELETE, path).status == 200)
            #expect(try await worker.heartbeat() == Self.unknown)
            #expect(await worker.ending == .closedByPeer(1008))
        }
    }

    @Test("a worker's newer session takes the place of its older one")
    func replaced() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            #expect(try await coordinator.register("w").status == 201)
            let older = try await SessionClient(to: coordinator.port)
            _ = try await older.identify("w")
            let newer = try await SessionClient(to: coordinator.port)
            _ = try await newer.identify("w")
            #expect(await older.ending == .closedByPeer(1000))
            #expect(try await Self.connections(coordinator) == 1)
            let confirmed = HeartbeatResponse(confirmed: true, leaseMilliseconds: 10_000)
            #expect(try await newer.heartbeat() == .heartbeatAck(confirmed))
            await newer.close()
        }
    }

    @Test(
        "a coordinator that ends says so to its workers, and a request that is no upgrade is told what is spoken here"
    )
    func ends() async throws {
        var worker: SessionClient?
        try await TestCoordinator.run { (coordinator) async throws in
            let plain = try await coordinator.get("\(TestCoordinator.prefix)/ws")
            #expect(plain.status == 426)
            #expect(try await coordinator.register("w").status == 201)
            worker = try await SessionClient(to: coordinator.port)
            _ = try await worker?.identify("w")
        }
        #expect(await worker?.next() == nil)
    }
}
