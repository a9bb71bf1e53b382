import ClusterAPI
import Coordinator
import NIOHTTP1
import RaftCore
import RaftTestSupport
import Testing
import WebSocket

@Suite("Sessions that break off")
struct SessionLossTests {
    private static let prefix = TestCoordinator.prefix

    private static func status(of worker: String, at coordinator: TestCoordinator) async throws -> WorkerStatus? {
        try? await coordinator.get("\(Self.prefix)/workers/\(worker)").decoded(WorkerInfo.self).status
    }

    /// The timeout has no part in what is seen here.
    private static let patient: @Sendable (inout CoordinatorConfiguration) -> Void = {
        $0.heartbeatInterval = .seconds(600)
        $0.heartbeatTimeout = .seconds(3_600)
    }

    private static func acknowledgement(confirmed: Bool) -> CoordinatorMessage {
        .heartbeatAck(HeartbeatResponse(confirmed: confirmed, leaseMilliseconds: 2_400_000))
    }

    @Test(
        "a worker whose process is gone is lost at once, at whichever member it had its session, and its pipelines move"
    )
    func lost() async throws {
        let gone = try await FakeWorker.start()
        let worker = try await FakeWorker.start()
        try await TestCoordinatorCluster.run(adjust: Self.patient) { (cluster) async throws in
            let follower = try cluster.follower(of: try await cluster.leader())
            #expect(try await follower.register("gone", at: gone.address).status == 201)
            #expect(try await follower.register("other", at: worker.address).status == 201)
            let session = try await SessionClient(to: follower.port)
            guard case .identifyAck(let terms) = try await session.identify("gone") else {
                Issue.record("no session")
                return
            }
            #expect(terms.coordinators?.count == 3)
            #expect(try await session.heartbeat() == Self.acknowledgement(confirmed: true))
            let answer = try await follower.post(
                "\(Self.prefix)/pipeline-groups",
                #"{"name":"g","pipelines":[{"name":"p","source":"stream S = A","worker_affinity":"gone"}]}"#
            )
            let group = try answer.decoded(PipelineGroupInfo.self)
            #expect(group.placements.map(\.workerID) == ["gone"])

            await gone.stop()
            try await session.cut()
            let moment = ContinuousClock.now
            #expect(
                try await eventually {
                    let now = try await follower.get("\(Self.prefix)/pipeline-groups/\(group.id)")
                        .decoded(PipelineGroupInfo.self)
                    return now.status == .running && now.placements.allSatisfy { $0.workerID == "other" }
                }
            )
            #expect(ContinuousClock.now - moment < .seconds(10))  // a debug build on a busy machine
            #expect(try await Self.status(of: "gone", at: follower) == .unhealthy)
            // It comes back, as the process that it was.
            let back = try await SessionClient(to: follower.port)
            _ = try await back.identify("gone")
            // What it had is on its way to others: it is heard, and not confirmed until it is healthy again.
            #expect(try await back.heartbeat() == Self.acknowledgement(confirmed: false))
            #expect(try await eventually { try await Self.status(of: "gone", at: follower) == .ready })
            #expect(try await back.heartbeat() == Self.acknowledgement(confirmed: true))
            await back.close()
        }
        await worker.stop()
    }

    @Test("a worker whose port outlives its session by a moment is lost all the same")
    func lingering() async throws {
        let ending = try await FakeWorker.start()
        try await TestCoordinator.run(adjust: Self.patient) { (coordinator) async throws in
            #expect(try await coordinator.register("ending", at: ending.address).status == 201)
            let session = try await SessionClient(to: coordinator.port)
            _ = try await session.identify("ending")
            try await session.cut()
            try await Task.sleep(for: .milliseconds(250))  // the first probe finds somebody
            await ending.stop()
            #expect(try await eventually { try await Self.status(of: "ending", at: coordinator) == .unhealthy })
        }
    }

    @Test("a worker that is still there is not lost with its session")
    func notLost() async throws {
        let alive = try await FakeWorker.start()
        try await TestCoordinator.run(adjust: Self.patient) { (coordinator) async throws in
            #expect(try await coordinator.register("alive", at: alive.address).status == 201)
            let other = try await SessionClient(to: coordinator.port)
            _ = try await other.identify("alive")
            try await other.cut()
            // One that is gone shows that there was time enough for the other.
            #expect(try await coordinator.register("gone", at: "http://127.0.0.1:1").status == 201)
            for _ in 0..<2 {
                let session = try await SessionClient(to: coordinator.port)
                _ = try await session.identify("gone")
                try await session.cut()
                #expect(try await eventually { try await Self.status(of: "gone", at: coordinator) == .unhealthy })
                _ = try await coordinator.heartbeat("gone")
                #expect(try await eventually { try await Self.status(of: "gone", at: coordinator) == .ready })
            }
            #expect(try await Self.status(of: "alive", at: coordinator) == .ready)
        }
        await alive.stop()
    }

    @Test("a member that ends takes no worker with it")
    func memberEnds() async throws {
        try await TestCoordinatorCluster.run(adjust: Self.patient) { (cluster) async throws in
            let leader = try await cluster.leader()
            let member = try #require(cluster.running.keys.first { $0 != leader })
            let follower = try #require(cluster.running[member])
            // Nobody listens there: were it probed, it would be lost.
            #expect(try await follower.register("w", at: "http://127.0.0.1:1").status == 201)
            let session = try await SessionClient(to: follower.port)
            _ = try await session.identify("w")
            await cluster.stop(member)
            _ = await session.ending
            let other = try #require(cluster.running[leader])
            let next = try await SessionClient(to: other.port)
            guard case .identifyAck = try await next.identify("w") else {
                Issue.record("the other member does not take the worker")
                return
            }
            #expect(try await next.heartbeat() == Self.acknowledgement(confirmed: true))
            #expect(try await Self.status(of: "w", at: other) == .ready)
            await next.close()
        }
    }

    @Test("a worker deregisters itself by naming its process, and nobody else's")
    func deregistration() async throws {
        try await TestCoordinator.run { (coordinator) async throws in
            #expect(try await coordinator.register("w", incarnation: 7).status == 201)
            let path = "\(Self.prefix)/workers/w"
            #expect(try await coordinator.request(.DELETE, "\(path)?incarnation=x").status == 400)
            #expect(try await coordinator.request(.DELETE, "\(path)?incarnation=6").status == 409)
            #expect(try await coordinator.request(.DELETE, "\(path)?incarnation=7").status == 200)
            #expect(try await coordinator.request(.DELETE, "\(path)?incarnation=7").status == 404)
        }
    }
}
