import ClusterAPI
import Coordinator
import RaftCore
import RaftTestSupport
import Synchronization
import Testing

@Suite("Keeping pipelines running")
struct ReconcileTests {
    private static let prefix = TestCoordinator.prefix

    /// Runs `body` while a worker's heartbeats arrive.
    private static func withHeartbeats(
        of worker: String,
        at coordinator: TestCoordinator,
        _ body: () async throws -> Void
    ) async throws {
        let isOver = Mutex(false)
        async let beating: Void = {
            while !isOver.withLock({ $0 }) {
                _ = try await coordinator.heartbeat(worker)
                try await Task.sleep(for: .milliseconds(200))
            }
        }()
        try await body()
        isOver.withLock { $0 = true }
        try await beating
    }

    @Test("a deploy starts its pipeline on the worker it prefers, and says that it runs")
    func deploy() async throws {
        let worker = try await FakeWorker.start()
        try await TestCoordinator.run { (coordinator) async throws in
            #expect(try await coordinator.register("a").status == 201)
            #expect(try await coordinator.register("b", at: worker.address).status == 201)
            try await Self.withHeartbeats(of: "b", at: coordinator) {
                let answer = try await coordinator.post(
                    "\(Self.prefix)/pipeline-groups",
                    """
                    {"name":"g","routes":[],"pipelines":[{"name":"p","source":"stream S = A","worker_affinity":"b"}]}
                    """
                )
                #expect(answer.status == 201)
                let group = try answer.decoded(PipelineGroupInfo.self)
                #expect(group.status == .running)
                #expect(group.placements.map(\.workerID) == ["b"])
                #expect(group.placements.map(\.pipelineID) == ["id-of-p"])
            }
        }
        await worker.stop()
    }

    @Test("a worker that hangs is found out while calls to it wait, and its pipelines go to another")
    func hungWorker() async throws {
        let hung = try await PeerListener.open()
        hung.mood = .ignore
        let worker = try await FakeWorker.start()
        try await TestCoordinator.run { configuration in
            configuration.heartbeatInterval = .seconds(1)
            configuration.heartbeatTimeout = .seconds(2)
        } _: { (coordinator) async throws in
            #expect(try await coordinator.register("hung", at: hung.address.description).status == 201)
            #expect(try await coordinator.register("b", at: worker.address).status == 201)
            try await Self.withHeartbeats(of: "b", at: coordinator) {
                let pipelines = (0..<20).map {
                    #"{"name":"p\#($0)","source":"stream S = A","worker_affinity":"hung"}"#
                }
                let answer = try await coordinator.post(
                    "\(Self.prefix)/pipeline-groups",
                    #"{"name":"g","routes":[],"pipelines":[\#(pipelines.joined(separator: ","))]}"#
                )
                #expect(answer.status == 201)
                let id = try answer.decoded(PipelineGroupInfo.self).id
                let moved = try await eventually {
                    let group = try await coordinator.get("\(Self.prefix)/pipeline-groups/\(id)")
                        .decoded(PipelineGroupInfo.self)
                    return group.status == .running && group.placements.allSatisfy { $0.workerID == "b" }
                }
                #expect(moved)
            }
        }
        await worker.stop()
        await hung.close()
    }
}
